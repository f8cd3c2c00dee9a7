"""The account pages, put together."""

from fastapi import APIRouter

from fledge.serve.accounts.account import account_routes
from fledge.serve.accounts.admin import admin_routes
from fledge.serve.accounts.login import door_routes
from fledge.serve.accounts.privacy import privacy_routes
from fledge.serve.accounts.usage import usage_routes
from fledge.serve.people.identity import People
from fledge.serve.show.page import Pages


def people_routes(people: People, pages: Pages) -> APIRouter:
    """Doors, account, usage, and the people of the server."""
    router = APIRouter(include_in_schema=False)
    router.include_router(door_routes(people, pages))
    router.include_router(account_routes(people, pages))
    router.include_router(privacy_routes(people, pages))
    router.include_router(usage_routes(people, pages))
    router.include_router(admin_routes(people, pages))
    return router
