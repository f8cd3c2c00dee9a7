"""Every route of the web chat: its pages, and the API that they call."""

from collections.abc import Callable, Sequence

from fastapi import APIRouter

from fledge.database import Database
from fledge.generate.request import SamplingParams
from fledge.serve.models.registry import Model, ModelRegistry
from fledge.serve.people.identity import Identity
from fledge.serve.people.settings import LiveSettings
from fledge.serve.people.share_limits import ShareLimits
from fledge.serve.people.visitors import NewVisitors
from fledge.serve.show.page import Pages
from fledge.serve.web.assistants.routes import assistant_pages, assistant_routes
from fledge.serve.web.chat.conversations import conversation_routes
from fledge.serve.web.chat.events import run_routes
from fledge.serve.web.chat.exports import export_routes
from fledge.serve.web.chat.folders import folder_routes
from fledge.serve.web.chat.models import model_list_routes
from fledge.serve.web.chat.opinions import opinion_routes
from fledge.serve.web.chat.page import chat_pages
from fledge.serve.web.chat.supervisor import RunSupervisor
from fledge.serve.web.desk import desk_routes
from fledge.serve.web.prompts import prompt_routes
from fledge.serve.web.shares.api import share_routes
from fledge.serve.web.shares.page import share_pages
from fledge.serve.web.widget import widget_routes


def web_routes(
    identity: Identity,
    database: Database,
    models: ModelRegistry,
    supervisor: RunSupervisor,
    visitors: NewVisitors,
    settings: LiveSettings,
    share_limits: ShareLimits,
    pages: Pages,
    usual: Callable[[Model], SamplingParams],
    suggestions: Sequence[str],
) -> APIRouter:
    """Make all routes; `suggestions` are first messages that an empty chat offers.

    `usual` tells how a model answers requests that name no sampling.
    """
    router = APIRouter()
    router.include_router(
        chat_pages(identity, database, models, pages, settings, usual, suggestions)
    )
    router.include_router(model_list_routes(identity, models, usual))
    router.include_router(conversation_routes(identity, database, models, supervisor))
    router.include_router(folder_routes(identity, database))
    router.include_router(run_routes(identity, database, supervisor))
    router.include_router(opinion_routes(identity, database))
    router.include_router(export_routes(identity, database))
    router.include_router(assistant_routes(identity, database))
    router.include_router(assistant_pages(identity, database, models, pages, usual))
    router.include_router(desk_routes(identity, database, pages))
    router.include_router(prompt_routes(identity, database, pages))
    router.include_router(share_routes(identity, database, settings, share_limits))
    router.include_router(share_pages(identity, database, models, settings, share_limits, pages))
    router.include_router(widget_routes(identity, database, models, supervisor, visitors, pages))
    return router
