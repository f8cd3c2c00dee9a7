"""Every route that other programs call."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends

from fledge.database.engine import DatabaseState
from fledge.serve.api.chat import chat_routes
from fledge.serve.api.completions import completion_routes
from fledge.serve.api.embeddings import embedding_routes
from fledge.serve.api.moderations import moderation_routes
from fledge.serve.api.response_store import ResponseStore
from fledge.serve.api.responses import response_routes
from fledge.serve.api.server import server_routes
from fledge.serve.api.tokenize import tokenize_routes
from fledge.serve.errors import error_replies
from fledge.serve.models.registry import ModelRegistry
from fledge.serve.models.service import ModelService
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.people.quota import Quota
from fledge.serve.people.retention import Retention
from fledge.serve.schemas.common import ModelCard, ModelList


def api_routes(
    service: ModelService,
    identity: Identity,
    quota: Quota,
    retention: Retention,
    clock: Callable[[], float],
    database: Callable[[], DatabaseState],
) -> APIRouter:
    """Make the routes of `/v1` and the server's own beside it.

    `clock` gives seconds since 1970, `database` the state of the database.
    """
    router = APIRouter()
    store = ResponseStore()
    retention.when_forgetting(store.forget)
    router.include_router(model_routes(service.models, identity))
    router.include_router(chat_routes(service, identity, quota, clock))
    router.include_router(response_routes(service, identity, quota, store, clock))
    router.include_router(completion_routes(service, identity, quota, clock))
    router.include_router(embedding_routes(service, identity, quota))
    router.include_router(moderation_routes(identity, quota))
    router.include_router(tokenize_routes(service, identity, quota))
    router.include_router(server_routes(service, identity, database))
    return router


def model_routes(models: ModelRegistry, identity: Identity) -> APIRouter:
    """Make the routes of `/v1/models` and of one model; ids may contain slashes."""
    router = APIRouter(tags=["Models"], responses=error_replies(401, 403))

    @router.get("/v1/models")
    def list_models(person: Annotated[Person, Depends(identity.caller)]) -> ModelList:
        """List the available models."""
        person.require_scope("models")
        return models.listing()

    @router.get("/v1/models/{model:path}", responses=error_replies(404))
    def retrieve_model(
        model: str, person: Annotated[Person, Depends(identity.caller)]
    ) -> ModelCard:
        """Return one model."""
        person.require_scope("models")
        return models[model].card()

    return router
