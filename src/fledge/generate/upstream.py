"""Client of an OpenAI-compatible server: models, streams of chunks, plain requests."""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from fledge.errors import ConfigError, GenerationError

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 5.0
SILENCE_SECONDS = 120.0
"""Seconds of silence after which a server is given up."""
RETRY_SECONDS = 5
UNAVAILABLE = 503
TIMED_OUT = 504

Json = dict[str, Any]

_DELAY = re.compile(r"[0-9]{1,6}")


class UpstreamFailed(GenerationError):
    """The other server refused, failed or could not be reached.

    `status` is the server's own for errors that the client can mend (400, 404, 413, 422, 429), else
    502 to 504.
    """

    def __init__(
        self,
        status: int,
        message: str,
        code: str | None = None,
        param: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.param = param
        self.retry_after = retry_after


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
        with _failures_told(self.shown):
            response = await self._http().post(self.url + path, json=body)
            _require_success(response, response.content)
            return _object(response.content)

    async def stream(self, path: str, body: Json) -> "ChunkStream":
        """Return the answer in chunks, once the server has taken the request.

        Raises:
            UpstreamFailed: the server refused, failed or could not be reached.
        """
        client, taken = self._new_client(), False
        try:
            with _failures_told(self.shown):
                request = client.build_request("POST", self.url + path, json=body)
                response = await client.send(request, stream=True)
                if response.is_error:
                    _require_success(response, await response.aread())
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
        self._reader = asyncio.create_task(self._read())
        self._reader.add_done_callback(self._finish)

    def cancel(self) -> None:
        """Hang up, so that the other server stops; `chunks` ends. Safe to call at any time."""
        self._reader.cancel()

    async def chunks(self) -> AsyncIterator[Json]:
        """Yield each chunk as it comes.

        Raises:
            UpstreamFailed: the server broke off or reported an error.
        """
        while (arrival := await self._arrived.get()) is not None:
            if isinstance(arrival, UpstreamFailed):
                raise arrival
            yield arrival

    async def _read(self) -> None:
        try:
            with _failures_told(self._shown):
                async for line in _lines(self._response):
                    field, _, value = line.partition(b":")
                    if field == b"data" and value.strip() != b"[DONE]":
                        self._arrived.put_nowait(_chunk(value))
        except UpstreamFailed as failure:
            self._arrived.put_nowait(failure)

    def _finish(self, _: asyncio.Task[None]) -> None:
        self._arrived.put_nowait(None)
        # A task of its own: a second `cancel` would interrupt hanging up, and a reader that was
        # cancelled before it began would never do it.
        self._closing = asyncio.create_task(self._client.aclose())


@dataclass(frozen=True, slots=True)
class _failures_told:  # noqa: N801  (a context manager reads like a function)
    """Translates exceptions of httpx and JSON into `UpstreamFailed`."""

    shown: str

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        match error:
            case httpx.TimeoutException():
                logger.warning("the upstream %s took too long", self.shown)
                raise UpstreamFailed(
                    TIMED_OUT, "the upstream took too long", "upstream_timeout"
                ) from error
            case httpx.HTTPError() | httpx.InvalidURL() | httpx.StreamError():
                # Its address is for the log; people who chat have no use for it.
                logger.warning("the upstream %s: %s", self.shown, error)
                raise UpstreamFailed(
                    UNAVAILABLE,
                    "the upstream cannot be reached or broke off",
                    "upstream_unavailable",
                    retry_after=RETRY_SECONDS,
                ) from error


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
    chunk = _object(text)
    error = chunk.get("error")
    if error is not None:
        raise UpstreamFailed(502, f"the upstream failed: {_message(chunk)}", "upstream_error")
    return chunk


def _object(content: bytes) -> Json:
    try:
        value = json.loads(content)
    except ValueError as error:
        raise UpstreamFailed(502, "the upstream's answer is not JSON", "upstream_error") from error
    if not isinstance(value, dict):
        raise UpstreamFailed(502, "the upstream's answer is not an object", "upstream_error")
    return value


def _require_success(response: httpx.Response, content: bytes) -> None:
    """Raise unless the status is a success; pass on errors that the client can mend."""
    if response.is_success:
        return
    status = response.status_code
    body: Json = {}
    with suppress(UpstreamFailed):
        body = _object(content)
    if status in (401, 403):
        raise UpstreamFailed(
            502,
            f"the upstream does not accept this server's key ({status}); its administrator "
            "must name a valid one with --upstream-key-env",
            "upstream_unauthorized",
        )
    if status in (400, 404, 413, 422, 429):
        error = body.get("error")
        fields: Mapping[str, object] = error if isinstance(error, dict) else {}
        raise UpstreamFailed(
            400 if status == 422 else status,
            _message(body) or f"the upstream answers {status}",
            _text(fields.get("code")),
            _text(fields.get("param")),
            _seconds(response.headers.get("retry-after")) if status == 429 else None,
        )
    code = "upstream_unavailable" if status == UNAVAILABLE else "upstream_error"
    retry_after = _seconds(response.headers.get("retry-after")) if status == UNAVAILABLE else None
    raise UpstreamFailed(
        UNAVAILABLE if status == UNAVAILABLE else 502,
        f"the upstream answers {status}: {_message(body) or response.reason_phrase}",
        code,
        retry_after=retry_after,
    )


def _message(body: Json) -> str:
    """Return the message of an error in OpenAI's form, vLLM's older one, or FastAPI's."""
    error = body.get("error", body.get("message", body.get("detail", "")))
    return str(error.get("message", "") if isinstance(error, dict) else error)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _seconds(value: str | None) -> int:
    """Return a `Retry-After` in seconds; a date or any other text becomes the usual wait."""
    return int(value) if value is not None and _DELAY.fullmatch(value) else RETRY_SECONDS
