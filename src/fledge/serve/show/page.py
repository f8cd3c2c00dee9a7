"""The pages as HTML: one Jinja2 environment; everything that moves is in `static/`."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from fastapi import Request
from fastapi.responses import Response
from fastapi.templating import Jinja2Templates

from fledge.serve.people.person import Person

PAGES = Path(__file__).parents[1] / "pages"
STATIC = Path(__file__).parents[1] / "static"
_IMPORT = re.compile(
    r"""^(?:import|export) .*?from "\./([\w-]+\.js)";$""", re.MULTILINE | re.DOTALL
)


class Pages:
    """Renders the templates in `pages/` with what all of them need: who looks, and at what."""

    def __init__(self, *, login: bool) -> None:
        """Without `login` there are no accounts to show."""
        self._login = login
        self._templates = Jinja2Templates(directory=PAGES)
        self._templates.env.filters["moment"] = moment
        self._templates.env.filters["browser"] = browser

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
            "tabs": tabs(person, self._login),
            "person": person,
            "login": self._login,
            "modules": modules,
        }
        return self._templates.TemplateResponse(
            request, template, {**shared, **(context or {})}, status_code=status
        )


def moment(time: float) -> str:
    """`2026-11-25 00:40`, in UTC, of seconds since 1970."""
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M}"


# In the order to look: Chrome is in what Edge and Opera say, Safari in what nearly all say.
BROWSERS = {"Edg": "Edge", "OPR": "Opera"} | {
    name: name for name in ("Firefox", "Chrome", "Safari")
}
SYSTEMS = {name: name for name in ("Android", "iPhone", "iPad", "Windows")} | {
    "Mac OS": "macOS",
    "Linux": "Linux",
}


def browser(user_agent: str) -> str:
    """`Firefox on Linux`, of what a browser says of itself; what is not known stays as it is."""
    name = next((name for mark, name in BROWSERS.items() if mark in user_agent), None)
    system = next((name for mark, name in SYSTEMS.items() if mark in user_agent), None)
    if name is None:
        return user_agent or "A program"
    return f"{name} on {system}" if system else name


def tabs(person: Person | None, login: bool) -> list[tuple[str, str]]:
    """The pages in the bar, as path and name, that a person may open; without login no `/admin`."""
    if person is None:
        return []
    shown = [("/", "Chat"), ("/assistants", "Assistants")]
    if person.may("staff"):
        shown.append(("/queue", "Queue"))
    if login and person.may("manage_people"):
        shown.append(("/admin", "People"))
    return shown


@cache
def modules(entry: str) -> list[str]:
    """A JavaScript module and those that it imports, so that a page may ask for all at once."""
    found = [entry]
    for name in found:
        imported = _IMPORT.findall((STATIC / name).read_text(encoding="utf-8"))
        found += [each for each in imported if each not in found]
    return found
