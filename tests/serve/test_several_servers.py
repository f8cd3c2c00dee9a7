"""Two server processes on one PostgreSQL: what is done on one holds on the other."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from databases import new_postgresql
from fledge.database import Database, open_database
from fledge.serve.people.identity import COOKIE

TESTS = Path(__file__).parents[1]
ORIGIN = {"origin": "http://127.0.0.1"}


class Server:
    """A process, and a client of it."""

    def __init__(self, url: str) -> None:
        command = [sys.executable, str(Path(__file__).with_name("one_of_several.py")), url]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
        )
        assert self.process.stdout is not None
        address = self.process.stdout.readline().strip()
        self.client = httpx.Client(base_url=address, timeout=30, headers={"origin": address})

    def end(self) -> None:
        self.client.close()
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    opened = open_database(new_postgresql("several"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def servers(database: Database) -> Iterator[tuple[Server, Server]]:
    url = database.transactions.engine.url.render_as_string(False)
    database.accounts.create("olga", name="", role="owner", password_hash="-")
    both = Server(url), Server(url)
    yield both
    for each in both:
        each.end()


@pytest.fixture
def ada(database: Database, request: pytest.FixtureRequest) -> str:
    login = request.node.name.removeprefix("test_")[:60]
    return database.accounts.create(login, name="", role="user", password_hash="-").id


def cookie(database: Database, account: str) -> dict[str, str]:
    return {"cookie": f"{COOKIE}={database.sessions.create(account, 'Firefox')[1]}"}


def begun(server: Server, who: dict[str, str]) -> tuple[str, str]:
    """The ids of a chat and of the run that answers in it."""
    chat = server.client.post("/api/conversations", json={}, headers=who).json()["id"]
    body = {"parent_id": None, "content": "Why?", "models": ["tiny"]}
    path = f"/api/conversations/{chat}/messages"
    reply = server.client.post(path, json=body, headers=who)
    return chat, reply.json()["messages"][1]["run_id"]


def answer(server: Server, chat: str, who: dict[str, str]) -> dict:
    return server.client.get(f"/api/conversations/{chat}", headers=who).json()["messages"][1]


def until(is_true: Callable[[], bool], seconds: float = 25) -> None:
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.2)


def test_an_answer_of_one_is_read_and_stopped_on_the_other(
    servers: tuple[Server, Server], database: Database, ada: str
) -> None:
    here, there = servers
    who = cookie(database, ada)
    chat, run = begun(here, who)
    texts, end = [], None
    with there.client.stream("GET", f"/api/runs/{run}/events", headers=who) as stream:
        event = ""
        for line in stream.iter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                event = value
            elif name == "data" and event == "snapshot":
                texts.append(json.loads(value)["text"])
                if len(texts) == 3:
                    there.client.post(f"/api/runs/{run}/cancel", headers=who)
            elif name == "data" and event == "end":
                end = json.loads(value)["message"]
    assert len(set(texts)) >= 3 and texts == sorted(texts, key=len)
    assert end is not None and end["status"] == "cancelled"
    assert end["content"].startswith(texts[-1])
    assert answer(here, chat, who)["content"] == end["content"]


def early_in_a_minute(seconds: float = 20) -> None:
    """Wait where a minute ends soon: with the next one the requests of this one fade."""
    left = 60 - time.time() % 60
    if left < seconds:
        time.sleep(left + 0.1)


def test_limits_are_shared(servers: tuple[Server, Server], database: Database, ada: str) -> None:
    early_in_a_minute()
    database.accounts.change(ada, requests_per_minute=5, concurrent_streams=0)
    key = {"authorization": f"Bearer {database.api_keys.create(ada, name='a')[1]}"}
    body = {"model": "tiny", "max_tokens": 1, "messages": [{"role": "user", "content": "Why?"}]}
    codes = [
        server.client.post("/v1/chat/completions", json=body, headers=key).status_code
        for server in servers * 4
    ]
    assert codes == [200] * 5 + [429] * 3


def test_answers_at_once_and_the_day_are_shared(
    servers: tuple[Server, Server], database: Database, ada: str
) -> None:
    here, there = servers
    database.accounts.change(ada, requests_per_minute=0, concurrent_streams=1, daily_tokens=2_000)
    key = {"authorization": f"Bearer {database.api_keys.create(ada, name='a')[1]}"}
    body = {"model": "tiny", "max_tokens": 1_500, "messages": [{"role": "user", "content": "Why?"}]}
    path = "/v1/chat/completions"
    with here.client.stream("POST", path, json={**body, "stream": True}, headers=key) as stream:
        assert stream.status_code == 200
        refused = there.client.post(path, json=body, headers=key)
        assert "1 answer in progress at once" in refused.text
        database.accounts.change(ada, concurrent_streams=0)
        refused = there.client.post(path, json=body, headers=key)
        assert refused.json()["error"]["code"] == "insufficient_quota"
    few = {**body, "max_tokens": 2}
    until(lambda: there.client.post(path, json=few, headers=key).status_code == 200)


def test_log_out_and_settings_hold_on_both(
    servers: tuple[Server, Server], database: Database, ada: str
) -> None:
    here, there = servers
    who = cookie(database, ada)
    assert there.client.get("/api/conversations", headers=who).status_code == 200
    here.client.post("/logout", headers=who)
    assert there.client.get("/api/conversations", headers=who).status_code == 401
    (owner,) = (each for each in database.accounts.list() if each.role == "owner")
    form = {"requests_per_minute": "1"}
    here.client.post("/admin/settings", data=form, headers=cookie(database, owner.id))
    time.sleep(1.1)
    key = {"authorization": f"Bearer {database.api_keys.create(ada, name='a')[1]}"}
    codes = [
        there.client.post("/tokenize", json={"prompt": "W"}, headers=key).status_code
        for _ in range(2)
    ]
    assert codes == [200, 429]
    here.client.post("/admin/settings", data={}, headers=cookie(database, owner.id))


def test_the_answers_of_a_killed_server_are_marked_by_the_other(
    servers: tuple[Server, Server], database: Database, ada: str
) -> None:
    here, _ = servers
    who = cookie(database, ada)
    dying = Server(database.transactions.engine.url.render_as_string(False))
    chat, _ = begun(dying, who)
    kept, _ = begun(here, who)
    until(lambda: answer(here, chat, who)["content"] != "")
    dying.process.send_signal(signal.SIGKILL)
    dying.end()
    until(lambda: answer(here, chat, who)["status"] == "interrupted", seconds=40)
    assert answer(here, kept, who)["status"] in ("running", "finished")
