"""Check each request's host, and add headers to each answer.

This is plain ASGI: Starlette's middleware base class would buffer between a stream and its client.
"""

import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fledge.serve.errors import ApiError
from fledge.serve.http.error_handlers import Answering
from fledge.serve.people.paths import path_of

SECURITY_HEADERS = {
    "content-security-policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


class KnownHosts:
    """Answer only requests whose `Host` header is one of `names`, whatever its port; `"*"` is any.

    Without this check a page of another site could read a local server by pointing its own name
    here. `answer` words the refusal.
    """

    def __init__(self, app: ASGIApp, names: frozenset[str], answer: Answering) -> None:
        self._app = app
        self._answer = answer
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._knows(Headers(scope=scope).get("host", "")):
            error = ApiError(
                400, "This server does not answer to this host name.", code="unknown_host"
            )
            await self._answer(Request(scope), error)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _knows(self, host: str) -> bool:
        name, colon, port = host.rpartition(":")
        bare = name if colon and port.isascii() and port.isdigit() else host
        return "*" in self._names or bare.lower() in self._names


class ReplyHeaders:
    """Add an `x-request-id`, security headers and cache control to every answer.

    The id is also in the request's state, for the log.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = f"req_{uuid.uuid4().hex}"
        scope.setdefault("state", {})["request_id"] = request_id
        is_static = path_of(scope).startswith("/static/")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = request_id
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                if is_static:
                    headers["cache-control"] = "no-cache"  # revalidated by its ETag
                # A chat must not come back from a cache after its person has logged out.
                headers.setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers)
