"""Allow pages of named other sites to call `/v1` from a browser (CORS), always without cookies.

This is plain ASGI around everything else, so that a page can read errors too.
"""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fledge.errors import ConfigError
from fledge.serve.people.paths import path_of

ANY = "*"
METHODS = "GET, POST, DELETE"
PREFLIGHT_SECONDS = 600
READABLE = (
    "x-request-id, retry-after, retry-after-ms, x-should-retry, "
    "x-ratelimit-limit-requests, x-ratelimit-remaining-requests, x-ratelimit-reset-requests, "
    "x-ratelimit-limit-tokens, x-ratelimit-remaining-tokens, x-ratelimit-reset-tokens"
)
"""Response headers that a script may read besides those that it always may."""
OF_BROWSERS = (b"cookie", b"origin", b"sec-fetch-site")

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/?#@*,;\"']+")
_HEADER_NAMES = re.compile(r"[\w!#$%&'*+.^`|~ ,-]{1,1000}", re.ASCII)


def parse_origin(text: str) -> str:
    """Return an origin such as `https://app.example:8443` as a browser names it, or `"*"`.

    Raises:
        ConfigError: it is no origin, or more than one.
    """
    origin = text.strip().rstrip("/").lower()
    if origin != ANY and not _ORIGIN.fullmatch(origin):
        raise ConfigError(
            f"--allow-origin {text}: expected the start of a page's address, such as "
            "https://app.example, without a path"
        )
    return origin


class CrossOrigin:
    """Answer preflight requests, and remove the cookie from requests of another site.

    Without its cookie such a request needs an API key wherever there are accounts.
    """

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        """`origins` are as `parse_origin` gives them; none switches this off."""
        self._app = app
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._is_welcome(scope):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        allowed = self._allowed(headers["origin"])
        if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await Response(status_code=204, headers={**allowed, **preflight(headers)})(
                scope, receive, send
            )
            return

        async def send_readable(message: Message) -> None:
            if message["type"] == "http.response.start":
                reply = MutableHeaders(scope=message)
                for name, value in allowed.items():
                    reply[name] = value
                reply["access-control-expose-headers"] = READABLE
            await send(message)

        plain = [each for each in scope["headers"] if each[0] not in OF_BROWSERS]
        await self._app({**scope, "headers": plain}, receive, send_readable)

    def _is_welcome(self, scope: Scope) -> bool:
        """Return whether a page of a named other site asks for the API."""
        headers = Headers(scope=scope)
        origin = headers.get("origin", "")
        is_ours = urlsplit(origin).netloc == headers.get("host", "")
        is_named = origin in self._origins or (ANY in self._origins and origin != "")
        return path_of(scope).startswith("/v1/") and is_named and not is_ours

    def _allowed(self, origin: str) -> dict[str, str]:
        return {"access-control-allow-origin": origin, "vary": "Origin"}


def preflight(headers: Headers) -> dict[str, str]:
    """Return the headers of a preflight answer; every header that was asked about is allowed."""
    asked = headers.get("access-control-request-headers", "")
    return {
        "access-control-allow-methods": METHODS,
        "access-control-allow-headers": asked if _HEADER_NAMES.fullmatch(asked) else "",
        "access-control-max-age": str(PREFLIGHT_SECONDS),
    }
