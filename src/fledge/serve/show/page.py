"""Render the pages from Jinja2 templates; all that moves on them is in `static/`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from fastapi import Request
from fastapi.responses import Response
from fastapi.templating import Jinja2Templates
from markupsafe import Markup

from fledge.serve.people.paths import path_of, root_of
from fledge.serve.people.person import Person
from fledge.serve.people.settings import LiveSettings
from fledge.serve.show.markdown import render

PAGES = Path(__file__).parents[1] / "pages"
STATIC = Path(__file__).parents[1] / "static"
_IMPORT = re.compile(
    r"""^(?:import|export) .*?from "\./([\w-]+\.js)";$""", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Tab:
    """Page that the bar links to, with the name of its icon."""

    path: str
    name: str
    icon: str
    is_current: bool


class Pages:
    """Render the templates in `pages/` with the person who looks and the tabs they may open."""

    def __init__(
        self, settings: LiveSettings, *, login: bool, runs: bool = False, rounds: bool = False
    ) -> None:
        """`settings` have the server's name and logo. Without `login`, no accounts are shown.

        `runs` tells whether there is a folder of training runs to show, `rounds` whether there is
        a place of rounds.
        """
        self._settings = settings
        self._login = login
        self._runs = runs
        self._rounds = rounds
        self._templates = Jinja2Templates(directory=PAGES)
        self._templates.env.filters["instant"] = instant
        self._templates.env.filters["moment"] = moment
        self._templates.env.filters["browser"] = browser
        self._templates.env.filters["sentence"] = sentence
        self._templates.env.filters["markdown"] = markdown

    def show(
        self,
        request: Request,
        template: str,
        context: Mapping[str, object] | None = None,
        *,
        person: Person | None = None,
        status: int = 200,
    ) -> Response:
        """Return a page; `person` is None where nobody has to be logged in."""
        self._settings.refresh()
        return self.show_known(request, template, context, person=person, status=status)

    def show_known(
        self,
        request: Request,
        template: str,
        context: Mapping[str, object] | None = None,
        *,
        person: Person | None = None,
        status: int = 200,
    ) -> Response:
        """Return a page without asking the database, which the event loop must not wait for."""
        server_name, logo = self._settings.name_and_logo
        shared = {
            "root": root_of(request.scope),
            "tabs": tabs(
                person,
                self._login,
                path_of(request.scope),
                runs=self._runs,
                rounds=self._rounds,
            ),
            "has_rounds": self._rounds,
            "person": person,
            "login": self._login,
            "server_name": server_name,
            "logo": logo,
            "modules": modules,
        }
        return self._templates.TemplateResponse(
            request, template, {**shared, **(context or {})}, status_code=status
        )


def moment(time: float) -> str:
    """Return seconds since 1970 as `2026-11-25 00:40 UTC`; times.js shows the viewer's own time."""
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M} UTC"


def instant(time: float) -> str:
    """Return seconds since 1970 as `2026-11-25T00:40:00Z`, which scripts read."""
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%dT%H:%M:%SZ}"


def sentence(text: str) -> str:
    """Capitalise the first letter of an error and end it with a full stop."""
    capitalised = text[:1].upper() + text[1:]
    return capitalised if capitalised.endswith((".", "!", "?", "…")) else f"{capitalised}."


def markdown(text: str) -> Markup:
    """Return a text of ours in Markdown as harmless HTML."""
    return Markup(render(text))


# The order matters: Edge and Opera also say Chrome, and nearly all say Safari.
BROWSERS = {"Edg": "Edge", "OPR": "Opera"} | {
    name: name for name in ("Firefox", "Chrome", "Safari")
}
SYSTEMS = {name: name for name in ("Android", "iPhone", "iPad", "Windows")} | {
    "Mac OS": "macOS",
    "Linux": "Linux",
}


def browser(user_agent: str) -> str:
    """Return a user agent as `Firefox on Linux`; an unknown one stays as it is."""
    name = next((name for mark, name in BROWSERS.items() if mark in user_agent), None)
    system = next((name for mark, name in SYSTEMS.items() if mark in user_agent), None)
    if name is None:
        return user_agent or "Unknown browser"
    return f"{name} on {system}" if system else name


def tabs(
    person: Person | None, login: bool, here: str, *, runs: bool, rounds: bool = False
) -> list[Tab]:
    """Return the pages that a person may open; `/admin` needs a login.

    A page below another belongs to its tab, and every chat to the first.
    """
    if person is None:
        return []
    shown = [("/", "Chat", "chat"), ("/assistants", "Assistants", "spark")]
    if person.may("label"):
        shown.append(("/label", "Label", "label"))
    if person.may("staff"):
        shown.append(("/queue", "Queue", "queue"))
    shown.append(("/usage", "Usage", "usage"))
    if runs and person.may("manage_people"):
        shown.append(("/runs", "Runs", "runs"))
    if rounds and person.may("manage_people"):
        shown.append(("/rounds", "Rounds", "again"))
    if login and person.may("manage_people"):
        shown.append(("/admin", "People", "people"))
    place = "/" if re.match(r"/[ac]/", here) else here
    return [
        Tab(path, name, icon, place == path or (path != "/" and place.startswith(f"{path}/")))
        for path, name, icon in shown
    ]


@cache
def modules(entry: str) -> list[str]:
    """Return a JavaScript module and those that it imports, for a page to load all at once."""
    found = [entry]
    for name in found:
        imported = _IMPORT.findall((STATIC / name).read_text(encoding="utf-8"))
        found += [each for each in imported if each not in found]
    return found
