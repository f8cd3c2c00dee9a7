"""`/rounds`: the place that the server offers, and each of its rounds."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from fledge.database import Database
from fledge.feedback.pseudonym import pseudonym
from fledge.observe.rounds import RoundNow, RoundsBoard
from fledge.serve.accounts.pages import page_router
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.rounds.people import there, visiting
from fledge.serve.show.page import Pages

DONE: Mapping[str, str] = {
    "started": "The round has been started. It goes on when this server stops.",
    "stopped": "The round will save its work and stop.",
    "given-up": "The round is given up. Its data stays for the rounds after it.",
    "rolled-back": "The chat offers the earlier model again.",
    "promoted": "The chat offers the model of that round now.",
    "added": "The records wait for the next round.",
    "removed": "The file no longer waits.",
}
"""Notes on the page after a step, by the `done` of its address."""


EVENTS: Mapping[str, str] = {
    "base": "offered first",
    "promoted": "promoted",
    "rolled back": "restored",
}
"""Events of the history in words."""


def rounds_pages(
    identity: Identity, database: Database, board: RoundsBoard | None, pages: Pages
) -> APIRouter:
    """Make the pages, and the route that they read the present round from."""
    router = page_router(pages)
    Manager = Annotated[Person, Depends(visiting(identity, "manage_people"))]  # noqa: N806 (a type)

    @router.get("/rounds")
    def rounds_page(request: Request, person: Manager) -> Response:
        """Show the place, its rounds, and what waits for the next one."""
        judged = database.label_projects.judged()
        projects = database.label_projects.list()
        place, names = there(board).place(), pseudonyms(database)
        context = {
            "place": place,
            "projects": [(each, judged.get(each.id, 0)) for each in projects],
            "may_act": person.may("manage_server"),
            "left_out": list(dict.fromkeys(names.get(each, each) for each in place.left_out)),
            "events": EVENTS,
            "done": DONE.get(request.query_params.get("done", "")),
            "seconds": seconds,
        }
        return pages.show(request, "rounds.html", context, person=person)

    @router.get("/rounds/{number}")
    def round_page(number: str, request: Request, person: Manager) -> Response:
        """Show the report, card and lineage of a round."""
        asked = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0
        context = {
            "about": there(board).about(asked),
            "may_act": person.may("manage_server"),
            "names": pseudonyms(database),
            "seconds": seconds,
        }
        return pages.show(request, "round.html", context, person=person)

    router.include_router(now_routes(identity, board))
    return router


def now_routes(identity: Identity, board: RoundsBoard | None) -> APIRouter:
    """Make the route of the present round."""
    router = APIRouter(include_in_schema=False)

    def manager(person: Annotated[Person, Depends(identity.person)]) -> Person:
        person.require("manage_people")
        return person

    @router.get("/api/rounds/now")
    def now(_: Annotated[Person, Depends(manager)]) -> RoundNow | None:
        """Return the round that is not finished; null where every round is."""
        return there(board).now()

    return router


def pseudonyms(database: Database) -> dict[str, str]:
    """Map ids of accounts, which downloads of labelling name, to pseudonyms for the page."""
    return {each.id: pseudonym(each.id) for each in database.accounts.list()}


def seconds(moment: str) -> float:
    """Return a moment in ISO 8601 as seconds since 1970."""
    return datetime.fromisoformat(moment).timestamp()
