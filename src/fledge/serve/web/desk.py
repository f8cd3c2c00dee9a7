"""Hand-over to a person: a chat asks for one, and the staff answer from a queue."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from fledge.database import Conversation, Database
from fledge.database.desk import Waiting
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.show.page import Pages
from fledge.serve.web.chat.conversations import person_wanted
from fledge.serve.web.shapes import MessageShown, NewDemonstration, PersonWanted, message_shown


class QueueLine(BaseModel):
    """Line of the queue: a chat that waits for a person; `since` is seconds since 1970.

    `by` is who writes; `page` is where a visitor began the chat, None if that is unknown.
    """

    id: str
    title: str
    status: Literal["waiting", "taken"]
    name: str | None
    since: float
    last: str
    by: str
    page: str | None


class QueueCount(BaseModel):
    """Number of chats that wait for a person and have none yet."""

    waiting: int


class DeskChat(BaseModel):
    """Chat as the staff see it: the branch that its person is looking at."""

    id: str
    title: str
    hand_over: PersonWanted
    by: str
    page: str | None
    messages: list[MessageShown]


def desk_routes(identity: Identity, database: Database, pages: Pages) -> APIRouter:
    """Make the routes to ask for a person, and those of the queue."""
    router = APIRouter()
    router.include_router(hand_over_routes(identity, database))
    router.include_router(queue_routes(identity, database, pages))
    return router


def hand_over_routes(identity: Identity, database: Database) -> APIRouter:
    """Make the routes to ask for a person in one's own chat, or no longer."""
    router = APIRouter(include_in_schema=False)
    Someone = Annotated[Person, Depends(identity.person)]  # noqa: N806 (a type)

    @router.post("/api/conversations/{id}/hand-over")
    def ask(id: str, person: Someone) -> PersonWanted:
        """Ask for a person; no model answers until one has come and gone."""
        database.desk.ask(person.id, id)
        wanted = person_wanted(database, id)
        assert wanted is not None
        return wanted

    @router.delete("/api/conversations/{id}/hand-over", status_code=204)
    def no_longer(id: str, person: Someone) -> Response:
        """Let the model answer again."""
        database.conversations.get(person.id, id)
        database.desk.close(id)
        return Response(status_code=204)

    return router


def queue_routes(identity: Identity, database: Database, pages: Pages) -> APIRouter:
    """Make the routes of the queue, for the staff."""
    router = APIRouter(include_in_schema=False)

    def staff(person: Annotated[Person, Depends(identity.person)]) -> Person:
        person.require("staff")
        return person

    Staff = Annotated[Person, Depends(staff)]  # noqa: N806 (a type)

    @router.get("/api/queue")
    def queue(_: Staff) -> list[QueueLine]:
        """Return the queue, the longest wait first."""
        return [line_of(database, each) for each in database.desk.waiting()]

    @router.get("/api/queue/count")
    def count(_: Staff) -> QueueCount:
        """Return how many wait, for the badge of every page."""
        return QueueCount(waiting=database.desk.count_waiting())

    @router.get("/api/queue/{id}")
    def read(id: str, _: Staff) -> DeskChat:
        """Return a chat of the queue."""
        return desk_chat(database, waiting(database, id))

    @router.post("/api/queue/{id}/take")
    def take(id: str, person: Staff) -> DeskChat:
        """Take over a chat."""
        database.desk.take(id, person.id)
        return desk_chat(database, waiting(database, id))

    @router.post("/api/queue/{id}/messages", status_code=201)
    def answer(id: str, asked: NewDemonstration, person: Staff) -> MessageShown:
        """Answer in the chat, under one's own name."""
        line = waiting(database, id)
        if line.hand_over.taken_by != person.id:
            database.desk.take(id, person.id)
        chat = database.conversations.get(line.account_id, id)
        said = database.messages.add(
            line.account_id,
            id,
            role="assistant",
            content=asked.content,
            parent_id=chat.current_message_id,
            details={"by": person.name, "by_id": person.id},
        )
        return message_shown(said)

    @router.post("/api/queue/{id}/close", status_code=204)
    def close(id: str, _: Staff) -> Response:
        """Give the chat back to the model."""
        database.desk.close(id)
        return Response(status_code=204)

    @router.get("/queue", response_class=HTMLResponse)
    def page(request: Request, person: Annotated[Person, Depends(identity.visitor)]) -> Response:
        """Show the page on which the staff answer."""
        person.require("staff")
        return pages.show(request, "queue.html", person=person)

    return router


def waiting(database: Database, conversation_id: str) -> Waiting:
    """Return a chat of the queue. Raises `NotFound` for any other, which nobody else may read."""
    return database.desk.wanted(conversation_id)


def line_of(database: Database, line: Waiting) -> QueueLine:
    """Return a line of the queue, with the beginning of its last message."""
    chat = database.conversations.get(line.account_id, line.hand_over.conversation_id)
    last = ""
    if chat.current_message_id is not None:
        last = database.messages.get(line.account_id, chat.current_message_id).content
    wanted = person_wanted(database, chat.id)
    assert wanted is not None
    return QueueLine(
        id=chat.id,
        title=line.title or "New chat",
        status=wanted.status,
        name=wanted.name,
        since=line.hand_over.created_at,
        last=last[:200],
        by=writer_of(database, line),
        page=page_of(line),
    )


def page_of(line: Waiting) -> str | None:
    """Return the address where a visitor began the chat; only a web address is a link."""
    visited = line.visited or ""
    return visited if visited.startswith(("https://", "http://")) else None


def writer_of(database: Database, line: Waiting) -> str:
    """Return the name of the person who writes, or `Visitor` for one without an account."""
    if line.visited is not None:
        return "Visitor"
    return database.accounts.get(line.account_id).name


def desk_chat(database: Database, line: Waiting) -> DeskChat:
    """Return a chat of the queue with the turns of its shown branch."""
    chat = database.conversations.get(line.account_id, line.hand_over.conversation_id)
    wanted = person_wanted(database, chat.id)
    assert wanted is not None
    return DeskChat(
        id=chat.id,
        title=chat.title or "New chat",
        hand_over=wanted,
        by=writer_of(database, line),
        page=page_of(line),
        messages=shown_branch(database, chat),
    )


def shown_branch(database: Database, chat: Conversation) -> list[MessageShown]:
    """Return the turns from the first to the one that was last looked at."""
    if chat.current_message_id is None:
        return []
    path = database.messages.path(chat.account_id, chat.current_message_id)
    return [message_shown(message) for message in path]
