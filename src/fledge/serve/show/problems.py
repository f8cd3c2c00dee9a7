"""Refusals: a page where a person opened one in a browser, JSON elsewhere."""

from fastapi import Request
from fastapi.responses import Response

from fledge.serve.errors import ApiError
from fledge.serve.people.paths import path_of
from fledge.serve.show.page import Pages

WORDS = {
    "Not Found.": "This page doesn't exist. Check the address, or go back to your chats.",
    "Method Not Allowed.": "This address can't be opened as a page. Go back and try again.",
}
"""Words for people instead of HTTP's own phrases."""


class Problems:
    """Answer with errors; nothing is looked up, because the database may be the one that failed."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def answer(self, request: Request, error: ApiError) -> Response:
        """Return the error as a page or as JSON, with the same status and headers."""
        plain = error.response()
        if not wants_page(request):
            return plain
        context = {"problem": WORDS.get(error.message, error.message)}
        page = self._pages.show_known(request, "problem.html", context, status=error.status)
        for name, value in plain.headers.items():
            page.headers.setdefault(name, value)
        return page


def wants_page(request: Request) -> bool:
    """Return whether a person opened it in a browser; programs and our own scripts want JSON."""
    room = path_of(request.scope).split("/")[1]
    return room not in ("v1", "api") and "text/html" in request.headers.get("accept", "")
