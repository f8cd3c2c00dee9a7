"""Refuse bodies that are too large, too slow, or JSON too deep, before a route reads them."""

import asyncio
import re
from dataclasses import dataclass

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fledge.serve.http.error_handlers import from_http

MAX_BODY_BYTES = 4 * 1024 * 1024
DRAINED_BYTES = 64 * 1024 * 1024
"""Bytes of an oversized body to read before the answer. A client that is still sending when the
connection closes sees a broken pipe and no answer."""
MOST_HELD_BYTES = 256 * 1024 * 1024
"""Bytes of all bodies together that have begun to arrive and are not complete."""
LONGEST_LENGTH = 15
SILENT_SECONDS = 20.0
"""Seconds within which the next part of a body must come."""
BODY_SECONDS = 120.0
"""Seconds for a whole body: four MiB at the pace of a bad mobile connection."""
MOST_LEVELS = 100
"""Lists and objects in one another; deeper JSON overflows the stack of whatever walks it."""

_TOO_LARGE = f"The body is larger than {MAX_BODY_BYTES:,} bytes."
_TOO_SLOW = "The body did not arrive in time. Send the request again."
_TOO_MANY = "Too many requests are being sent at once. Try again in a moment."
_CLOSE = {"connection": "close"}
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF")
"""Beginnings of pictures. No JSON begins like one, and the bytes of a picture hold brackets."""
_LENGTH = re.compile(r"[0-9]+")
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_BRACKETS = np.zeros(256, dtype=np.int8)
_BRACKETS[list(b"[{")] = 1
_BRACKETS[list(b"]}")] = -1


class BodyChecks:
    """Read the whole body before the app does, in bounded time and memory.

    FastAPI's own limit answers in plain text, which the official client cannot read.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            message = await self._whole(scope, receive)
        except HTTPException as error:
            refusal = from_http(error).response()
            refusal.headers.update(error.headers or {})
            await refusal(scope, receive, send)
            return
        waiting = [message]

        async def replayed() -> Message:
            return waiting.pop() if waiting else await receive()

        del message  # an answer may take minutes; its request should not be kept as long
        await self._app(scope, replayed, send)

    async def _whole(self, scope: Scope, receive: Receive) -> Message:
        """Return the whole body as one message, or the news that the client has left.

        Raises:
            HTTPException: 400, 408, 413 or 503.
        """
        held = _Held()
        try:
            body = await self._body(scope, receive, held)
        finally:
            self._bytes -= held.bytes
        if body is None:
            return {"type": "http.disconnect"}
        if await levels(body) > MOST_LEVELS:
            raise HTTPException(
                400, f"The body nests lists and objects deeper than {MOST_LEVELS} levels."
            )
        return {"type": "http.request", "body": body, "more_body": False}

    async def _body(self, scope: Scope, receive: Receive, held: "_Held") -> bytes | None:
        """Return the body, or None where the client leaves before its end.

        Raises:
            HTTPException: 408 where it comes too slowly, 413 where it is too large, 503 where
                too many bodies are half sent.
        """
        is_large = _declares_more(Headers(scope=scope).get("content-length", ""))
        parts: list[bytes] = []
        received = 0
        try:
            async with asyncio.timeout(BODY_SECONDS):
                while received <= DRAINED_BYTES:
                    async with asyncio.timeout(SILENT_SECONDS):
                        message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    part = message.get("body", b"")
                    received += len(part)
                    if received <= MAX_BODY_BYTES and not is_large:
                        self._bytes += len(part)
                        held.bytes += len(part)
                        parts.append(part)
                    if self._bytes > MOST_HELD_BYTES:
                        raise HTTPException(503, _TOO_MANY, {**_CLOSE, "retry-after": "5"})
                    if not message.get("more_body", False):
                        break
        except TimeoutError:
            raise HTTPException(408, _TOO_SLOW, _CLOSE) from None
        if is_large or received > MAX_BODY_BYTES:
            raise HTTPException(413, _TOO_LARGE)
        return b"".join(parts)


@dataclass(slots=True)
class _Held:
    """Bytes of one body that are in memory."""

    bytes: int = 0


def _declares_more(length: str) -> bool:
    """Return whether a `Content-Length` is above the limit; one that is no number says nothing."""
    is_number = _LENGTH.fullmatch(length) is not None
    return is_number and (len(length) > LONGEST_LENGTH or int(length) > MAX_BODY_BYTES)


async def levels(body: bytes) -> int:
    """Return how deeply lists and objects of a JSON text stand in one another, at most."""
    if body.startswith(_PICTURES):
        return 0
    openings = body.count(b"[") + body.count(b"{")
    if openings <= MOST_LEVELS:
        return openings
    return await run_in_threadpool(_levels, body)


def _levels(body: bytes) -> int:
    bare = np.frombuffer(_STRING.sub(b"", body), dtype=np.uint8)
    return int(np.cumsum(_BRACKETS[bare], dtype=np.int64).max(initial=0))
