"""Server: put its parts together, add every route and the checks around them."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from fledge import __version__
from fledge.database import Database
from fledge.database.servers import OwnRun
from fledge.database.temporary import TemporaryDatabase
from fledge.generate.request import SamplingParams
from fledge.observe.board import Board
from fledge.observe.rounds import RoundsBoard
from fledge.serve.accounts.attempts import LoginAttempts
from fledge.serve.accounts.credentials import Credentials
from fledge.serve.accounts.passwords import Passwords
from fledge.serve.accounts.provider import Provider
from fledge.serve.accounts.reset_limits import ResetLimits
from fledge.serve.accounts.routes import accounts_routes
from fledge.serve.accounts.setup import OwnerSetup
from fledge.serve.api.page import api_page_routes
from fledge.serve.api.routes import api_routes
from fledge.serve.http import error_handlers
from fledge.serve.http.body_checks import BodyChecks
from fledge.serve.http.cross_origin import CrossOrigin
from fledge.serve.http.error_handlers import Answering
from fledge.serve.http.middleware import KnownHosts, ReplyHeaders
from fledge.serve.http.origin import SameOrigin
from fledge.serve.http.path_prefix import PathPrefix
from fledge.serve.http.proxy import ForwardedHeaders, Network
from fledge.serve.labelling.pages import labelling_pages
from fledge.serve.labelling.routes import labelling_routes
from fledge.serve.mail.post import Post
from fledge.serve.mail.sending import Mailer
from fledge.serve.mail.settings import MailSettings
from fledge.serve.models.registry import AwaitedModel, Model, ModelRegistry
from fledge.serve.models.service import ModelService
from fledge.serve.people.allowances import Allowances
from fledge.serve.people.identity import Identity
from fledge.serve.people.limiter import Limiter
from fledge.serve.people.metering import Meter
from fledge.serve.people.presence import Presence
from fledge.serve.people.quota import Quota
from fledge.serve.people.retention import Retention
from fledge.serve.people.settings import LiveSettings
from fledge.serve.people.share_limits import ShareLimits
from fledge.serve.people.shared_counts import SharedCounts
from fledge.serve.people.visitors import NewVisitors
from fledge.serve.rounds.routes import rounds_routes
from fledge.serve.show.page import STATIC, Pages
from fledge.serve.show.problems import Problems
from fledge.serve.training.routes import training_routes
from fledge.serve.web.chat.supervisor import RunSupervisor
from fledge.serve.web.routes import web_routes

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


class Application(FastAPI):
    """Add the reply headers to every answer, even to one that tells of a failure of ours.

    `allowed_origins` are other sites whose pages may call `/v1`. `path_prefix` is the path under
    which a proxy serves the app, "" for none. `proxies` are the addresses whose word on the client
    is taken.
    """

    allowed_origins: Sequence[str] = ()
    path_prefix: str = ""
    proxies: Sequence[Network] = ()

    def build_middleware_stack(self) -> ASGIApp:
        app = CrossOrigin(super().build_middleware_stack(), self.allowed_origins)
        prefixed = PathPrefix(ReplyHeaders(app), self.path_prefix)
        return ForwardedHeaders(prefixed, self.proxies)

    def openapi(self) -> dict[str, Any]:
        """Describe the API without FastAPI's 422: a wrong request is told of with 400."""
        if self.openapi_schema is None:
            described = super().openapi()
            for operations in described["paths"].values():
                for operation in operations.values():
                    operation["responses"].pop("422", None)
            for name in ("HTTPValidationError", "ValidationError"):
                described["components"]["schemas"].pop(name, None)
        return super().openapi()


@dataclass(frozen=True, slots=True)
class Parts:
    """Objects of one server; each route is given only those that it uses."""

    clock: Callable[[], float]
    database: Database
    presence: Presence
    settings: LiveSettings
    meter: Meter
    limiter: Limiter
    quota: Quota
    identity: Identity
    retention: Retention
    visitors: NewVisitors
    share_limits: ShareLimits
    setup: OwnerSetup
    passwords: Passwords
    attempts: LoginAttempts
    reset_limits: ResetLimits
    post: Post | None
    service: ModelService
    supervisor: RunSupervisor

    @classmethod
    def of(
        cls,
        database: Database,
        service: ModelService,
        *,
        login: bool,
        clock: Callable[[], float],
        passwords: Passwords,
        mail: MailSettings | None,
    ) -> "Parts":
        """Make every part on top of a database and the models."""
        settings = LiveSettings(database.settings)
        retention = Retention(database, clock)
        limits = database.limits
        limiter = Limiter(clock, SharedCounts(limits) if limits.is_shared else None)
        meter = Meter(database.usage, clock, retention.tidy, limiter.flush)
        quota = Quota(limiter, meter)
        allowances = Allowances(meter, settings)
        return cls(
            clock=clock,
            database=database,
            presence=Presence(database.servers),
            settings=settings,
            meter=meter,
            limiter=limiter,
            quota=quota,
            identity=Identity(database, allowances, login=login, clock=clock),
            retention=retention,
            visitors=NewVisitors(),
            share_limits=ShareLimits(),
            setup=OwnerSetup(database.accounts, login=login),
            passwords=passwords,
            attempts=LoginAttempts(),
            reset_limits=ResetLimits(),
            post=None if mail is None else Post(Mailer(mail, clock), settings),
            service=service,
            supervisor=RunSupervisor(service, quota, database.runs),
        )

    @asynccontextmanager
    async def running(self, _: FastAPI) -> AsyncIterator[None]:
        """Start the threads, and stop them once every answer is saved."""
        loop = asyncio.get_running_loop()

        def hear(runs: Sequence[OwnRun]) -> None:
            loop.call_soon_threadsafe(self.supervisor.heard, runs)

        self.presence.start(hear)
        self.retention.tidy()
        self.meter.start()
        if self.identity.login:
            assert self.passwords.nobody  # hashed now, or the first login would be slower
        await self.service.start()
        yield
        await self.supervisor.close()
        await self.service.stop()
        if self.post is not None:
            await asyncio.to_thread(self.post.stop)
        self.meter.stop()
        self.presence.stop()


def create_app(
    models: Sequence[Model | AwaitedModel],
    *,
    sampling: SamplingParams | None = None,
    suggestions: Sequence[str] = (),
    max_pending: int = 256,
    memory: int | None = None,
    allowed_hosts: Sequence[str] = LOOPBACK_NAMES,
    allowed_origins: Sequence[str] = (),
    path_prefix: str = "",
    proxies: Sequence[Network] = (),
    clock: Callable[[], float] = time.time,
    database: Database | None = None,
    login: bool = False,
    passwords: Passwords | None = None,
    mail: MailSettings | None = None,
    provider: Provider | None = None,
    runs: Board | None = None,
    rounds: RoundsBoard | None = None,
) -> FastAPI:
    """Make the app that answers with `models`; the first is the chat page's default.

    Args:
        models: at least one that is not awaited, with ids of their own.
        sampling: its set fields are for requests that name none; others suit each model.
        suggestions: first messages that the chat page offers.
        max_pending: answers that may run or wait before others are refused (503).
        memory: bytes that loaded models may take together; idle ones make room for others.
        allowed_hosts: names in the `Host` header that are answered; `"*"` for all. A loopback
            server that answers to any name can be read by any page the user visits.
        allowed_origins: sites whose pages may call `/v1` from a browser, as `parse_origin` gives
            them; such a request never has the cookie.
        path_prefix: path under which a proxy serves the app, as `parse_prefix` gives it; "" for
            none.
        proxies: addresses whose `X-Forwarded-…` headers are believed, as `parse_proxy` gives them.
        clock: seconds since 1970.
        database: where people and chats are kept; None keeps them until the server ends.
        login: whether people have accounts; without, everybody who reaches the server is its owner.
        passwords: how they are hashed; None is argon2id as its authors advise.
        mail: SMTP server for invitations and lost passwords; None sends none.
        provider: OpenID Connect provider through which people may log in too; None is none.
        runs, rounds: training runs and place of rounds that managers watch and owners steer.
    """
    service = ModelService(ModelRegistry(models), sampling or SamplingParams(), max_pending, memory)
    kept = database or TemporaryDatabase(clock)
    parts = Parts.of(
        kept, service, login=login, clock=clock, passwords=passwords or Passwords(), mail=mail
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with parts.running(app):
            yield
        if kept is not database:
            kept.close()

    # FastAPI's own pages of documentation load scripts from elsewhere.
    app = Application(
        title="fledge", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None
    )
    app.allowed_origins = allowed_origins
    app.path_prefix = path_prefix
    app.proxies = proxies
    app.state.parts = parts
    pages = Pages(parts.settings, login=login, runs=runs is not None, rounds=rounds is not None)
    include_routes(app, parts, pages, suggestions, provider, runs, rounds)
    guard(app, Problems(pages).answer, allowed_hosts)
    return app


def include_routes(
    app: FastAPI,
    parts: Parts,
    pages: Pages,
    suggestions: Sequence[str],
    provider: Provider | None,
    runs: Board | None,
    rounds: RoundsBoard | None,
) -> None:
    """Add every route to the app."""
    identity, database, quota, clock = parts.identity, parts.database, parts.quota, parts.clock
    credentials = Credentials(database.accounts, parts.passwords, parts.attempts, clock)
    transactions = database.transactions
    app.include_router(
        api_routes(
            parts.service, identity, quota, parts.retention, clock, lambda: transactions.state
        )
    )
    app.include_router(api_page_routes(app, identity, pages))
    app.include_router(
        web_routes(
            identity,
            database,
            parts.service.models,
            parts.supervisor,
            parts.visitors,
            parts.settings,
            parts.share_limits,
            pages,
            parts.service.usual,
            suggestions,
        )
    )
    app.include_router(labelling_routes(identity, database))
    app.include_router(
        accounts_routes(
            identity,
            database,
            credentials,
            parts.attempts,
            parts.setup,
            parts.settings,
            quota,
            parts.retention,
            parts.post,
            parts.reset_limits,
            clock,
            pages,
            provider,
        )
    )
    app.include_router(labelling_pages(identity, pages))
    app.include_router(training_routes(identity, database, runs, pages))
    app.include_router(rounds_routes(identity, database, rounds, pages))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")


def guard(app: FastAPI, answer: Answering, allowed_hosts: Sequence[str]) -> None:
    """Add the checks that every request passes; `answer` words every refusal and error."""
    error_handlers.install(app, answer)
    app.add_middleware(SameOrigin, answer=answer)
    app.add_middleware(BodyChecks)
    app.add_middleware(KnownHosts, names=frozenset(allowed_hosts), answer=answer)
