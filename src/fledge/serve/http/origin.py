"""Refuse requests that another site makes a browser send: they carry the person's cookie.

The check reads headers that only a browser sets (`Sec-Fetch-Site`, `Origin`), so forms need no
token.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request, cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from fledge.serve.errors import ApiError
from fledge.serve.http.error_handlers import Answering
from fledge.serve.people.identity import COOKIE

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class SameOrigin:
    """Allow safe methods, same-origin requests, and requests without cookies.

    `answer` words the refusal of all others.
    """

    def __init__(self, app: ASGIApp, answer: Answering) -> None:
        self._app = app
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS:
            headers = Headers(scope=scope)
            if not is_meant(headers):
                error = ApiError(
                    403,
                    "This request came from another site. Use this server's own pages.",
                    type="permission_error",
                    code="cross_site",
                )
                await self._answer(Request(scope), error)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def is_meant(headers: Headers) -> bool:
    """Return whether our own page sent the request, or no page did.

    A request with an API key is not checked: no browser adds one by itself.
    """
    if headers.get("authorization", "").lower().startswith("bearer "):
        return True
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc == headers.get("host", "")
    return COOKIE not in cookie_parser(headers.get("cookie", ""))
