"""`/learned`: the models that learned from the person who asks, and the wish to be left out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from fledge.database import Database
from fledge.feedback.pseudonym import pseudonym
from fledge.observe.rounds import RoundsBoard
from fledge.serve.accounts.cookies import go
from fledge.serve.accounts.pages import page_router
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.rounds.people import there
from fledge.serve.show.page import Pages


def learned_routes(
    identity: Identity, database: Database, board: RoundsBoard | None, pages: Pages
) -> APIRouter:
    """Make the routes of one's own part in the models."""
    router = page_router(pages)
    Visitor = Annotated[Person, Depends(identity.visitor)]  # noqa: N806 (a type)

    @router.get("/learned")
    def learned_page(request: Request, person: Visitor) -> Response:
        """Show the models that learned from the person."""
        place, names = there(board), names_of(person)
        context = {
            "models": place.learned_from(names),
            "pseudonym": pseudonym(person.id),
            "is_out": place.is_left_out(names),
        }
        return pages.show(request, "learned.html", context, person=person)

    @router.post("/learned/leave-out")
    def leave_out(person: Visitor) -> Response:
        """Let no later round use the person's records."""
        there(board).leave_out(names_of(person))
        database.audit.add(person.id, "learning.refused")
        return go("/learned")

    return router


def names_of(person: Person) -> tuple[str, str]:
    """Return the names that records have for a person: the pseudonym, or the account's id."""
    return (pseudonym(person.id), person.id)
