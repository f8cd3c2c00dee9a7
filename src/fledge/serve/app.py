"""The server: the API, the chat page, and the headers that every answer carries."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from fledge import __version__
from fledge.database import Database
from fledge.database.temporary import TemporaryDatabase
from fledge.generate.request import SamplingParams
from fledge.serve import api_errors
from fledge.serve.async_engine import AsyncEngine
from fledge.serve.chat import chat_routes
from fledge.serve.middleware import BodyLimit, KnownHosts, ReplyHeaders
from fledge.serve.models import ModelRegistry, ServedModel
from fledge.serve.page import page_routes
from fledge.serve.people import LoginRequired, People, to_login
from fledge.serve.schemas import ModelCard, ModelList

STATIC = Path(__file__).parent / "static"
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


class Application(FastAPI):
    """FastAPI, but even the answer to a failure of ours has the reply headers."""

    def build_middleware_stack(self) -> ASGIApp:
        return ReplyHeaders(super().build_middleware_stack())


def create_app(
    models: Sequence[ServedModel],
    *,
    sampling: SamplingParams | None = None,
    suggestions: Sequence[str] = (),
    max_pending: int = 64,
    allowed_hosts: Sequence[str] = LOOPBACK_NAMES,
    clock: Callable[[], float] = time.time,
    database: Database | None = None,
    login: bool = False,
) -> FastAPI:
    """The app that answers with `models`; the first is the chat page's default.

    Args:
        models: at least one, with ids of their own.
        sampling: what a request that names nothing gets.
        suggestions: first messages that the chat page offers.
        max_pending: how many answers may run or wait before others are sent away (503).
        allowed_hosts: names in the `Host` header that are answered; `"*"` for all. A loopback
            server that answers to any name can be read by any page the user visits.
        clock: seconds since 1970.
        database: where people and chats are kept; None keeps them until the server ends.
        login: whether people have accounts; without, everybody who reaches the server is its owner.
    """
    kept = database or TemporaryDatabase(clock)
    people = People(kept, login=login, clock=clock)
    registry = ModelRegistry(models)
    engine = AsyncEngine({model.id: model.engine for model in models}, max_pending)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        people.start()
        engine.start()
        yield
        engine.stop()
        people.stop()
        if kept is not database:
            kept.close()

    app = Application(
        title="fledge",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,  # FastAPI's own page loads scripts from elsewhere
        redoc_url=None,
    )
    app.include_router(chat_routes(registry, engine, sampling or SamplingParams(), clock))
    app.include_router(model_routes(registry))
    app.include_router(health_routes(engine))
    app.include_router(page_routes(registry, suggestions))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    api_errors.install(app)
    app.add_exception_handler(LoginRequired, to_login)
    app.add_middleware(BodyLimit)
    app.add_middleware(KnownHosts, names=frozenset(allowed_hosts))
    return app


def model_routes(registry: ModelRegistry) -> APIRouter:
    """`/v1/models` and one model of it; ids may contain slashes."""
    router = APIRouter()

    @router.get("/v1/models")
    def list_models() -> ModelList:
        """The models that answer here."""
        return registry.listing()

    @router.get("/v1/models/{model:path}")
    def retrieve_model(model: str) -> ModelCard:
        """One of them."""
        return registry[model].card()

    return router


def health_routes(engine: AsyncEngine) -> APIRouter:
    """`/health`: 200 while the engine runs, else 503."""
    router = APIRouter()

    @router.get("/health")
    def health() -> Response:
        """Whether answers can be had, and how many are on their way."""
        status = "ok" if engine.alive else "stopped"
        return JSONResponse(
            {"status": status, "pending": engine.pending}, 200 if engine.alive else 503
        )

    return router
