"""Another OpenAI-compatible server that says what a test wants, without any network."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import pytest
from fastapi.testclient import TestClient

from fledge.generate.upstream import UpstreamServer
from fledge.serve import create_app
from fledge.serve.models.remote import upstream_models


class Lines(httpx.AsyncByteStream):
    """Lines of a stream, with an error in their midst where one of them is one."""

    def __init__(self, *lines: bytes | Exception) -> None:
        self.lines = lines

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for line in self.lines:
            if isinstance(line, Exception):
                raise line
            yield line


@dataclass
class Other:
    """The other server: what it answers, and what it was asked."""

    reply: Callable[[], httpx.Response] = lambda: httpx.Response(500)
    error: Exception | None = None
    entered: threading.Event = field(default_factory=threading.Event)
    gate: threading.Event | None = None
    asked: list[tuple[str, dict]] = field(default_factory=list)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((request.url.path, json.loads(request.content)))
        self.entered.set()
        if self.gate is not None:
            await asyncio.to_thread(self.gate.wait, 30)
        if self.error is not None:
            raise self.error
        return self.reply()

    def says(self, *chunks: object) -> None:
        """Answer with these chunks from now on; an exception is where it breaks off."""
        lines = [
            chunk if isinstance(chunk, Exception) else f"data: {json.dumps(chunk)}\n\n".encode()
            for chunk in chunks
        ]
        self.reply = lambda: httpx.Response(200, stream=Lines(*lines))


LISTED = {"data": [{"id": "tiny", "name": "Tiny", "max_model_len": 64, "created": 5}]}


@contextmanager
def behind(other: Other, **options: object) -> Iterator[TestClient]:
    """A client of our server, which has the other's model only."""
    transport = httpx.MockTransport(other)
    listing = httpx.Response(200, json=LISTED, request=httpx.Request("GET", "http://other"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx, "get", lambda *_, **__: listing)
        models = upstream_models(UpstreamServer("http://other/v1", "secret", transport))
    with TestClient(create_app(models, **options), "http://localhost") as client:
        yield client


def chunk(text: str = "", reason: str | None = None, **fields: object) -> dict:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": reason, **fields}
    return {"choices": [choice]}


def usage(read: int, wrote: int) -> dict:
    tokens = {"prompt_tokens": read, "completion_tokens": wrote, "total_tokens": read + wrote}
    return {"choices": [], "usage": tokens}
