"""Set the session cookie, and redirect after a login or a form."""

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from fledge.serve.people.identity import COOKIE
from fledge.serve.people.paths import root_of

SECONDS = 400 * 24 * 3600
"""Seconds: browsers keep no cookie longer. The session itself ends on the server."""


def set_session(request: Request, response: Response, token: str) -> None:
    """Set the cookie: hidden from scripts and other sites' forms, and encrypted over HTTPS."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=SECONDS,
        path=root_of(request.scope) or "/",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def forget_session(request: Request, response: Response) -> None:
    """Remove the cookie from the browser."""
    response.delete_cookie(COOKIE, path=root_of(request.scope) or "/")


def go(path: str) -> RedirectResponse:
    """Redirect to a page, which the browser then gets."""
    return RedirectResponse(path, status_code=303)


def local(path: str) -> str:
    """Return the path if it stays on this server, else the chat: a link must not lead elsewhere."""
    stays = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if stays else "/"
