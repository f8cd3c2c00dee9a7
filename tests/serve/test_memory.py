"""Streams that were hung up on leave nothing in the server's memory."""

import gc
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from fledge.generate.engine import Engine
from fledge.generate.sequence import Sequence
from fledge.model.config import GPTConfig
from fledge.serve import create_app
from fledge.serve.models.answers import AnswerStream
from fledge.serve.models.async_engine import TokenFeed
from fledge.serve.people.admission import Admission
from fledge.serve.web.chat import supervisor
from fledge.serve.web.chat.live import LiveAnswer
from model.small_models import CONFIG, make
from serving import running, served, tokenizer

OF_ONE_ANSWER = (Sequence, TokenFeed, AnswerStream, LiveAnswer, Admission)
CONTEXT = 2048
STREAMS = 50
PATIENCE = 12
"""Lines that the most patient reads."""
WAIT_SECONDS = 30.0


@pytest.fixture
def engine() -> Engine:
    words = tokenizer()
    size = {"vocabulary_size": words.vocabulary_size, "context_length": CONTEXT}
    config = GPTConfig(**{**CONFIG.model_dump(), **size})
    return Engine(make(config), max_batch=STREAMS)


@pytest.fixture
def url(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(supervisor, "KEPT_SECONDS", 0.0)
    with running(create_app([served(lambda: engine, tokenizer(), context_length=CONTEXT)])) as at:
        yield at


def by_api(client: httpx.Client, lines: int) -> None:
    """Hang up on a stream of the API after some lines."""
    body = {"model": "tiny", "messages": [{"role": "user", "content": "Why?"}], "stream": True}
    with client.stream("POST", "/v1/chat/completions", json=body) as stream:
        read(stream, lines)


def by_page(client: httpx.Client, lines: int) -> None:
    """Hang up on an answer of the chat page, and stop it."""
    chat = client.post("/api/conversations", json={}).json()["id"]
    body = {"parent_id": None, "content": "Why?", "models": ["tiny"]}
    asked = client.post(f"/api/conversations/{chat}/messages", json=body)
    run = asked.json()["messages"][1]["run_id"]
    with client.stream("GET", f"/api/runs/{run}/events") as stream:
        read(stream, lines)
    client.post(f"/api/runs/{run}/cancel").raise_for_status()


def read(stream: httpx.Response, lines: int) -> None:
    assert stream.status_code == 200, json.loads(stream.read())
    for _ in zip(range(lines), stream.iter_lines(), strict=False):
        pass


def alive() -> list[object]:
    """List the objects that belong to one answer each."""
    gc.collect()
    return [each for each in gc.get_objects() if type(each) in OF_ONE_ANSWER]


def eventually(state: Callable[[], object], expected: object) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while state() != expected and time.monotonic() < until:
        time.sleep(0.1)
    assert state() == expected


def test_fifty_streams_that_are_hung_up_on_leave_nothing(url: str, engine: Engine) -> None:
    before, dice = alive(), random.Random(0)
    known = {id(each) for each in before}

    def left() -> Counter[str]:
        """Count what came since: servers of other tests may drop answers of their own."""
        return Counter(type(each).__name__ for each in alive() if id(each) not in known)

    def hang_up(number: int) -> None:
        headers = {"authorization": "Bearer any"}
        with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
            (by_api if number % 2 else by_page)(client, dice.randint(0, PATIENCE))

    with ThreadPoolExecutor(STREAMS) as people:
        for outcome in [people.submit(hang_up, number) for number in range(STREAMS)]:
            outcome.result()
    with httpx.Client(base_url=url, timeout=60) as client:
        eventually(lambda: client.get("/health").json()["pending"], 0)
    eventually(left, Counter())
    assert engine._cache is None
