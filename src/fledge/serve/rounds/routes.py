"""Routes of rounds: pages for those who manage people, steps for owners, one's own part for all."""

from fastapi import APIRouter

from fledge.database import Database
from fledge.observe.rounds import RoundsBoard
from fledge.serve.people.identity import Identity
from fledge.serve.rounds.files import file_routes
from fledge.serve.rounds.learned import learned_routes
from fledge.serve.rounds.pages import rounds_pages
from fledge.serve.rounds.steps import step_routes
from fledge.serve.show.page import Pages


def rounds_routes(
    identity: Identity, database: Database, board: RoundsBoard | None, pages: Pages
) -> APIRouter:
    """Make all routes; without a board they say how a server gets one."""
    router = APIRouter(include_in_schema=False)
    router.include_router(rounds_pages(identity, database, board, pages))
    router.include_router(file_routes(identity, database, board, pages))
    router.include_router(step_routes(identity, database, board, pages))
    router.include_router(learned_routes(identity, database, board, pages))
    return router
