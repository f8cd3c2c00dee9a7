"""The session cookie, and where a login may lead to."""

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from fledge.serve.people.identity import COOKIE

SECONDS = 400 * 24 * 3600
"""The longest that browsers keep a cookie; the session itself ends on the server."""


def set_session(request: Request, response: Response, token: str) -> None:
    """Out of reach of scripts, not sent by other sites' forms, encrypted where the page is."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=SECONDS,
        path="/",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def go(path: str) -> RedirectResponse:
    """Look at a page, by GET."""
    return RedirectResponse(path, status_code=303)


def local(path: str) -> str:
    """The path if it stays on this server, else the chat: a link must not lead away."""
    stays = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if stays else "/"
