"""The web chat's own API on a live server with scripted models."""

import json
import threading
from collections.abc import Callable, Iterator

import httpx
import pytest

from fledge.database.temporary import TemporaryDatabase
from fledge.serve import create_app
from fledge.text.tokenizer import Tokenizer
from people_server import ROLES, PeopleServer, people_server
from serving import ScriptedEngine, running, served, tokenizer

ANSWER = "The moon pulls on the sea. Été!"
OTHER = "I am the **other**."


@pytest.fixture(scope="session")
def tiny_tokenizer() -> Tokenizer:
    return tokenizer()


@pytest.fixture(scope="module")
def database() -> Iterator[TemporaryDatabase]:
    kept = TemporaryDatabase()
    yield kept
    kept.close()


@pytest.fixture(scope="module")
def shared_engine(tiny_tokenizer: Tokenizer) -> ScriptedEngine:
    return ScriptedEngine(tiny_tokenizer, ANSWER)


@pytest.fixture(scope="module")
def server(
    shared_engine: ScriptedEngine, tiny_tokenizer: Tokenizer, database: TemporaryDatabase
) -> Iterator[httpx.Client]:
    """One server for all tests of a module; `client` empties it."""
    models = [
        served(shared_engine, tiny_tokenizer, context_length=512),
        served(ScriptedEngine(tiny_tokenizer, OTHER), tiny_tokenizer, "other", 512),
    ]
    app = create_app(models, database=database)
    with running(app) as url, httpx.Client(base_url=url, timeout=20) as made:
        yield made


@pytest.fixture
def client(server: httpx.Client, database: TemporaryDatabase) -> httpx.Client:
    owner = database.accounts.owner()
    assert owner is not None
    database.conversations.delete_all(owner.id)
    return server


@pytest.fixture
def engine(shared_engine: ScriptedEngine) -> Iterator[ScriptedEngine]:
    """The model "tiny": it says `ANSWER`."""
    shared_engine.requests.clear()
    shared_engine.cancelled.clear()
    yield shared_engine
    shared_engine.gate = shared_engine.failure = None


@pytest.fixture
def gate(engine: ScriptedEngine) -> threading.Semaphore:
    """Each release lets the model write one token."""
    engine.gate = threading.Semaphore(0)
    return engine.gate


@pytest.fixture(scope="session")
def people_running() -> Iterator[PeopleServer]:
    with people_server(roles=ROLES) as made:
        yield made


@pytest.fixture
def people(people_running: PeopleServer) -> PeopleServer:
    """A server with an account of each role, and nothing else."""
    people_running.start_again()
    return people_running


@pytest.fixture
def begin(client: httpx.Client) -> Callable[..., dict]:
    """A chat of its own for each call."""

    def made(**body: object) -> dict:
        reply = client.post("/api/conversations", json=body)
        assert reply.status_code == 201, reply.text
        return reply.json()

    return made


@pytest.fixture
def say(client: httpx.Client) -> Callable[..., list[dict]]:
    """Say something in a chat; returns the question and its answers, not yet written."""

    def said(chat: str, content: str, parent: str | None = None, *models: str) -> list[dict]:
        body = {"parent_id": parent, "content": content, "models": list(models) or ["tiny"]}
        reply = client.post(f"/api/conversations/{chat}/messages", json=body)
        assert reply.status_code == 201, reply.text
        return reply.json()["messages"]

    return said


@pytest.fixture
def written(client: httpx.Client) -> Callable[[dict], dict]:
    """Wait for the end of an answer; returns it as it stands then."""

    def ended(message: dict) -> dict:
        *_, last = events(client, message["run_id"])
        assert last["event"] == "end"
        return last["data"]["message"]

    return ended


def events(client: httpx.Client, run_id: str, after: str | None = None) -> Iterator[dict]:
    """The events of a run: their names, ids and data."""
    headers = {} if after is None else {"last-event-id": after}
    with client.stream("GET", f"/api/runs/{run_id}/events", headers=headers) as reply:
        assert reply.status_code == 200
        event: dict = {}
        for line in reply.iter_lines():
            name, _, value = line.partition(": ")
            if line == "" and "event" in event:
                yield event
                event = {}
            elif name == "data":
                event["data"] = json.loads(value)
            elif name in ("event", "id"):
                event[name] = value
