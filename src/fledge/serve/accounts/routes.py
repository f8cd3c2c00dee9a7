"""Every account page: login, own account, privacy, usage and administration."""

from collections.abc import Callable

from fastapi import APIRouter

from fledge.database import Database
from fledge.serve.accounts.account import account_routes
from fledge.serve.accounts.admin import AdminPage, admin_routes
from fledge.serve.accounts.attempts import LoginAttempts
from fledge.serve.accounts.credentials import Credentials
from fledge.serve.accounts.email import email_routes
from fledge.serve.accounts.inviting import inviting_routes
from fledge.serve.accounts.login import LoginPage, door_routes
from fledge.serve.accounts.lost_password import lost_password_routes
from fledge.serve.accounts.oidc import link_routes, provider_routes, unlink_routes
from fledge.serve.accounts.privacy import privacy_routes
from fledge.serve.accounts.provider import Provider
from fledge.serve.accounts.reset_limits import ResetLimits
from fledge.serve.accounts.server import server_routes
from fledge.serve.accounts.setup import OwnerSetup
from fledge.serve.accounts.team_usage import team_usage_routes
from fledge.serve.accounts.usage import usage_routes
from fledge.serve.mail.post import Post
from fledge.serve.people.identity import Identity
from fledge.serve.people.quota import Quota
from fledge.serve.people.retention import Retention
from fledge.serve.people.settings import LiveSettings
from fledge.serve.show.page import Pages


def accounts_routes(
    identity: Identity,
    database: Database,
    credentials: Credentials,
    attempts: LoginAttempts,
    setup: OwnerSetup,
    settings: LiveSettings,
    quota: Quota,
    retention: Retention,
    post: Post | None,
    reset_limits: ResetLimits,
    clock: Callable[[], float],
    pages: Pages,
    provider: Provider | None,
) -> APIRouter:
    """Put the account pages together; `clock` gives seconds since 1970.

    `post` is None on a server that sends no e-mail.
    """
    router = APIRouter(include_in_schema=False)
    admin_page = AdminPage(database, settings, quota, clock, post, pages)
    linkable = None if provider is None else provider.settings
    by_email = post is not None
    login_page = LoginPage(setup, pages, linkable, by_email=by_email)
    for routes in (
        door_routes(identity, database, credentials, setup, settings, login_page, pages),
        account_routes(
            identity, database, credentials, clock, pages, by_email=by_email, provider=linkable
        ),
        privacy_routes(identity, database, credentials, retention, clock, pages),
        server_routes(identity, database, settings, post, pages),
        usage_routes(identity, database, quota, clock, pages),
        team_usage_routes(identity, database, quota, clock, pages),
        admin_routes(
            identity, database, credentials, retention, settings, admin_page, post, clock, pages
        ),
    ):
        router.include_router(routes)
    if identity.login:
        router.include_router(inviting_routes(identity, database, admin_page, post, pages))
        router.include_router(email_routes(identity, database, credentials, post, pages))
        router.include_router(
            lost_password_routes(database, credentials, reset_limits, post, pages)
        )
        router.include_router(unlink_routes(identity, database, credentials, pages))
    if provider is not None:
        router.include_router(link_routes(identity, credentials, provider, pages))
        router.include_router(
            provider_routes(identity, database, attempts, provider, settings, login_page, pages)
        )
    return router
