"""`/metrics` for Prometheus."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST
from prometheus_client.exposition import generate_latest

from fledge.serve.api_errors import error_replies
from fledge.serve.metrics import Metrics
from fledge.serve.people import People
from fledge.serve.person import Person


def metrics_routes(metrics: Metrics, people: People) -> APIRouter:
    """The route; on a server with accounts it is for those who run it."""
    router = APIRouter(tags=["Server"])

    @router.get("/metrics", response_class=Response, responses=error_replies(401, 403))
    def read_metrics(person: Annotated[Person, Depends(people.caller)]) -> Response:
        """Counters for Prometheus. Where there are accounts, with an admin's or owner's key."""
        people.require_scope(person, "metrics")
        people.require(person, "manage_people")
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return router
