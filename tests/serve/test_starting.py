"""`launch`: what is refused, announced and opened when a server starts."""

import asyncio
import webbrowser
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi.testclient import TestClient

from fledge.database import open_database
from fledge.errors import ConfigError
from fledge.generate.request import SamplingParams
from fledge.serve import create_app
from fledge.serve import launch as launching
from fledge.serve.launch import launch
from fledge.text.tokenizer import Tokenizer
from serving import ScriptedEngine, served


@dataclass
class Started:
    """What a server said when it started, and what it answered before it stopped at once."""

    said: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    replies: list[httpx.Response] = field(default_factory=list)
    paths: tuple[str, ...] = ("/health",)
    headers: dict[str, str] = field(default_factory=dict)

    async def answer(self, server: uvicorn.Server) -> None:
        port = server.servers[0].sockets[0].getsockname()[1]
        for path in self.paths:
            url = f"http://127.0.0.1:{port}{path}"
            self.replies.append(await asyncio.to_thread(httpx.get, url, headers=self.headers))


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    """Servers of this test answer its requests and stop."""
    found = Started()

    async def main_loop(server: uvicorn.Server) -> None:
        await found.answer(server)

    monkeypatch.setattr(uvicorn.Server, "main_loop", main_loop)
    monkeypatch.setattr(webbrowser, "open", found.opened.append)
    return found


def start(started: Started, tokenizer: Tokenizer, database: Path, **options: object) -> None:
    launch(
        [served(ScriptedEngine(tokenizer, "The moon."), tokenizer)],
        sampling=SamplingParams(),
        announce=started.said.append,
        database=database,
        **{"port": 0, "login": False, **options},
    )


def test_without_login_the_chat_is_announced_and_nothing_is_opened_unasked(
    started: Started, tiny_tokenizer: Tokenizer, tmp_path: Path
) -> None:
    start(started, tiny_tokenizer, tmp_path / "a.db")
    (said,) = started.said
    assert said.startswith("Chat at http://localhost:") and said.endswith("/v1. Ctrl-C stops.")
    assert started.replies[0].json() == {"status": "ok", "pending": 0, "database": "ok"}
    assert started.opened == []
    assert (tmp_path / "a.db").exists()


def test_a_server_without_an_owner_tells_the_way_to_become_it(
    started: Started, tiny_tokenizer: Tokenizer, tmp_path: Path
) -> None:
    started.paths = ("/setup", "/login")
    start(started, tiny_tokenizer, tmp_path / "a.db", login=True, open_browser=True)
    chat, owner = started.said
    url = chat.partition("Chat at ")[2].partition(",")[0]
    assert owner.startswith(f"This server has no owner yet. Become its owner at {url}/setup?token=")
    assert started.opened == [owner.rpartition(" ")[2]]
    assert started.replies[0].headers["location"] == "/login", "without the token it is closed"


def test_a_browser_is_opened_at_the_chat_where_there_is_an_owner(
    started: Started, tiny_tokenizer: Tokenizer, tmp_path: Path
) -> None:
    start(started, tiny_tokenizer, tmp_path / "a.db", open_browser=True)
    assert started.opened == [started.said[0].partition("Chat at ")[2].partition(",")[0]]


@pytest.mark.parametrize(
    ("host", "login", "status"),
    [("127.0.0.1", False, 400), ("127.0.0.1", True, 400), ("0.0.0.0", True, 200)],
)
def test_a_server_for_its_own_machine_answers_to_no_other_name(
    started: Started, tiny_tokenizer: Tokenizer, tmp_path: Path, host: str, login: bool, status: int
) -> None:
    started.headers = {"host": "evil.example"}
    start(started, tiny_tokenizer, tmp_path / "a.db", host=host, login=login)
    assert [reply.status_code for reply in started.replies] == [status]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"host": "0.0.0.0"}, "--no-login makes everyone who can reach 0.0.0.0 the owner"),
        ({"host": "::"}, "--no-login makes everyone"),
        ({"allowed_origins": ["*"]}, "name the websites that may"),
        ({"allowed_origins": ["x"]}, "--allow-origin x"),
        ({"path_prefix": "fledge"}, "--path-prefix fledge"),
        ({"host": "192.0.2.1", "login": True}, "192.0.2.1:0 cannot be used"),
    ],
)
def test_a_server_that_would_be_open_to_others_does_not_start(
    started: Started,
    tiny_tokenizer: Tokenizer,
    tmp_path: Path,
    options: dict[str, object],
    told: str,
) -> None:
    with pytest.raises(ConfigError) as caught:
        start(started, tiny_tokenizer, tmp_path / "a.db", **options)
    assert told in str(caught.value)
    assert (started.said, started.replies) == ([], [])


def test_the_usual_port_is_taken_where_it_is_free_and_another_where_it_is_not(
    started: Started, tiny_tokenizer: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with launching.listen("127.0.0.1", 0) as taken:
        usual = taken.getsockname()[1]
        monkeypatch.setattr(launching, "DEFAULT_PORT", usual)
        start(started, tiny_tokenizer, tmp_path / "a.db", port=None)
        with pytest.raises(ConfigError, match=f"{usual} is in use"):
            start(started, tiny_tokenizer, tmp_path / "a.db", port=usual)
    start(started, tiny_tokenizer, tmp_path / "a.db", port=None)
    first, second = started.said
    assert f":{usual}," not in first and f":{usual}," in second


def test_the_chats_of_a_server_are_there_when_it_starts_again(
    started: Started, tiny_tokenizer: Tokenizer, tmp_path: Path
) -> None:
    started.paths = ("/api/conversations",)
    start(started, tiny_tokenizer, tmp_path / "a.db")
    database = open_database(tmp_path / "a.db")
    owner = database.accounts.owner()
    assert owner is not None and (owner.name, owner.login) == ("You", "owner")
    database.conversations.create(owner.id, title="Kept")
    database.close()
    start(started, tiny_tokenizer, tmp_path / "a.db")
    titles = [
        [chat["title"] for chat in reply.json()["conversations"]] for reply in started.replies
    ]
    assert titles == [[], ["Kept"]]


def test_a_server_whose_models_do_not_run_says_so(tiny_tokenizer: Tokenizer) -> None:
    app = create_app([served(ScriptedEngine(tiny_tokenizer, "The moon."), tiny_tokenizer)])
    client = TestClient(app, "http://localhost")  # nothing was started
    health = client.get("/health")
    assert (health.status_code, health.json()) == (
        503,
        {"status": "stopped", "pending": 0, "database": "ok"},
    )
    body = {"model": "tiny", "messages": [{"role": "user", "content": "Why?"}]}
    reply = client.post("/v1/chat/completions", json=body)
    assert (reply.status_code, reply.json()["error"]["type"]) == (500, "server_error")
    assert "restart the server" in reply.text
    with client:
        assert client.get("/health").status_code == 200
        assert client.post("/v1/chat/completions", json=body).status_code == 200
