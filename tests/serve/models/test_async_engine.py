"""Queues, cancellation and failure of the engine thread, seen over HTTP."""

import asyncio
import gc
import threading
import weakref
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import httpx
import openai
import pytest
from fastapi.testclient import TestClient
from openai import OpenAI

from fledge.generate import Request, SamplingParams
from fledge.serve import create_app
from fledge.serve.models.answers import Piece, merged
from fledge.serve.models.async_engine import AsyncEngine
from fledge.text.tokenizer import Tokenizer
from serving import ScriptedEngine, running, served

LONG = "The tide comes in twice a day. " * 3
BODY = {"model": "tiny", "messages": [{"role": "user", "content": "Why?"}]}


@contextmanager
def gated(tokenizer: Tokenizer, **settings: int) -> Iterator[tuple[ScriptedEngine, str]]:
    """A server whose engine takes a step for each `engine.gate.release()`."""
    engine = ScriptedEngine(tokenizer, LONG, gate=threading.Semaphore(0))
    app = create_app([served(engine, tokenizer, context_length=400)], **settings)
    with running(app) as url:
        yield engine, url


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", BODY),
        ("/v1/completions", {"model": "tiny", "prompt": "Why?", "max_tokens": 300}),
        ("/v1/responses", {"model": "tiny", "input": "Why?"}),
    ],
)
def test_a_client_that_leaves_frees_its_row_within_a_second(
    tiny_tokenizer: Tokenizer, path: str, body: dict[str, object], stream: bool
) -> None:
    with gated(tiny_tokenizer) as (engine, url):
        engine.gate.release(2)
        if stream:
            with httpx.stream("POST", url + path, json={**body, "stream": True}) as response:
                next(response.iter_lines())
        else:
            with pytest.raises(httpx.ReadTimeout):
                httpx.post(url + path, json=body, timeout=0.3)
        assert engine.cancelled.wait(1.0)
        assert httpx.get(f"{url}/health").json()["pending"] == 0


def test_a_stop_text_frees_the_row(tiny_tokenizer: Tokenizer) -> None:
    with gated(tiny_tokenizer) as (engine, url):
        engine.gate.release(len(tiny_tokenizer.encode("The tide comes in twice")) + 1)
        response = httpx.post(f"{url}/v1/chat/completions", json={**BODY, "stop": "twice"})
        assert response.json()["choices"][0]["message"]["content"] == "The tide comes in "
        assert engine.cancelled.wait(1.0)


def test_a_full_queue_sends_clients_away_with_a_time_to_come_back(
    tiny_tokenizer: Tokenizer,
) -> None:
    with (
        gated(tiny_tokenizer, max_pending=2) as (engine, url),
        OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client,
    ):
        stream = client.chat.completions.create(**BODY, stream=True)
        next(stream)
        with pytest.raises(openai.InternalServerError) as caught:
            client.chat.completions.create(**BODY, n=2)
        assert caught.value.status_code == 503
        assert (caught.value.type, caught.value.code) == ("overloaded_error", "overloaded")
        assert int(caught.value.response.headers["retry-after"]) > 0
        engine.gate.release(1_000)
        assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == LONG


def test_requests_share_the_batch(tiny_tokenizer: Tokenizer) -> None:
    with (
        gated(tiny_tokenizer) as (engine, url),
        OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client,
    ):
        streams = [client.chat.completions.create(**BODY, stream=True) for _ in range(3)]
        for stream in streams:
            next(stream)
        engine.gate.release(1_000)
        for stream in streams:
            assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == LONG
        assert engine.most_rows == 3


@pytest.mark.parametrize("stream", [True, False])
def test_a_failing_model_is_told_and_the_server_goes_on(
    tiny_tokenizer: Tokenizer, stream: bool
) -> None:
    engine = ScriptedEngine(tiny_tokenizer, "Fine.", failure=RuntimeError("out of memory"))
    with (
        running(create_app([served(engine, tiny_tokenizer)])) as url,
        OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client,
    ):
        with pytest.raises(openai.APIError, match="out of memory") as caught:
            list(client.chat.completions.create(**BODY, stream=stream))
        assert caught.value.type == "server_error"
        assert engine.cancelled.wait(1.0)
        engine.failure = None
        reply = client.chat.completions.create(**BODY)
        assert reply.choices[0].message.content == "Fine."


def test_an_engine_that_is_put_away_is_freed_while_nobody_asks(tiny_tokenizer: Tokenizer) -> None:
    async def ask() -> weakref.ref[ScriptedEngine]:
        engine = ScriptedEngine(tiny_tokenizer, "The moon.")
        stops = frozenset(tiny_tokenizer.stop_ids)
        feed = thread.submit(engine, Request("a", (1,), SamplingParams(seed=0), stops))
        async for _ in feed:
            pass
        return weakref.ref(engine)

    async def put_away() -> None:
        thread.start()
        engine = await ask()
        for _ in range(100):
            gc.collect()
            if engine() is None:
                return
            await asyncio.sleep(0.05)
        pytest.fail("its memory is never given back")

    thread = AsyncEngine(8, lambda: None)
    try:
        asyncio.run(put_away())
    finally:
        thread.stop()


def test_two_models_answer_in_turn(tiny_tokenizer: Tokenizer) -> None:
    first = ScriptedEngine(tiny_tokenizer, "I am the first.")
    second = ScriptedEngine(tiny_tokenizer, "I am the second.")
    models = [served(first, tiny_tokenizer), served(second, tiny_tokenizer, "other")]
    with (
        running(create_app(models)) as url,
        OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client,
    ):
        streams = [
            client.chat.completions.create(**{**BODY, "model": name}, stream=True)
            for name in ("tiny", "other")
        ]
        texts = ["".join(c.choices[0].delta.content or "" for c in stream) for stream in streams]
        assert texts == ["I am the first.", "I am the second."]


def test_a_request_that_the_engine_cannot_take_fails_alone(tiny_tokenizer: Tokenizer) -> None:
    class Choosy(ScriptedEngine):
        def submit(self, request: Request) -> None:
            if request.sampling.seed == 13:
                raise OverflowError("too large")
            super().submit(request)

    gate = threading.Semaphore(0)
    engine = Choosy(tiny_tokenizer, LONG, gate=gate)
    with (
        running(create_app([served(engine, tiny_tokenizer, context_length=400)])) as url,
        OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client,
    ):
        stream = client.chat.completions.create(**BODY, stream=True)
        next(stream)
        with pytest.raises(openai.InternalServerError, match="too large"):
            client.chat.completions.create(**BODY, seed=13)
        gate.release(1_000)
        assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == LONG


def test_one_failing_model_does_not_end_the_answers_of_another(tiny_tokenizer: Tokenizer) -> None:
    gate = threading.Semaphore(0)
    sound = ScriptedEngine(tiny_tokenizer, LONG, gate=gate)
    broken = ScriptedEngine(tiny_tokenizer, LONG, failure=ValueError("no such layer"))
    models = [
        served(sound, tiny_tokenizer, context_length=400),
        served(broken, tiny_tokenizer, "broken"),
    ]
    with (
        running(create_app(models)) as url,
        OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client,
    ):
        stream = client.chat.completions.create(**BODY, stream=True)
        next(stream)
        with pytest.raises(openai.InternalServerError, match="no such layer"):
            client.chat.completions.create(**{**BODY, "model": "broken"})
        gate.release(1_000)
        assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == LONG


def test_answers_side_by_side_end_when_one_of_them_dies() -> None:
    async def dies() -> AsyncIterator[Piece]:
        yield Piece("a", 0, (), None)
        raise LookupError("gone")

    async def ends_early() -> AsyncIterator[Piece]:
        yield Piece("b", 0, (), None)

    async def collect(*streams: AsyncIterator[Piece]) -> list[str]:
        return [piece.text async for _, piece in merged(streams)]

    assert asyncio.run(asyncio.wait_for(collect(ends_early(), ends_early()), 5)) == ["b", "b"]
    with pytest.raises(LookupError):
        asyncio.run(asyncio.wait_for(collect(ends_early(), dies()), 5))


def test_a_failure_of_the_server_is_told_with_the_id_of_the_request(
    tiny_tokenizer: Tokenizer,
) -> None:
    app = create_app([served(ScriptedEngine(tiny_tokenizer, "Fine."), tiny_tokenizer)])

    @app.get("/broken")
    def broken() -> None:
        raise KeyError("bug")

    with TestClient(app, "http://localhost", raise_server_exceptions=False) as client:
        response = client.get("/broken")
    assert response.status_code == 500
    assert response.json()["error"]["type"] == "server_error"
    assert response.headers["x-request-id"] in response.json()["error"]["message"]
    assert "content-security-policy" in response.headers
