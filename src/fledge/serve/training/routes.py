"""`/runs`: the runs of a folder, their curves, samples and warnings, for those who manage people.

An owner also starts and stops them.
"""

from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from fledge.database import Database
from fledge.errors import ConfigError
from fledge.observe.board import Board, MetricsPart, RunAbout, RunList
from fledge.observe.folder import RunUnavailable
from fledge.observe.lines import Place
from fledge.observe.samples import SampledPrompt
from fledge.serve.accounts.pages import page_router
from fledge.serve.errors import ApiError
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.show.page import Pages

MOST_COMPARED = 8
"""Runs on one chart; there are as many colours."""
LONGEST_NAME = 1_000
Found = TypeVar("Found")
Name = Annotated[str, Query(max_length=LONGEST_NAME)]


class StartAsked(BaseModel):
    """Run file to start, by its name in the folder."""

    file: str


class StopAsked(BaseModel):
    """Run to stop, by its name in the folder."""

    run: str


class Started(BaseModel):
    """Run that was started."""

    run: str


def training_routes(
    identity: Identity, database: Database, board: Board | None, pages: Pages
) -> APIRouter:
    """Make the pages and their routes; without a board they say how a server gets one."""
    router = APIRouter(include_in_schema=False)
    router.include_router(training_pages(identity, board, pages))
    router.include_router(reading_routes(identity, board))
    router.include_router(acting_routes(identity, database, board))
    return router


def training_pages(identity: Identity, board: Board | None, pages: Pages) -> APIRouter:
    """Make the two pages; all that they show comes through the other routes."""
    router = page_router(pages)

    def manager(request: Request) -> Person:
        person = identity.visitor(request)
        person.require("manage_people")
        return person

    Manager = Annotated[Person, Depends(manager)]  # noqa: N806 (a type)

    @router.get("/runs", response_class=HTMLResponse)
    def runs_page(request: Request, person: Manager) -> Response:
        """Show the list of runs."""
        context = {"folder": there(board).root, "may_act": person.may("manage_server")}
        return pages.show(request, "runs.html", context, person=person)

    @router.get("/runs/compare", response_class=HTMLResponse)
    def compare_page(
        request: Request, person: Manager, run: Annotated[list[str] | None, Query()] = None
    ) -> Response:
        """Show some runs on the same charts."""
        there(board)
        names = list(dict.fromkeys(run or ()))
        if len(names) > MOST_COMPARED:
            raise ApiError(400, f"At most {MOST_COMPARED} runs fit on a chart.")
        return pages.show(request, "runs_compare.html", {"names": names}, person=person)

    return router


def reading_routes(identity: Identity, board: Board | None) -> APIRouter:
    """Make the routes that the pages read from."""
    router = APIRouter(prefix="/api/training")

    def manager(person: Annotated[Person, Depends(identity.person)]) -> Person:
        person.require("manage_people")
        return person

    Manager = Annotated[Person, Depends(manager)]  # noqa: N806 (a type)

    @router.get("/runs")
    def runs(_: Manager) -> RunList:
        """Return every run of the folder."""
        return there(board).list()

    @router.get("/metrics")
    def metrics(
        _: Manager,
        run: Name,
        after: Annotated[int, Query(ge=0)] = 0,
        file: Annotated[str, Query(max_length=100)] = "",
    ) -> MetricsPart:
        """Return the metrics after a byte of a version of the file, as the part before named it."""
        return found(lambda: there(board).metrics(run, Place(file, after)))

    @router.get("/samples")
    def samples(_: Manager, run: Name) -> list[SampledPrompt]:
        """Return the sample answers."""
        return found(lambda: list(there(board).samples(run)))

    @router.get("/about")
    def about(_: Manager, run: Name) -> RunAbout:
        """Return settings, ancestors, warnings and log."""
        return found(lambda: there(board).about(run))

    return router


def acting_routes(identity: Identity, database: Database, board: Board | None) -> APIRouter:
    """Make the routes that start and stop a run, for owners."""
    router = APIRouter(prefix="/api/training")

    def owner(person: Annotated[Person, Depends(identity.person)]) -> Person:
        person.require("manage_server")
        return person

    Owner = Annotated[Person, Depends(owner)]  # noqa: N806 (a type)

    @router.post("/start", status_code=201)
    def start(asked: StartAsked, person: Owner) -> Started:
        """Start the run of a run file, or resume it."""
        run = found(lambda: there(board).start(asked.file))
        database.audit.add(person.id, "run.started", run)
        return Started(run=run)

    @router.post("/stop", status_code=202)
    def stop(asked: StopAsked, person: Owner) -> Started:
        """Ask a run to save and to end."""
        found(lambda: there(board).stop(asked.run))
        database.audit.add(person.id, "run.stopped", asked.run)
        return Started(run=asked.run)

    return router


def there(board: Board | None) -> Board:
    """Return the board. Raises `ApiError` 404 on a server without one."""
    if board is None:
        raise ApiError(
            404,
            "This server shows no runs. Start it with --runs FOLDER to watch those of a folder.",
            code="no_runs_folder",
        )
    return board


def found(read: Callable[[], Found]) -> Found:
    """Read of a run; one that is gone is 404, and one that cannot be started or stopped 409.

    Raises:
        ApiError: in place of those errors.
    """
    try:
        return read()
    except RunUnavailable as error:
        raise ApiError(404, str(error), code="run_gone") from error
    except FileNotFoundError as error:
        raise ApiError(404, "The run was deleted just now.", code="run_gone") from error
    except ConfigError as error:
        raise ApiError(409, str(error), code="conflict") from error
