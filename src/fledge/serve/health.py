"""`/health`: whether answers can be had."""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from fledge.serve.models.service import ModelService

STOPPED = 503


class Health(BaseModel):
    """`pending` counts the answers that are being written or wait."""

    status: Literal["ok", "stopped"]
    pending: int


def health_routes(service: ModelService) -> APIRouter:
    """The route; it needs no key."""
    router = APIRouter(tags=["Server"])

    @router.get("/health", responses={STOPPED: {"model": Health}})
    def health(response: Response) -> Health:
        """200 while answers can be had, else 503. Needs no key."""
        response.status_code = 200 if service.alive else STOPPED
        return Health(status="ok" if service.alive else "stopped", pending=service.pending)

    return router
