"""The chat page: `/` is an empty chat, `/a/{id}` one with an assistant, `/c/{id}` a stored one."""

from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from fledge.database import Conversation, Database
from fledge.generate.request import SamplingParams
from fledge.serve.models.registry import Model, ModelRegistry
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.people.settings import LiveSettings
from fledge.serve.show.page import Pages
from fledge.serve.web.chat.conversations import detail
from fledge.serve.web.chat.models import models_shown
from fledge.serve.web.shapes import LONGEST_TEXT, AssistantShown


def chat_pages(
    identity: Identity,
    database: Database,
    models: ModelRegistry,
    pages: Pages,
    settings: LiveSettings,
    usual: Callable[[Model], SamplingParams],
    suggestions: Sequence[str],
) -> APIRouter:
    """Make the routes; `suggestions` are first messages that an empty chat offers.

    `usual` tells how a model answers where nothing is named, which the settings show.
    """
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    Visitor = Annotated[Person, Depends(identity.visitor)]  # noqa: N806 (a type)

    def chat_page(
        request: Request,
        person: Person,
        chat: Conversation | None = None,
        assistant: AssistantShown | None = None,
    ) -> Response:
        data = {
            "server_name": settings.current.server_name,
            **models_shown(models, usual).model_dump(),
            "suggestions": list(suggestions),
            "longest_text": LONGEST_TEXT,
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
