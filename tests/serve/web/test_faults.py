"""What becomes of chats when the server dies, and when its database does not answer."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from fledge.database import open_database
from fledge.database.temporary import TemporaryDatabase
from fledge.errors import Conflict, DatabaseError, DatabaseUnavailable
from fledge.serve import create_app
from fledge.text.tokenizer import Tokenizer
from serve.web.conftest import ANSWER, events
from serving import ScriptedEngine, running, served

Begin = Callable[..., dict]
Say = Callable[..., list[dict]]
Written = Callable[[dict], dict]
TESTS = Path(__file__).parents[2]


@contextmanager
def slow_server(database: Path) -> Iterator[tuple[httpx.Client, subprocess.Popen]]:
    command = [sys.executable, str(Path(__file__).with_name("slow_server.py")), str(database)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as process:
        try:
            assert process.stdout is not None
            with httpx.Client(base_url=process.stdout.readline().strip(), timeout=30) as client:
                yield client, process
        finally:
            process.kill()


def test_a_killed_server_loses_no_chat_and_marks_the_answer_that_it_was_writing(
    tmp_path: Path, tiny_tokenizer: Tokenizer
) -> None:
    path = tmp_path / "fledge.db"
    with slow_server(path) as (client, process):
        chat = client.post("/api/conversations", json={}).json()["id"]
        body = {"parent_id": None, "content": "Why?", "models": ["tiny"]}
        reply = client.post(f"/api/conversations/{chat}/messages", json=body).json()
        run_id, answer_id = reply["messages"][1]["run_id"], reply["messages"][1]["id"]
        shown = ""
        for event in events(client, run_id):
            shown += event["data"]["text"]
            if client.get(f"/api/conversations/{chat}").json()["messages"][1]["content"]:
                break
        process.send_signal(signal.SIGKILL)
        process.wait()
    database = open_database(path)
    engine = ScriptedEngine(tiny_tokenizer, ANSWER)
    app = create_app([served(engine, tiny_tokenizer)], database=database)
    with running(app) as url, httpx.Client(base_url=url) as client:
        kept = client.get(f"/api/conversations/{chat}").json()["messages"]
        assert [message["status"] for message in kept] == ["finished", "interrupted"]
        assert kept[1]["content"].startswith("The sea. The")
        (*_, end) = events(client, run_id, "1")  # a browser that waited comes back
        assert end["data"]["message"] == {**kept[1], "run_id": None}
        body = {"parent_id": kept[0]["id"], "models": ["tiny"], "continues": answer_id}
        assert client.post(f"/api/conversations/{chat}/answers", json=body).status_code == 201
    database.close()


def test_a_server_that_stops_keeps_what_was_written_and_marks_it(
    tiny_tokenizer: Tokenizer, tmp_path: Path
) -> None:
    database = open_database(tmp_path / "fledge.db")
    engine = ScriptedEngine(tiny_tokenizer, ANSWER)
    engine.gate = threading.Semaphore(5)  # and never a token more: the answer cannot end
    app = create_app([served(engine, tiny_tokenizer)], database=database)
    with running(app) as url, httpx.Client(base_url=url) as client:
        chat = client.post("/api/conversations", json={}).json()["id"]
        body = {"parent_id": None, "content": "Why?", "models": ["tiny"]}
        reply = client.post(f"/api/conversations/{chat}/messages", json=body).json()
        shown = next(events(client, reply["messages"][1]["run_id"]))["data"]["text"]
    owner = database.accounts.owner()
    assert owner is not None
    kept = database.messages.tree(owner.id, chat)[1]
    assert kept.status == "interrupted"
    assert shown and kept.content.startswith(shown) and ANSWER.startswith(kept.content)
    database.close()


@pytest.mark.parametrize("failure", [DatabaseUnavailable("it is away"), Conflict("crossed")])
def test_an_answer_is_saved_when_the_database_is_back(
    failure: DatabaseError,
    client: httpx.Client,
    database: TemporaryDatabase,
    begin: Begin,
    say: Say,
    written: Written,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chat = begin()["id"]
    finish, failures = database.runs.finish, iter([failure])

    def failing_once(*args: object, **named: object) -> object:
        for each in failures:
            raise each
        return finish(*args, **named)

    monkeypatch.setattr(database.runs, "finish", failing_once)
    assert written(say(chat, "Why?")[1])["content"] == ANSWER


def test_a_database_that_is_away_is_a_503_that_says_when_to_try_again(
    client: httpx.Client, database: TemporaryDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise DatabaseUnavailable("the database does not answer")

    monkeypatch.setattr(database.conversations, "list", away)
    reply = client.get("/api/conversations")
    assert reply.status_code == 503
    assert reply.headers["retry-after"] == "2"
    assert reply.json()["error"]["code"] == "database_unavailable"
