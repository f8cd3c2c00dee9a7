"""Server-sent events, framed as the official client reads them: `data: {…}`, then `[DONE]`."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import TypeVar

from fastapi import Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

from fledge.errors import FledgeError
from fledge.serve.api_errors import from_fledge

T = TypeVar("T")

HEADERS = {"cache-control": "no-cache", "x-accel-buffering": "no"}


def event(data: BaseModel) -> bytes:
    """One event; fields that were not set are not sent. JSON escapes keep it on one line."""
    return b"data: " + data.model_dump_json(exclude_unset=True).encode() + b"\n\n"


async def framed(chunks: AsyncIterator[BaseModel]) -> AsyncIterator[bytes]:
    """The stream as bytes; an error after its start is its last event, without `[DONE]`."""
    try:
        async for chunk in chunks:
            yield event(chunk)
        yield b"data: [DONE]\n\n"
    except FledgeError as error:
        yield event(from_fledge(error).reply())


class EventStream(StreamingResponse):
    """The HTTP response; calls `on_close` when it is over, also where the client left early."""

    def __init__(self, chunks: AsyncIterator[BaseModel], on_close: Callable[[], None]) -> None:
        super().__init__(
            framed(chunks), media_type="text/event-stream; charset=utf-8", headers=HEADERS
        )
        self._on_close = on_close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._on_close()


async def unless_disconnected(http: Request, work: Coroutine[object, object, T]) -> T | None:
    """The result of `work`, or None where the client left before it was there."""
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(_disconnect(http))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        working.cancel()
        leaving.cancel()


async def _disconnect(http: Request) -> None:
    while (await http.receive())["type"] != "http.disconnect":
        pass
