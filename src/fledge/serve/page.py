"""The pages as HTML: one Jinja2 environment; everything that moves is in `static/`."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from fastapi import Request
from fastapi.responses import Response
from fastapi.templating import Jinja2Templates

from fledge.serve.people import People
from fledge.serve.person import Person

PAGES = Path(__file__).parent / "pages"


class Pages:
    """Renders the templates in `pages/` with what all of them need: who looks, and at what."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._templates = Jinja2Templates(directory=PAGES)
        self._templates.env.filters["moment"] = moment

    def show(
        self,
        request: Request,
        template: str,
        context: Mapping[str, object] | None = None,
        *,
        person: Person | None = None,
        status: int = 200,
    ) -> Response:
        """A page. `person` is None where nobody has to be logged in."""
        shared = {
            "here": request.url.path,
            "tabs": tabs(person),
            "person": person,
            "login": self._people.login,
        }
        return self._templates.TemplateResponse(
            request, template, {**shared, **(context or {})}, status_code=status
        )


def moment(time: float) -> str:
    """`2026-11-25 00:40`, in UTC, of seconds since 1970."""
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M}"


def tabs(person: Person | None) -> list[tuple[str, str]]:
    """The pages in the bar, as path and name, that a person may open."""
    if person is None:
        return []
    shown = [("/", "Chat"), ("/assistants", "Assistants")]
    return [*shown, ("/queue", "Queue")] if person.may("staff") else shown
