"""Every route tried by every role, and every thing of one person by another."""

import re

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from database.labelling import drawn, project_of
from databases import answered
from doors import EVERYBODY, MAY
from fledge.database import Passage
from people_server import PeopleServer


def routes_of(app: FastAPI) -> set[str]:
    return {
        f"{method} {route.path}"
        for route in iter_route_contexts(app.routes)
        for method in (route.methods or ())
        if method != "HEAD"
    }


def test_every_route_has_its_line(server: PeopleServer) -> None:
    assert routes_of(server.app) - set(MAY) == set(), "decide in MAY who may use these"
    assert set(MAY) - routes_of(server.app) == set(), "these are no more"


def is_let_in(server: PeopleServer, route: str, role: str) -> bool:
    """Past the door, though what is asked for may be nowhere or nonsense."""
    method, path = route.split()
    path = re.sub(r"\{[^}]+\}", "0" * 32, path)
    response = server.ask(method, path, who=server.people_of.get(role))
    led_away = response.headers.get("location", "").startswith("/login?next=")
    if response.status_code in (401, 403) or led_away:
        assert server.people_of["owner"].name not in response.text
        return False
    assert response.status_code < 500, response.text
    return True


@pytest.mark.parametrize("role", EVERYBODY)
def test_every_route_lets_in_whom_it_should(server: PeopleServer, role: str) -> None:
    server.database.sessions.end_all(server.people_of["user"].id)
    wrong = {
        route: role in allowed
        for route, allowed in MAY.items()
        if is_let_in(server, route, role) != (role in allowed)
    }
    assert wrong == {}


@pytest.fixture
def belongings(server: PeopleServer) -> dict[str, str]:
    """Things of the labeller, by the names that paths have for them."""
    database, labeller = server.database, server.people_of["labeller"]
    chat = database.conversations.create(labeller.id, title="Private")
    first, second = (answered(database, labeller.id, chat.id, text) for text in ("a", "b"))
    run = database.runs.start(labeller.id, chat.id, parent_id=None, model="tiny")
    database.runs.finish(run.id, "finished", "Secret")
    assistant = database.assistants.create(labeller.id, name="Mine")
    document = database.knowledge.add(labeller.id, assistant.id, "x.md", [Passage("", "Secret")])
    return {
        "chat": chat.id,
        "answer": first,
        "other": second,
        "question": database.messages.tree(labeller.id, chat.id)[0].id,
        "run": run.id,
        "session": database.sessions.create(labeller.id, "Firefox")[0].id,
        "key": database.api_keys.create(labeller.id, name="laptop")[0].id,
        "assistant": assistant.id,
        "document": document.id,
        "folder": database.folders.create(labeller.id, "Private").id,
        "prompt": database.prompts.create(labeller.id, "Private", "Secret").id,
        "share": database.shares.put(labeller.id, chat.id)[0].id,
        "assignment": drawn(database, labeller.id, project_of(database, 1)).id,
    }


ANSWER_BODY = {"parent_id": "QUESTION", "models": ["tiny"]}
OWNED = {
    "GET /c/CHAT": None,
    "GET /api/conversations/CHAT": None,
    "PATCH /api/conversations/CHAT": {"title": "Stolen"},
    "DELETE /api/conversations/CHAT": None,
    "POST /api/conversations/CHAT/restore": None,
    "POST /api/conversations/CHAT/messages": {"content": "Hi", "models": ["tiny"]},
    "POST /api/conversations/CHAT/answers": ANSWER_BODY,
    "GET /api/conversations/CHAT/export": None,
    "POST /api/conversations/CHAT/hand-over": {},
    "GET /api/conversations/CHAT/share": None,
    "PUT /api/conversations/CHAT/share": None,
    "DELETE /api/conversations/CHAT/share": None,
    "DELETE /api/shares/SHARE": None,
    "POST /account/links/SHARE/revoke": None,
    "PATCH /api/folders/FOLDER": {"name": "Stolen"},
    "DELETE /api/folders/FOLDER": None,
    "PATCH /api/prompts/PROMPT": {"title": "Stolen"},
    "DELETE /api/prompts/PROMPT": None,
    "GET /a/ASSISTANT": None,
    "GET /assistants/ASSISTANT": None,
    "GET /api/assistants/ASSISTANT": None,
    "PATCH /api/assistants/ASSISTANT": {"name": "Stolen"},
    "POST /api/assistants/ASSISTANT/documents": {"name": "y.md", "text": "Mine"},
    "POST /api/conversations": {"assistant_id": "ASSISTANT"},
    "GET /widget/ASSISTANT": None,
    "GET /api/runs/RUN/events": None,
    "POST /api/runs/RUN/cancel": None,
    "PUT /api/messages/ANSWER/rating": {"value": 1},
    "POST /api/messages/ANSWER/demonstration": {"content": "Mine"},
    "POST /api/preferences": {"prompt_id": "QUESTION", "ranking": [["ANSWER"], ["OTHER"]]},
    "DELETE /api/assistants/ASSISTANT/documents/DOCUMENT": None,
    "DELETE /api/assistants/ASSISTANT": None,
    "DELETE /api/conversations/CHAT/hand-over": None,
    "POST /api/widget/ASSISTANT/visits": None,
    "GET /api/queue/CHAT": None,
    "POST /api/queue/CHAT/take": None,
    "POST /api/queue/CHAT/messages": {"content": "Hi"},
    "POST /api/queue/CHAT/close": None,
    "POST /account/sessions/SESSION/end": None,
    "POST /account/keys/KEY/revoke": None,
    "GET /api/label/assignments/ASSIGNMENT": None,
    "PUT /api/label/assignments/ASSIGNMENT/draft": {"draft": {}},
    "POST /api/label/assignments/ASSIGNMENT/check": {"ranking": [["A", "B", "C"]]},
    "POST /api/label/assignments/ASSIGNMENT/submit": {"ranking": [["A", "B", "C"]]},
}


def filled_in(value: object, belongings: dict[str, str]) -> object:
    """The upper-case words replaced by ids."""
    if isinstance(value, dict):
        return {key: filled_in(each, belongings) for key, each in value.items()}
    if isinstance(value, list):
        return [filled_in(each, belongings) for each in value]
    if isinstance(value, str):
        for name, id_ in belongings.items():
            value = value.replace(name.upper(), id_)
    return value


STAFFED = ("/api/queue/", "/api/label/")
"""Paths that the staff may use, but plain people may not."""


@pytest.mark.parametrize("thief", ["user", "admin", "owner"])
def test_nobody_reaches_what_is_anothers(
    server: PeopleServer, belongings: dict[str, str], thief: str
) -> None:
    before = snapshot(server)
    for request, body in OWNED.items():
        method, path = str(filled_in(request, belongings)).split()
        options = {} if body is None else {"json": filled_in(body, belongings)}
        response = server.ask(method, path, who=server.people_of[thief], **options)
        if path.startswith(STAFFED) and thief == "user":
            assert response.status_code == 403, request
            continue
        assert response.status_code == 404, f"{request}: {response.status_code} {response.text}"
        assert "Private" not in response.text and "Secret" not in response.text
    assert snapshot(server) == before


def test_its_owner_reaches_all_of_it(server: PeopleServer, belongings: dict[str, str]) -> None:
    for request, body in OWNED.items():
        if any(part in request for part in ("restore", "widget", "SHARE", "/api/queue/")):
            continue
        method, path = str(filled_in(request, belongings)).split()
        options = {} if body is None else {"json": filled_in(body, belongings)}
        response = server.ask(method, path, who=server.people_of["labeller"], **options)
        assert response.status_code < 400, f"{request}: {response.status_code} {response.text}"
        if method == "DELETE":
            server.database.conversations.restore(
                server.people_of["labeller"].id, belongings["chat"]
            )


def snapshot(server: PeopleServer) -> object:
    """Everything that the labeller has."""
    database, id_ = server.database, server.people_of["labeller"].id
    chats = database.conversations.every(id_)
    return (
        chats,
        [database.messages.tree(id_, chat.id) for chat in chats],
        database.ratings.given(id_),
        database.api_keys.list(id_),
        database.sessions.list(id_),
        database.usage.of(id_, since=""),
        database.shares.every(id_),
        database.folders.list(id_),
        database.prompts.list(id_),
        database.label_results.every(id_),
        [
            (assistant, database.knowledge.list(id_, assistant.id))
            for assistant in database.assistants.list(id_)
        ],
    )


def test_lists_show_ones_own_only(server: PeopleServer, belongings: dict[str, str]) -> None:
    for path in (
        "/api/prompts",
        "/prompts",
        "/api/folders",
        "/api/conversations",
        "/api/conversations?search=private",
        "/account",
        "/usage",
    ):
        page = server.ask("GET", path, who=server.people_of["owner"])
        assert page.status_code == 200
        assert "Private" not in page.text and belongings["key"] not in page.text
