"""The server: the API, the chat page, and the headers that every answer carries."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from fledge import __version__
from fledge.database import Database
from fledge.database.temporary import TemporaryDatabase
from fledge.generate.request import SamplingParams
from fledge.serve.accounts.passwords import Passwords
from fledge.serve.accounts.routes import people_routes
from fledge.serve.api.page import api_page_routes
from fledge.serve.api.routes import api_routes
from fledge.serve.guard import error_handlers
from fledge.serve.guard.cross_origin import CrossOrigin
from fledge.serve.guard.error_handlers import Answering
from fledge.serve.guard.middleware import BodyLimit, KnownHosts, ReplyHeaders
from fledge.serve.guard.origin import SameOrigin
from fledge.serve.models.registry import Model, ModelRegistry
from fledge.serve.models.service import ModelService
from fledge.serve.people.identity import LoginRequired, People, to_login
from fledge.serve.show.page import STATIC, Pages
from fledge.serve.show.problems import Problems
from fledge.serve.web.hub import RunHub
from fledge.serve.web.routes import web_routes

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


class Application(FastAPI):
    """FastAPI, but even the answer to a failure of ours has the reply headers.

    `allowed_origins`: of pages elsewhere that may call `/v1`.
    """

    allowed_origins: Sequence[str] = ()

    def build_middleware_stack(self) -> ASGIApp:
        return ReplyHeaders(CrossOrigin(super().build_middleware_stack(), self.allowed_origins))


def create_app(
    models: Sequence[Model],
    *,
    sampling: SamplingParams | None = None,
    suggestions: Sequence[str] = (),
    max_pending: int = 256,
    memory: int | None = None,
    allowed_hosts: Sequence[str] = LOOPBACK_NAMES,
    allowed_origins: Sequence[str] = (),
    clock: Callable[[], float] = time.time,
    database: Database | None = None,
    login: bool = False,
    passwords: Passwords | None = None,
) -> FastAPI:
    """The app that answers with `models`; the first is the chat page's default.

    Args:
        models: at least one, with ids of their own.
        sampling: what a request that names nothing gets.
        suggestions: first messages that the chat page offers.
        max_pending: how many answers may run or wait before others are sent away (503).
        memory: bytes that loaded models may take together; idle ones make room for others.
        allowed_hosts: names in the `Host` header that are answered; `"*"` for all. A loopback
            server that answers to any name can be read by any page the user visits.
        allowed_origins: of pages elsewhere that may call `/v1` from a browser, as `parse_origin`
            gives them; such a request never has the cookie.
        clock: seconds since 1970.
        database: where people and chats are kept; None keeps them until the server ends.
        login: whether people have accounts; without, everybody who reaches the server is its owner.
        passwords: how they are hashed; None is argon2id as its authors advise.
    """
    registry = ModelRegistry(models)
    kept = database or TemporaryDatabase(clock)
    people = People(kept, login=login, clock=clock, passwords=passwords)
    service = ModelService(registry, sampling or SamplingParams(), max_pending, memory)
    hub = RunHub(service, people)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        people.start()
        await service.start()
        yield
        await hub.close()
        await service.stop()
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
    app.allowed_origins = allowed_origins
    app.state.service = service
    app.state.people = people
    pages = Pages(people)
    app.include_router(api_routes(service, people, clock))
    app.include_router(api_page_routes(app, pages))
    app.include_router(web_routes(people, service, hub, pages, suggestions))
    app.include_router(people_routes(people, pages))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    guard(app, Problems(pages).answer, allowed_hosts)
    return app


def guard(app: FastAPI, answer: Answering, allowed_hosts: Sequence[str]) -> None:
    """Refuse what should not come in; `answer` tells of every refusal and error."""
    error_handlers.install(app, answer)
    app.add_exception_handler(LoginRequired, to_login)
    app.add_middleware(SameOrigin, answer=answer)
    app.add_middleware(BodyLimit)
    app.add_middleware(KnownHosts, names=frozenset(allowed_hosts), answer=answer)
