"""Every account page: login, own account, privacy, usage and administration."""

from collections.abc import Callable

from fastapi import APIRouter

from fledge.database import Database
from fledge.serve.accounts.account import account_routes
from fledge.serve.accounts.admin import AdminPage, admin_routes
from fledge.serve.accounts.credentials import Credentials
from fledge.serve.accounts.login import door_routes
from fledge.serve.accounts.privacy import privacy_routes
from fledge.serve.accounts.server import server_routes
from fledge.serve.accounts.setup import OwnerSetup
from fledge.serve.accounts.team_usage import team_usage_routes
from fledge.serve.accounts.usage import usage_routes
from fledge.serve.people.identity import Identity
from fledge.serve.people.quota import Quota
from fledge.serve.people.retention import Retention
from fledge.serve.people.settings import LiveSettings
from fledge.serve.show.page import Pages


def accounts_routes(
    identity: Identity,
    database: Database,
    credentials: Credentials,
    setup: OwnerSetup,
    settings: LiveSettings,
    quota: Quota,
    retention: Retention,
    clock: Callable[[], float],
    pages: Pages,
) -> APIRouter:
    """Put the account pages together; `clock` gives seconds since 1970."""
    router = APIRouter(include_in_schema=False)
    admin_page = AdminPage(database, settings, quota, clock, pages)
    for routes in (
        door_routes(identity, database, credentials, setup, settings, pages),
        account_routes(identity, database, credentials, clock, pages),
        privacy_routes(identity, database, credentials, retention, clock, pages),
        server_routes(identity, database, settings, pages),
        usage_routes(identity, database, quota, clock, pages),
        team_usage_routes(identity, database, quota, clock, pages),
        admin_routes(
            identity, database, credentials, retention, settings, admin_page, clock, pages
        ),
    ):
        router.include_router(routes)
    return router
