"""Every route of the web chat: its pages, and the API that they call."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from fledge.database import Conversation, Database
from fledge.serve.models.registry import ModelRegistry
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.people.visitors import NewVisitors
from fledge.serve.show.page import Pages
from fledge.serve.web.assistants import assistant_pages, assistant_routes
from fledge.serve.web.conversations import conversation_routes, detail
from fledge.serve.web.desk import desk_routes
from fledge.serve.web.events import run_routes
from fledge.serve.web.exports import export_routes
from fledge.serve.web.opinions import opinion_routes
from fledge.serve.web.shapes import AssistantShown
from fledge.serve.web.supervisor import RunSupervisor
from fledge.serve.web.widget import widget_routes


def web_routes(
    identity: Identity,
    database: Database,
    models: ModelRegistry,
    supervisor: RunSupervisor,
    visitors: NewVisitors,
    pages: Pages,
    suggestions: Sequence[str],
) -> APIRouter:
    """Make all routes; `suggestions` are first messages that an empty chat offers."""
    router = APIRouter()
    router.include_router(chat_pages(identity, database, models, pages, suggestions))
    router.include_router(conversation_routes(identity, database, models, supervisor))
    router.include_router(run_routes(identity, database, supervisor))
    router.include_router(opinion_routes(identity, database))
    router.include_router(export_routes(identity, database))
    router.include_router(assistant_routes(identity, database))
    router.include_router(assistant_pages(identity, database, models, pages))
    router.include_router(desk_routes(identity, database, pages))
    router.include_router(widget_routes(identity, database, models, supervisor, visitors, pages))
    return router


def chat_pages(
    identity: Identity,
    database: Database,
    models: ModelRegistry,
    pages: Pages,
    suggestions: Sequence[str],
) -> APIRouter:
    """Make the routes of the chat page: `/` is an empty chat, `/c/{id}` a stored one."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    Visitor = Annotated[Person, Depends(identity.visitor)]  # noqa: N806 (a type)

    def chat_page(
        request: Request,
        person: Person,
        chat: Conversation | None = None,
        assistant: AssistantShown | None = None,
    ) -> Response:
        data = {
            "models": [
                {"id": model.id, "name": model.name, "context_length": model.context_length}
                for model in models.values()
            ],
            "suggestions": list(suggestions),
            "assistant": None if assistant is None else assistant.model_dump(),
            "chat": None
            if chat is None
            else detail(database, person, chat).model_dump(mode="json"),
        }
        return pages.show(request, "chat.html", {"page": data}, person=person)

    @router.get("/")
    def empty_chat(request: Request, person: Visitor) -> Response:
        """Show a chat that has not begun."""
        return chat_page(request, person)

    @router.get("/a/{id}")
    def assistant_chat(id: str, request: Request, person: Visitor) -> Response:
        """Show a chat with an assistant that has not begun."""
        assistant = AssistantShown.of(database.assistants.get(person.id, id))
        return chat_page(request, person, assistant=assistant)

    @router.get("/c/{id}")
    def kept_chat(id: str, request: Request, person: Visitor) -> Response:
        """Show a chat of one's own; another person's does not exist."""
        return chat_page(request, person, database.conversations.get(person.id, id))

    return router
