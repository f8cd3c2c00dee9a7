"""Every route tried by every role, and every thing of one person by another."""

import re

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from database.labelling import drawn, project_of
from databases import answered
from fledge.database import Passage
from labelling_routes import LABELLING
from people_server import ROLES, PeopleServer

EVERYBODY = ("nobody", *ROLES)
LABELLERS = ("labeller", "admin", "owner")
MANAGERS = ("admin", "owner")

MAY = {
    "GET /openapi.json": EVERYBODY,
    "GET /docs": EVERYBODY,
    "GET /health": EVERYBODY,
    "GET /metrics": MANAGERS,
    "GET /login": EVERYBODY,
    "POST /login": EVERYBODY,
    "POST /logout": EVERYBODY,
    "GET /setup": EVERYBODY,
    "POST /setup": EVERYBODY,
    "GET /invitation/{token}": EVERYBODY,
    "POST /invitation/{token}": EVERYBODY,
    "GET /password": EVERYBODY,  # a server without e-mail has no such page
    "POST /password": EVERYBODY,
    "GET /password/{token}": EVERYBODY,
    "POST /password/{token}": EVERYBODY,
    "GET /v1/models": ROLES,
    "GET /v1/models/{model:path}": ROLES,
    "POST /v1/chat/completions": ROLES,
    "POST /v1/responses": ROLES,
    "GET /v1/responses/{response_id}": ROLES,
    "DELETE /v1/responses/{response_id}": ROLES,
    "POST /v1/completions": ROLES,
    "POST /v1/embeddings": ROLES,
    "POST /v1/moderations": ROLES,
    "POST /tokenize": ROLES,
    "POST /detokenize": ROLES,
    "GET /": ROLES,
    "GET /c/{id}": ROLES,
    "GET /api/models": ROLES,
    "GET /api/conversations": ROLES,
    "POST /api/conversations": ROLES,
    "GET /api/conversations/{id}": ROLES,
    "PATCH /api/conversations/{id}": ROLES,
    "DELETE /api/conversations/{id}": ROLES,
    "POST /api/conversations/{id}/restore": ROLES,
    "POST /api/conversations/{id}/messages": ROLES,
    "POST /api/conversations/{id}/answers": ROLES,
    "GET /api/runs/{run_id}/events": ROLES,
    "POST /api/runs/{run_id}/cancel": ROLES,
    "PUT /api/messages/{id}/rating": ROLES,
    "POST /api/preferences": ROLES,
    "POST /api/messages/{id}/demonstration": ROLES,
    "GET /api/conversations/{id}/export": ROLES,
    "GET /api/exports/comparisons.jsonl": ROLES,
    "GET /api/exports/demonstrations.jsonl": ROLES,
    "GET /api/exports/team/{name}": ("owner",),
    "GET /a/{id}": ROLES,
    "GET /assistants": ROLES,
    "GET /assistants/new": ROLES,
    "GET /assistants/{id}": ROLES,
    "POST /api/assistants": ROLES,
    "POST /api/assistants/ready/{key}": ROLES,
    "GET /api/assistants/{id}": ROLES,
    "PATCH /api/assistants/{id}": ROLES,
    "DELETE /api/assistants/{id}": ROLES,
    "POST /api/assistants/{id}/documents": ROLES,
    "DELETE /api/assistants/{id}/documents/{document_id}": ROLES,
    "POST /api/conversations/{id}/hand-over": ROLES,
    "DELETE /api/conversations/{id}/hand-over": ROLES,
    "GET /label": LABELLERS,
    "GET /label/{project_id}": LABELLERS,
    "GET /label/manage": MANAGERS,
    "GET /label/manage/{project_id}": MANAGERS,
    "GET /queue": MANAGERS,
    "GET /api/queue": MANAGERS,
    "GET /api/queue/count": MANAGERS,
    "GET /api/queue/{id}": MANAGERS,
    "POST /api/queue/{id}/take": MANAGERS,
    "POST /api/queue/{id}/messages": MANAGERS,
    "POST /api/queue/{id}/close": MANAGERS,
    "GET /widget/{assistant_id}": EVERYBODY,
    "POST /api/widget/{assistant_id}/visits": EVERYBODY,
    "GET /api/widget/chat": EVERYBODY,  # with a visitor's token, else there is no chat
    "POST /api/widget/chat/messages": EVERYBODY,
    "GET /api/widget/runs/{run_id}/events": EVERYBODY,
    "POST /api/widget/chat/person": EVERYBODY,
    "GET /api/folders": ROLES,
    "POST /api/folders": ROLES,
    "PATCH /api/folders/{folder_id}": ROLES,
    "DELETE /api/folders/{folder_id}": ROLES,
    "GET /prompts": ROLES,
    "GET /api/prompts": ROLES,
    "POST /api/prompts": ROLES,
    "PATCH /api/prompts/{prompt_id}": ROLES,
    "DELETE /api/prompts/{prompt_id}": ROLES,
    **LABELLING,
    "GET /api/shares": ROLES,
    "DELETE /api/shares/{share_id}": ROLES,
    "GET /api/conversations/{id}/share": ROLES,
    "PUT /api/conversations/{id}/share": ROLES,
    "DELETE /api/conversations/{id}/share": ROLES,
    "GET /s/{token}": EVERYBODY,  # with the token of a link, else there is no chat
    "POST /s/{token}/continue": ROLES,
    "GET /server": ("owner",),
    "POST /server/sharing": ("owner",),
    "POST /server/name": ("owner",),
    "POST /server/mail": ("owner",),
    "POST /server/logo/remove": ("owner",),
    "PUT /api/server/logo": ("owner",),
    "GET /logo": EVERYBODY,
    "GET /account": ROLES,
    "POST /account/links/{share_id}/revoke": ROLES,
    "POST /account/training": ROLES,
    "POST /account/profile": ROLES,
    "POST /account/identities/{identity_id}/unlink": ROLES,
    "POST /account/password": ROLES,
    "POST /account/email": ROLES,
    "POST /account/sessions/end-others": ROLES,
    "POST /account/sessions/{session_id}/end": ROLES,
    "POST /account/keys": ROLES,
    "POST /account/keys/{key_id}/revoke": ROLES,
    "GET /account/export": ROLES,
    "POST /account/erase-chats": ROLES,
    "POST /account/delete": ROLES,
    "GET /usage": ROLES,
    "GET /usage/team": MANAGERS,
    "GET /usage/team.csv": MANAGERS,
    "GET /runs": MANAGERS,  # a server without a folder of runs has no such page
    "GET /runs/compare": MANAGERS,
    "GET /api/training/runs": MANAGERS,
    "GET /api/training/metrics": MANAGERS,
    "GET /api/training/samples": MANAGERS,
    "GET /api/training/about": MANAGERS,
    "POST /api/training/start": ("owner",),
    "POST /api/training/stop": ("owner",),
    "GET /admin": MANAGERS,
    "POST /admin/invitations": MANAGERS,
    "POST /admin/invitations/{invitation_id}/delete": MANAGERS,
    "POST /admin/settings": ("owner",),
    "POST /admin/people/{account_id}/change": MANAGERS,
    "POST /admin/people/{account_id}/role": MANAGERS,
    "POST /admin/people/{account_id}/limits": MANAGERS,
    "POST /admin/people/{account_id}/disable": MANAGERS,
    "POST /admin/people/{account_id}/enable": MANAGERS,
    "POST /admin/people/{account_id}/password": MANAGERS,
    "POST /admin/people/{account_id}/delete": MANAGERS,
}
"""Who gets past the door of each route; a new route is decided here."""


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
