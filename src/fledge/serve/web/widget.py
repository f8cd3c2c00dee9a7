"""Widget: an assistant in a frame on another site, for visitors without an account.

A visitor is known only by a token, which their browser keeps. The chat belongs to the assistant's
owner. It is temporary: it is neither listed, nor searched, nor used for training.
"""

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import quote, unquote, urlsplit

from fastapi import APIRouter, Depends, Header, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from pydantic import BaseModel, Field

from fledge.database import Conversation, Database
from fledge.database.desk import MOST_OPEN_VISITORS
from fledge.serve.errors import ApiError
from fledge.serve.models.registry import ModelRegistry
from fledge.serve.people.address import place_of
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.people.visitors import NewVisitors
from fledge.serve.show.page import Pages
from fledge.serve.show.streaming import HEADERS
from fledge.serve.web.chat.answering import ask_anew
from fledge.serve.web.chat.conversations import begin_chat, person_wanted, was_returned
from fledge.serve.web.chat.events import framed
from fledge.serve.web.chat.supervisor import RunSupervisor
from fledge.serve.web.desk import shown_branch
from fledge.serve.web.shapes import (
    Asked,
    MessageShown,
    NewConversation,
    NewMessage,
    PersonWanted,
    message_shown,
)

LONGEST_QUESTION = 4_000
"""Characters; visitors are strangers."""


class VisitorMessage(Asked):
    """Message of a visitor."""

    content: Annotated[str, Field(min_length=1, max_length=LONGEST_QUESTION)]


class NewVisit(Asked):
    """Start of a visit; `page` is the address of the page that the widget sits on."""

    page: Annotated[str, Field(max_length=2_000)] = ""


class Welcome(BaseModel):
    """Token of a visitor's new chat, which opens it again."""

    token: str


class VisitorChat(BaseModel):
    """Chat as its visitor sees it."""

    hand_over: PersonWanted | None
    returned: bool = Field(False, exclude_if=lambda returned: not returned)
    """True, and only then named, from a person's leaving until the next message."""
    messages: list[MessageShown]


class VisitorAnswer(BaseModel):
    """Messages that were added; `run_id` is None where a person will answer."""

    messages: list[MessageShown]
    run_id: str | None


def policy(origins: Sequence[str]) -> dict[str, str]:
    """Return the headers of a page that only these origins may put into a frame."""
    return {
        "content-security-policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; "
        f"base-uri 'none'; form-action 'self'; frame-ancestors {' '.join(origins)}"
    }


def widget_routes(
    identity: Identity,
    database: Database,
    models: ModelRegistry,
    supervisor: RunSupervisor,
    visitors: NewVisitors,
    pages: Pages,
) -> APIRouter:
    """Make the routes of the framed page and of its API."""
    router = APIRouter()
    router.include_router(door_routes(identity, database, models, visitors, pages))
    router.include_router(visitor_routes(identity, database, models, supervisor, visitors))
    return router


def door_routes(
    identity: Identity,
    database: Database,
    models: ModelRegistry,
    visitors: NewVisitors,
    pages: Pages,
) -> APIRouter:
    """Make the routes of the page, and of the token for a new visitor."""
    router = APIRouter(include_in_schema=False)

    @router.get("/widget/{assistant_id}", response_class=HTMLResponse)
    def page(assistant_id: str, request: Request) -> Response:
        """Show the page of an assistant that is shared and has sites that may embed it."""
        assistant = database.assistants.embedded(assistant_id)
        identity.acting_for(assistant.account_id, place_of(request))
        reply = pages.show(request, "widget.html", {"assistant": assistant})
        reply.headers.update(policy(assistant.allowed_origins))
        return reply

    @router.post("/api/widget/{assistant_id}/visits", status_code=201)
    def visit(assistant_id: str, request: Request, asked: NewVisit | None = None) -> Welcome:
        """Begin a chat for a new visitor."""
        assistant = database.assistants.embedded(assistant_id)
        visitors.welcome(place_of(request))
        owner = identity.acting_for(assistant.account_id, place_of(request))
        wanted = NewConversation(assistant_id=assistant.id, temporary=True)
        chat = begin_chat(database, models, owner, wanted)
        page = "" if asked is None else page_within(asked.page, assistant.allowed_origins)
        return Welcome(token=database.desk.open_visit(chat.id, page))

    return router


def page_within(address: str, origins: Sequence[str]) -> str:
    """Return a page's address without its query, or "" unless its site may embed the assistant."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    origin = f"{parts.scheme}://{parts.netloc}".lower()
    return f"{origin}{quote(unquote(parts.path))}" if origin in origins else ""


def visitor_routes(
    identity: Identity,
    database: Database,
    models: ModelRegistry,
    supervisor: RunSupervisor,
    visitors: NewVisitors,
) -> APIRouter:
    """Make the routes of a visitor's one chat, which the token opens."""
    router = APIRouter(include_in_schema=False)

    def visited(
        request: Request, x_visitor: Annotated[str, Header()] = ""
    ) -> tuple[Person, Conversation]:
        """Return the person in whose name the visitor is answered, and the visitor's chat.

        The token opens nothing once the assistant is deleted, or no longer shared or embedded.
        """
        visit = database.desk.visit(x_visitor)
        database.assistants.embedded(visit.assistant_id or "")
        person = identity.acting_for(visit.account_id, place_of(request))
        return person, database.conversations.get(person.id, visit.conversation_id)

    Visited = Annotated[tuple[Person, Conversation], Depends(visited)]  # noqa: N806 (a type)

    @router.get("/api/widget/chat")
    def read(visited: Visited) -> VisitorChat:
        """Return the chat; an answer that grows is told as far as it is."""
        return visitor_chat(database, *visited)

    @router.post("/api/widget/chat/messages", status_code=201)
    async def say(request: Request, asked: VisitorMessage, visited: Visited) -> VisitorAnswer:
        """Add a message at the end of the chat."""
        visitors.hear(place_of(request))
        person, chat = visited
        message = NewMessage(
            parent_id=chat.current_message_id,
            content=asked.content,
            models=[chat.model if chat.model in models else next(iter(models))],
        )
        said, begun = await run_in_threadpool(ask_anew, database, models, person, chat.id, message)
        for each in begun:
            supervisor.start(person, each.run, each.ask, text=each.text, details=each.details)
        answers = [message_shown(each.message, run_id=each.run.id) for each in begun]
        return VisitorAnswer(
            messages=[message_shown(said), *answers],
            run_id=answers[0].run_id if answers else None,
        )

    @router.get("/api/widget/runs/{run_id}/events")
    async def events(run_id: str, visited: Visited) -> StreamingResponse:
        """Follow an answer while it is written."""
        person, chat = visited
        run = await run_in_threadpool(database.runs.get, person.id, run_id)
        if run.conversation_id != chat.id:
            raise ApiError(404, "There is no such run in this chat.")
        frames = framed(database, run, supervisor.find(person, run_id), None)
        return StreamingResponse(
            frames, media_type="text/event-stream; charset=utf-8", headers=HEADERS
        )

    @router.post("/api/widget/chat/person")
    def person_please(request: Request, visited: Visited) -> VisitorChat:
        """Ask for a person."""
        person, chat = visited
        network = f"network {place_of(request)}"
        database.desk.ask(person.id, chat.id, asker=network, most_open=MOST_OPEN_VISITORS)
        return visitor_chat(database, person, chat)

    return router


def visitor_chat(database: Database, person: Person, chat: Conversation) -> VisitorChat:
    """Return the turns of a visitor's chat, with the runs that are writing some of them."""
    turns = shown_branch(database, chat)
    running = {run.message_id: run.id for run in database.runs.running(person.id, chat.id)}
    for turn in turns:
        turn.run_id = running.get(turn.id)
    return VisitorChat(
        hand_over=person_wanted(database, chat.id),
        returned=was_returned(database, chat),
        messages=turns,
    )
