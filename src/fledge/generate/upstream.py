"""Client of an OpenAI-compatible server: models, streams of chunks, plain requests."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import httpx

from fledge.errors import ConfigError
from fledge.generate.upstream_errors import (
    UpstreamBrokeOff,
    UpstreamFailed,
    failures_told,
    json_body,
    json_object,
    require_success,
    told_failure,
)

CONNECT_SECONDS = 5.0
JSON_HEADERS = {"content-type": "application/json"}
SILENCE_SECONDS = 120.0
"""Seconds of silence after which a server is given up."""

Json = dict[str, Any]


class UpstreamServer:
    """A server at a base URL such as `http://gpu-box:8000/v1`; make it where its loop runs."""

    def __init__(
        self, url: str, key: str | None = None, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.url = url.rstrip("/")
        self.shown = without_password(self.url)
        self._headers = {} if key is None else {"authorization": f"Bearer {key}"}
        self._transport = transport
        self._client: httpx.AsyncClient | None = None
        self._tls = httpx.create_ssl_context()  # once: it takes 20 ms

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()

    def model_list(self) -> list[Json]:
        """List the models of `/models`, without an event loop, before the server starts.

        Raises:
            ConfigError: the server gives no list; the message says why.
        """
        try:
            response = httpx.get(
                f"{self.url}/models", headers=self._headers, timeout=CONNECT_SECONDS
            )
            response.raise_for_status()
            models = response.json()["data"]
            return [model for model in models if isinstance(model["id"], str)]
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            hints = dict.fromkeys((401, 403), "name its key with --upstream-key-env")
            hint = hints.get(status, "give the address that ends in /v1 of a server that runs")
            raise ConfigError(f"{self.shown}/models answers {status}; {hint}") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ConfigError(
                f"{self.shown} cannot be reached ({error}); give the address that ends in /v1 of a "
                "server that runs, as http://localhost:8001/v1"
            ) from error
        except (ValueError, LookupError, TypeError) as error:
            raise ConfigError(
                f"{self.shown}/models is not a list of models as OpenAI's API has it; give the "
                "address that ends in /v1"
            ) from error

    async def post(self, path: str, body: Json) -> Json:
        """Return the answer to a whole request; `path` is relative to the base URL.

        Raises:
            UpstreamFailed: the server refused, failed or could not be reached.
        """
        with failures_told(self.shown):
            response = await self._http().post(
                self.url + path, content=json_body(body), headers=JSON_HEADERS
            )
            require_success(response, response.content)
            return json_object(response.content)

    async def stream(self, path: str, body: Json) -> "ChunkStream":
        """Return the answer in chunks, once the server has taken the request.

        Raises:
            UpstreamFailed: the server refused, failed or could not be reached.
        """
        client, taken = self._new_client(), False
        try:
            with failures_told(self.shown):
                request = client.build_request(
                    "POST", self.url + path, content=json_body(body), headers=JSON_HEADERS
                )
                response = await client.send(request, stream=True)
                if response.is_error:
                    require_success(response, await response.aread())
                taken = True
                return ChunkStream(response, client, self.shown)
        finally:
            if not taken:
                await client.aclose()

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = self._new_client()
        return self._client

    def _new_client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            headers=self._headers,
            timeout=httpx.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS, pool=None),
            limits=httpx.Limits(max_connections=None),
            transport=self._transport,
            verify=self._tls,
        )


class ChunkStream:
    """Chunks of one answer, read as they come; `cancel` ends it at any time.

    Each has a client, and so a connection, of its own: closing a response whose reader was
    cancelled does not always close a connection that the pool holds.
    """

    def __init__(self, response: httpx.Response, client: httpx.AsyncClient, shown: str) -> None:
        self._response = response
        self._client = client
        self._shown = shown
        self._arrived: asyncio.Queue[Json | UpstreamFailed | None] = asyncio.Queue()
        self._is_done = False
        self.is_cancelled = False
        """True for a stream that we ended."""
        self._reader = asyncio.create_task(self._read())
        self._reader.add_done_callback(self._finish)

    def cancel(self) -> None:
        """Hang up, so that the other server stops; `chunks` ends. Safe to call at any time."""
        self.is_cancelled = self.is_cancelled or not self._reader.done()
        self._reader.cancel()

    @property
    def is_whole(self) -> bool:
        """True after `[DONE]`, and for a stream that we ended; read it after `chunks`."""
        return self._is_done or self.is_cancelled

    async def chunks(self) -> AsyncIterator[Json]:
        """Yield each chunk as it comes.

        Raises:
            UpstreamFailed: the server gave no chunk, but an error or garbage.
            UpstreamBrokeOff: it did so after a chunk.
        """
        has_begun = False
        while (arrival := await self._arrived.get()) is not None:
            if isinstance(arrival, UpstreamFailed):
                raise UpstreamBrokeOff.after(arrival) if has_begun else arrival
            has_begun = True
            yield arrival

    async def _read(self) -> None:
        try:
            with failures_told(self._shown):
                async for line in _lines(self._response):
                    field, _, value = line.partition(b":")
                    if field == b"error":  # llama.cpp
                        raise told_failure(json_object(value))
                    if field != b"data":
                        continue
                    if value.strip() == b"[DONE]":
                        self._is_done = True
                    elif value.strip():
                        self._arrived.put_nowait(_chunk(value))
        except UpstreamFailed as failure:
            self._arrived.put_nowait(failure)

    def _finish(self, _: asyncio.Task[None]) -> None:
        self._arrived.put_nowait(None)
        # A task of its own: a second `cancel` would interrupt hanging up, and a reader that was
        # cancelled before it began would never do it.
        self._closing = asyncio.create_task(self._client.aclose())


def without_password(url: str) -> str:
    """Drop a password for messages: `http://user:secret@host/v1` is `http://host/v1`."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


async def _lines(response: httpx.Response) -> AsyncIterator[bytes]:
    """Yield the lines of server-sent events; httpx's own also end at U+2028, which is text."""
    held = b""
    async for received in response.aiter_bytes():
        *lines, held = (held + received).split(b"\n")
        for line in lines:
            yield line.removesuffix(b"\r")
    if held:
        yield held


def _chunk(text: bytes) -> Json:
    chunk = json_object(text)
    if chunk.get("error") is not None or chunk.get("object") == "error":
        raise told_failure(chunk)
    return chunk
