"""Files of the next round: collected on this server, uploaded, or removed again by an owner."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from fledge.database import Database
from fledge.errors import FledgeError
from fledge.observe.rounds import COLLECTED, RoundsBoard
from fledge.serve.accounts.cookies import go
from fledge.serve.accounts.forms import BadForm, Form, read
from fledge.serve.accounts.pages import page_router
from fledge.serve.errors import ApiError
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.rounds.collected import collected
from fledge.serve.rounds.people import there, visiting
from fledge.serve.show.page import Pages


class CollectForm(Form):
    """Labelling projects to take judgements from, and whether to take feedback from chats."""

    projects: tuple[str, ...] = ()
    chats: Literal["yes", "no"] = "no"


class RemoveForm(Form):
    """Waiting file to delete."""

    name: str


def file_routes(
    identity: Identity, database: Database, board: RoundsBoard | None, pages: Pages
) -> APIRouter:
    """Make the routes of the files that wait."""
    router = page_router(pages)
    Owner = Annotated[Person, Depends(visiting(identity, "manage_server"))]  # noqa: N806 (a type)

    @router.post("/rounds/collect")
    def collect(
        person: Owner, form: Annotated[CollectForm, Depends(read(CollectForm))]
    ) -> Response:
        """Write what people gave on this server into a file that waits for the next round."""
        place = there(board)
        # A round may train on them from now on, so their labellers cannot take them back.
        for each in form.projects:
            database.label_steps.rely_on(each)
        content = collected(database, form.projects, chats=form.chats == "yes")
        if not content:
            raise BadForm(
                "there is no feedback in what was chosen that may be used for training; choose "
                "other projects, or wait until people have labelled"
            )
        added = place.add(f"{COLLECTED}{datetime.now(UTC):%Y%m%d-%H%M%S}.jsonl", content)
        database.audit.add(person.id, "feedback.added", added.name)
        return go("/rounds?done=added#next")

    @router.post("/rounds/remove")
    def remove(person: Owner, form: Annotated[RemoveForm, Depends(read(RemoveForm))]) -> Response:
        """Delete a file that waits."""
        there(board).remove(form.name)
        database.audit.add(person.id, "feedback.removed", form.name)
        return go("/rounds?done=removed#next")

    router.include_router(upload_routes(identity, database, board))
    return router


def upload_routes(identity: Identity, database: Database, board: RoundsBoard | None) -> APIRouter:
    """Make the route that takes a file."""
    router = APIRouter(include_in_schema=False)

    def owner(person: Annotated[Person, Depends(identity.person)]) -> Person:
        person.require("manage_server")
        return person

    @router.put("/api/rounds/files/{name}", status_code=201)
    async def upload(
        name: str, request: Request, person: Annotated[Person, Depends(owner)]
    ) -> Response:
        """Keep a file of records for the next round."""
        place, content = there(board), await request.body()
        if name.startswith(COLLECTED):
            name = f"uploaded-{name}"
        try:
            added = await run_in_threadpool(place.add, name, content)
        except FledgeError as error:
            raise ApiError(400, str(error), code="bad_file") from error
        await run_in_threadpool(database.audit.add, person.id, "feedback.added", added.name)
        return JSONResponse({"name": added.name, "counts": dict(added.counts)}, 201)

    return router
