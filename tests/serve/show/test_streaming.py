"""Answers to clients that leave: whatever was opened for them is closed."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from fastapi import Request
from pydantic import BaseModel

from fledge.generate.upstream_errors import UpstreamFailed
from fledge.serve.show import streaming
from fledge.serve.show.streaming import (
    CLIENT_CLOSED_REQUEST,
    EventStream,
    event,
    framed,
    whole_or_gone,
)

SCOPE = {
    "type": "http",
    "method": "POST",
    "path": "/",
    "headers": [],
    "asgi": {"spec_version": "2.3"},
}


class Said(BaseModel):
    text: str


class Client:
    """Keeps what is sent to it, and leaves when `left` is set."""

    def __init__(self) -> None:
        self.left = asyncio.Event()
        self.body = b""

    async def receive(self) -> dict[str, object]:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, object]) -> None:
        self.body += message.get("body", b"")


async def one_word_and_silence() -> AsyncIterator[Said]:
    yield Said(text="Once")
    await asyncio.Event().wait()


async def silence() -> AsyncIterator[Said]:
    await asyncio.Event().wait()
    yield Said(text="never")


@pytest.mark.parametrize(
    ("chunks", "sent"), [(silence, b""), (one_word_and_silence, event(Said(text="Once")))]
)
def test_a_stream_closes_when_its_client_leaves(chunks, sent) -> None:
    closed = []

    async def leave_in_the_middle() -> Client:
        client = Client()
        stream = EventStream(chunks(), lambda: closed.append("closed"), {})
        answering = asyncio.create_task(stream(SCOPE, client.receive, client.send))
        while len(client.body) < len(sent):
            await asyncio.sleep(0)
        assert closed == []
        client.left.set()
        await asyncio.wait_for(answering, timeout=10)
        return client

    assert asyncio.run(leave_in_the_middle()).body == sent
    assert closed == ["closed"]


def test_a_stream_closes_when_it_is_over() -> None:
    closed = []

    async def two_words() -> AsyncIterator[Said]:
        yield Said(text="Once")
        yield Said(text="upon")

    async def read() -> Client:
        client = Client()
        await EventStream(two_words(), lambda: closed.append("closed"), {})(
            SCOPE, client.receive, client.send
        )
        return client

    body = asyncio.run(read()).body
    assert body == b'data: {"text":"Once"}\n\ndata: {"text":"upon"}\n\ndata: [DONE]\n\n'
    assert closed == ["closed"]


def test_silence_is_filled_with_comments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "SILENCE_SECONDS", 0.01)

    async def wait_for_three() -> None:
        client = Client()
        stream = EventStream(silence(), lambda: None, {})
        answering = asyncio.create_task(stream(SCOPE, client.receive, client.send))
        while client.body.count(b": ping\n\n") < 3:
            await asyncio.sleep(0.005)
        client.left.set()
        await answering
        assert client.body.replace(b": ping\n\n", b"") == b""

    asyncio.run(asyncio.wait_for(wait_for_three(), timeout=10))


@pytest.mark.parametrize("leaves", [True, False])
def test_a_whole_answer_is_given_up_when_its_client_leaves(leaves: bool) -> None:
    closed, cancelled = [], []

    async def work() -> Said:
        try:
            if leaves:
                await asyncio.Event().wait()
            return Said(text="Once")
        except asyncio.CancelledError:
            cancelled.append("cancelled")
            raise

    async def ask() -> tuple[int, bytes]:
        client = Client()
        if leaves:
            client.left.set()
        request = Request(SCOPE, client.receive)
        answer = await whole_or_gone(request, work(), lambda: closed.append("closed"), {})
        await asyncio.sleep(0)
        return answer.status_code, bytes(answer.body)

    expected = (CLIENT_CLOSED_REQUEST, b"") if leaves else (200, b'{"text":"Once"}')
    assert asyncio.run(ask()) == expected
    assert closed == ["closed"] and bool(cancelled) is leaves


def test_an_error_in_mid_stream_is_its_last_event() -> None:
    async def failing() -> AsyncIterator[Said]:
        yield Said(text="Once")
        raise UpstreamFailed(502, "it hung up")

    async def read() -> list[bytes]:
        return [part async for part in framed(failing())]

    first, last = asyncio.run(read())
    assert first == event(Said(text="Once"))
    assert b'"error"' in last and b"it hung up" in last
