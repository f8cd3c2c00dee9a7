"""Steps of an owner: start, stop and give up a round, promote a model, roll back."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import Field

from fledge.database import Database
from fledge.feedback.pseudonym import pseudonym
from fledge.observe.rounds import RoundsBoard
from fledge.serve.accounts.cookies import go
from fledge.serve.accounts.forms import Form, read
from fledge.serve.accounts.pages import page_router
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.rounds.people import there, visiting
from fledge.serve.show.page import Pages

LONGEST_REASON = 500


class ReasonForm(Form):
    """Reason that the history keeps; it may be empty."""

    why: str = Field("", max_length=LONGEST_REASON)


class RollBackForm(ReasonForm):
    """Round to return to: the one that the page asked about. None is the one before."""

    to: int | None = Field(None, ge=0, le=10**9)


class PromoteForm(Form):
    """Reason for a promotion by hand."""

    why: str = Field(min_length=1, max_length=LONGEST_REASON)


def step_routes(
    identity: Identity, database: Database, board: RoundsBoard | None, pages: Pages
) -> APIRouter:
    """Make the routes; each leads back to the page."""
    router = page_router(pages)
    Owner = Annotated[Person, Depends(visiting(identity, "manage_server"))]  # noqa: N806 (a type)
    Reason = Annotated[ReasonForm, Depends(read(ReasonForm))]  # noqa: N806 (a type)

    @router.post("/rounds/start")
    def start(person: Owner) -> Response:
        """Start a round with the files that wait, or go on with the unfinished one.

        What was collected from people who have objected since, or are gone, is left out.
        """
        allowing = {pseudonym(each.id) for each in database.accounts.list() if each.allows_training}
        there(board).start(allowing)
        database.audit.add(person.id, "round.started")
        return go("/rounds?done=started")

    @router.post("/rounds/stop")
    def stop(person: Owner) -> Response:
        """Ask the round to save and to end."""
        there(board).stop()
        database.audit.add(person.id, "round.stopped")
        return go("/rounds?done=stopped")

    @router.post("/rounds/give-up")
    def give_up(person: Owner, form: Reason) -> Response:
        """End the unfinished round without a model."""
        number = there(board).give_up(form.why or f"{person.name} gave the round up.")
        database.audit.add(person.id, "round.given_up", str(number))
        return go("/rounds?done=given-up")

    @router.post("/rounds/roll-back")
    def roll_back(
        person: Owner, form: Annotated[RollBackForm, Depends(read(RollBackForm))]
    ) -> Response:
        """Offer the model of a round again, or the one before the present one."""
        number = there(board).roll_back(person.name, form.why, form.to)
        database.audit.add(person.id, "round.rolled_back", str(number))
        return go("/rounds?done=rolled-back")

    @router.post("/rounds/{number}/promote")
    def promote(
        number: str, person: Owner, form: Annotated[PromoteForm, Depends(read(PromoteForm))]
    ) -> Response:
        """Offer the model of a finished round, whatever the gate found."""
        asked = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0
        there(board).promote(asked, person.name, form.why)
        database.audit.add(person.id, "round.promoted", str(asked), {"why": form.why})
        return go("/rounds?done=promoted")

    return router
