"""Server-sent events, framed as the official client reads them: `data: {…}`, then `[DONE]`."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel
from starlette.types import Message, Receive, Scope, Send

from fledge.errors import FledgeError
from fledge.serve.http.error_handlers import from_fledge

CLIENT_CLOSED_REQUEST = 499  # nginx's code for an answer that nobody reads

SILENCE_SECONDS = 15.0
PING = b": ping\n\n"

HEADERS = {"cache-control": "no-cache", "x-accel-buffering": "no"}


Chunk = BaseModel | dict[str, Any]


def event(data: Chunk) -> bytes:
    """Return one event; unset fields are not sent, and JSON escapes keep it on one line."""
    if isinstance(data, BaseModel):
        return b"data: " + data.model_dump_json(exclude_unset=True).encode() + b"\n\n"
    return b"data: " + json.dumps(data).encode() + b"\n\n"


async def framed(chunks: AsyncIterator[Chunk]) -> AsyncIterator[bytes]:
    """Frame a stream as bytes; an error after its start is its last event, without `[DONE]`."""
    try:
        async for chunk in chunks:
            yield event(chunk)
        yield b"data: [DONE]\n\n"
    except FledgeError as error:
        yield event(from_fledge(error).reply())


class EventStream(StreamingResponse):
    """Stream events, and call `on_close` when the stream is over or the client has left.

    During a silence, as in a long line, comments keep proxies from hanging up.
    """

    def __init__(
        self,
        chunks: AsyncIterator[Chunk],
        on_close: Callable[[], None],
        headers: Mapping[str, str],
        frame: Callable[[AsyncIterator[Chunk]], AsyncIterator[bytes]] = framed,
    ) -> None:
        super().__init__(
            frame(chunks),
            media_type="text/event-stream; charset=utf-8",
            headers={**HEADERS, **headers},
        )
        self._on_close = on_close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._on_close()

    async def stream_response(self, send: Send) -> None:
        """Send the body; Starlette calls this."""
        clock = asyncio.get_running_loop().time
        last = clock()

        async def noted(message: Message) -> None:
            nonlocal last
            last = clock()
            await send(message)

        async def ping() -> None:
            while True:
                await asyncio.sleep(max(0.0, last + SILENCE_SECONDS - clock()))
                if clock() - last >= SILENCE_SECONDS:
                    await noted({"type": "http.response.body", "body": PING, "more_body": True})

        pinging = asyncio.create_task(ping())
        try:
            await super().stream_response(noted)
        finally:
            pinging.cancel()


async def whole_or_gone(
    http: Request,
    work: Coroutine[object, object, BaseModel],
    on_close: Callable[[], None],
    headers: Mapping[str, str],
) -> Response:
    """Return the result of `work` as JSON; where the client leaves first, cancel it."""
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(_disconnect(http))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            return Response(status_code=CLIENT_CLOSED_REQUEST)
        body = working.result().model_dump_json(by_alias=True)
        return Response(body, media_type="application/json", headers=dict(headers))
    finally:
        working.cancel()
        leaving.cancel()
        on_close()


async def _disconnect(http: Request) -> None:
    while (await http.receive())["type"] != "http.disconnect":
        pass
