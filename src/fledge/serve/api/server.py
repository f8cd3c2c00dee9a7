"""`/health` and `/metrics`: the server's own endpoints, for those who run it."""

from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST
from prometheus_client.exposition import generate_latest
from pydantic import BaseModel

from fledge.database.engine import DatabaseState
from fledge.serve.errors import error_replies
from fledge.serve.models.service import ModelService
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person

STOPPED = 503


class Health(BaseModel):
    """Whether the engine runs; `pending` counts the answers that are being written or wait.

    `database` is "locked" where it is read but not written, and "away" where it does not answer.
    """

    status: Literal["ok", "stopped"]
    pending: int
    database: DatabaseState


def server_routes(
    service: ModelService, identity: Identity, database: Callable[[], DatabaseState]
) -> APIRouter:
    """Make both routes; `/metrics` is for those who run the server.

    `database` tells the state of the database without asking it.
    """
    router = APIRouter(tags=["Server"])

    @router.get("/health", responses={STOPPED: {"model": Health}})
    async def health(response: Response) -> Health:
        """Return 200 while the server answers, else 503. Needs no key.

        It waits for no thread: all of them may wait for the database.
        """
        response.status_code = 200 if service.alive else STOPPED
        return Health(
            status="ok" if service.alive else "stopped",
            pending=service.pending,
            database=database(),
        )

    @router.get("/metrics", response_class=Response, responses=error_replies(401, 403))
    def read_metrics(person: Annotated[Person, Depends(identity.caller)]) -> Response:
        """Return metrics for Prometheus. With accounts, this needs an admin's or owner's key."""
        person.require_scope("metrics")
        person.require("manage_people")
        return Response(generate_latest(service.metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return router
