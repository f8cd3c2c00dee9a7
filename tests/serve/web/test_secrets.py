"""The prompt of somebody else's assistant stays with its owner, whatever one asks for."""

import io
import zipfile
from collections.abc import Iterator

import pytest

from databases import answered
from people_server import ROLES, PeopleServer, people_server

SECRET = "The word is zebra."


@pytest.fixture(scope="module")
def server() -> Iterator[PeopleServer]:
    with people_server(roles=ROLES) as made:
        yield made


@pytest.fixture
def game(server: PeopleServer) -> tuple[str, str]:
    """The owner's shared assistant, and a user's chat with it that they have judged."""
    database, user = server.database, server.people_of["user"]
    owner = server.people_of["owner"]
    shared = database.assistants.create(owner.id, name="Game", system_prompt=SECRET, shared=True)
    body = {"assistant_id": shared.id}
    chat = server.ask("POST", "/api/conversations", who=user, json=body).json()["id"]
    first, second = (answered(database, user.id, chat, text) for text in ("a", "b"))
    database.ratings.prefer(user.id, [[first], [second]])
    database.ratings.write(user.id, first, "c")
    return shared.id, chat


def test_no_page_file_or_export_of_a_player_tells_the_secret(
    server: PeopleServer, game: tuple[str, str]
) -> None:
    assistant, chat = game
    user = server.people_of["user"]
    assert server.database.conversations.get(user.id, chat).system_prompt == SECRET
    for path in (
        f"/c/{chat}",
        f"/a/{assistant}",
        f"/api/assistants/{assistant}",
        f"/api/conversations/{chat}",
        f"/api/conversations/{chat}/export?format=markdown",
        f"/api/conversations/{chat}/export?format=json",
        f"/api/conversations/{chat}/export?format=sft",
        "/api/exports/comparisons.jsonl",
        "/api/exports/demonstrations.jsonl",
    ):
        reply = server.ask("GET", path, who=user)
        assert reply.status_code == 200 and reply.text, path
        assert "zebra" not in reply.text, path
    archive = server.ask("GET", "/account/export", who=user).content
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        assert f"chats/{chat}.json" in file.namelist()
        assert all(b"zebra" not in file.read(name) for name in file.namelist())


def test_it_is_not_told_when_the_assistant_is_gone_either(
    server: PeopleServer, game: tuple[str, str]
) -> None:
    assistant, chat = game
    owner, user = server.people_of["owner"], server.people_of["user"]
    assert server.ask("DELETE", f"/api/assistants/{assistant}", who=owner).status_code == 204
    for path in (f"/api/conversations/{chat}", f"/api/conversations/{chat}/export?format=json"):
        assert "zebra" not in server.ask("GET", path, who=user).text


def test_its_owner_keeps_it_in_their_own_chats(server: PeopleServer, game: tuple[str, str]) -> None:
    owner = server.people_of["owner"]
    body = {"assistant_id": game[0]}
    chat = server.ask("POST", "/api/conversations", who=owner, json=body).json()["id"]
    reply = server.ask("GET", f"/api/conversations/{chat}/export?format=json", who=owner)
    assert "zebra" in reply.text


def test_what_an_assistant_knows_is_not_told_once_it_is_shared_no_more(
    server: PeopleServer, game: tuple[str, str]
) -> None:
    assistant, chat = game
    owner, user = server.people_of["owner"], server.people_of["user"]
    text = {"name": "a.md", "text": "The tide turns at nine."}
    server.ask("POST", f"/api/assistants/{assistant}/documents", who=owner, json=text)

    def sources() -> list[dict]:
        body = {"parent_id": None, "content": "When does the tide turn?", "models": ["tiny"]}
        path = f"/api/conversations/{chat}/messages"
        reply = server.ask("POST", path, who=user, json=body)
        answer = server.database.messages.get(user.id, reply.json()["messages"][1]["id"])
        return answer.details.get("citations", [])

    assert [source["name"] for source in sources()] == ["a.md"]
    server.ask("PATCH", f"/api/assistants/{assistant}", who=owner, json={"shared": False})
    assert sources() == []
