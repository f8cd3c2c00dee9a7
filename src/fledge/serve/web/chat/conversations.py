"""`/api/conversations`: a person's chats and their messages."""

from collections.abc import Sequence
from random import SystemRandom
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from fledge.database import Conversation, ConversationStore, Database, StoredMessage
from fledge.database.conversations import NOWHERE
from fledge.errors import NotFound
from fledge.serve.errors import ApiError
from fledge.serve.models.registry import ModelRegistry
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.web.assistants.ready import drawn
from fledge.serve.web.chat.answering import BegunAnswer, ask_again, ask_anew
from fledge.serve.web.chat.supervisor import RunSupervisor
from fledge.serve.web.shapes import (
    Answered,
    AssistantShown,
    ChangedConversation,
    ConversationDetail,
    ConversationPage,
    ConversationShown,
    MessageShown,
    NewAnswer,
    NewConversation,
    NewMessage,
    PersonWanted,
    message_shown,
)

PAGE_SIZE = 40


def conversation_routes(
    identity: Identity, database: Database, models: ModelRegistry, supervisor: RunSupervisor
) -> APIRouter:
    """Make the routes of chats and of their messages; each person reaches only their own."""
    router = APIRouter()
    router.include_router(list_routes(identity, database, models, supervisor))
    router.include_router(turn_routes(identity, database, models, supervisor))
    return router


def list_routes(
    identity: Identity, database: Database, models: ModelRegistry, supervisor: RunSupervisor
) -> APIRouter:
    """Make the routes that begin, list, find, change and delete chats."""
    router = APIRouter(prefix="/api/conversations", include_in_schema=False)
    Someone = Annotated[Person, Depends(identity.person)]  # noqa: N806 (a type)
    chats = database.conversations

    @router.get("")
    def listing(
        person: Someone,
        archived: bool = False,
        query: Annotated[str, Query(max_length=200)] = "",
        after: str | None = None,
        folder: Annotated[str | None, Query(max_length=32)] = None,
    ) -> ConversationPage:
        """Return a page of the list, or the chats in which the words of `query` occur.

        `folder` is the id of one, or "none" for the chats outside of every folder; a search
        outside of folders is a search everywhere.
        """
        if query.strip():
            hits = found(chats, person, query, None if folder == NOWHERE else folder)
            return ConversationPage(conversations=hits, next=None)
        before = None if after is None else chats.get(person.id, after)
        page = chats.list(
            person.id, limit=PAGE_SIZE, before=before, archived=archived, folder=folder
        )
        return ConversationPage(
            conversations=[ConversationShown.of(chat) for chat in page],
            next=page[-1].id if len(page) == PAGE_SIZE else None,
        )

    @router.post("", status_code=201)
    def begin(asked: NewConversation, person: Someone) -> ConversationDetail:
        """Begin a chat without messages; an assistant brings its own settings."""
        return detail(database, person, begin_chat(database, models, person, asked))

    @router.get("/{id}")
    def read(id: str, person: Someone) -> ConversationDetail:
        """Return a chat with all its messages."""
        return detail(database, person, chats.get(person.id, id))

    @router.patch("/{id}")
    def change(id: str, asked: ChangedConversation, person: Someone) -> ConversationShown:
        """Rename, pin or archive a chat; change its model, prompt, sampling or branch."""
        named = asked.model_dump(exclude_unset=True)
        if "sampling" in named:
            named["sampling"] = asked.sampling.model_dump(exclude_none=True)
        if "current_message_id" in named:
            message = database.messages.get(person.id, asked.current_message_id)
            if message.conversation_id != id:
                raise ApiError(404, "There is no such message in this chat.")
        return ConversationShown.of(chats.change(person.id, id, **named))

    @router.delete("/{id}", status_code=204)
    async def remove(id: str, person: Someone) -> Response:
        """Delete a chat and stop its answers; it can be restored for a while."""
        running = await run_in_threadpool(database.runs.running, person.id, id)
        await run_in_threadpool(chats.delete, person.id, id)
        for run in running:
            await supervisor.cancel(person, run.id)
        return Response(status_code=204)

    @router.post("/{id}/restore")
    def restore(id: str, person: Someone) -> ConversationShown:
        """Restore a deleted chat."""
        return ConversationShown.of(chats.restore(person.id, id))

    return router


def turn_routes(
    identity: Identity, database: Database, models: ModelRegistry, supervisor: RunSupervisor
) -> APIRouter:
    """Make the routes of messages and answers."""
    router = APIRouter(prefix="/api/conversations", include_in_schema=False)
    Someone = Annotated[Person, Depends(identity.person)]  # noqa: N806 (a type)

    @router.post("/{id}/messages", status_code=201)
    async def say(id: str, asked: NewMessage, person: Someone) -> Answered:
        """Store a message, and have it answered by one model or by two."""
        known_models(models, asked.models)
        said, begun = await run_in_threadpool(ask_anew, database, models, person, id, asked)
        return await answered(person, id, [message_shown(said)], begun)

    @router.post("/{id}/answers", status_code=201)
    async def answer(id: str, asked: NewAnswer, person: Someone) -> Answered:
        """Begin one more answer beside the others, or continue one that was cut off."""
        known_models(models, asked.models)
        begun = await run_in_threadpool(ask_again, database, models, person, id, asked)
        return await answered(person, id, [], begun)

    async def answered(
        person: Person, id: str, said: list[MessageShown], begun: Sequence[BegunAnswer]
    ) -> Answered:
        for each in begun:
            supervisor.start(person, each.run, each.ask, text=each.text, details=each.details)
        chat = await run_in_threadpool(database.conversations.get, person.id, id)
        return Answered(
            conversation=ConversationShown.of(chat),
            messages=[*said, *(message_shown(each.message, run_id=each.run.id) for each in begun)],
        )

    return router


def begin_chat(
    database: Database, models: ModelRegistry, person: Person, asked: NewConversation
) -> Conversation:
    """Begin a chat; an assistant brings its prompt, sampling and, if it is served, its model."""
    sampling = asked.sampling.model_dump(exclude_none=True)
    prompt, model = asked.system_prompt, asked.model
    if asked.assistant_id is not None:
        assistant = database.assistants.get(person.id, asked.assistant_id)
        prompt, sampling = drawn(assistant.system_prompt, SystemRandom()), assistant.sampling
        model = assistant.model if assistant.model in models else model
    return database.conversations.create(
        person.id,
        title=asked.title,
        model=model or next(iter(models)),
        system_prompt=prompt or None,
        sampling=sampling,
        assistant_id=asked.assistant_id,
        temporary=asked.temporary,
        folder_id=asked.folder_id,
    )


def found(
    chats: ConversationStore, person: Person, query: str, folder_id: str | None
) -> list[ConversationShown]:
    """Return the chats that a search finds, each with the place."""
    hits = chats.search(person.id, query, limit=PAGE_SIZE, folder_id=folder_id)
    known = chats.some(person.id, [hit.conversation_id for hit in hits])
    return [
        ConversationShown.of(known[hit.conversation_id], hit)
        for hit in hits
        if hit.conversation_id in known
    ]


def known_models(models: ModelRegistry, named: Sequence[str]) -> None:
    """Raise `ApiError` 404 for a model that is not served, before anything is stored."""
    for model in named:
        models[model]


def detail(database: Database, person: Person, chat: Conversation) -> ConversationDetail:
    """Return a chat with its messages, the person's opinions of them, and the running answers."""
    ratings = database.ratings.of_conversation(person.id, chat.id)
    running = {run.message_id: run.id for run in database.runs.running(person.id, chat.id)}
    judged = {
        message_id
        for preference in database.ratings.preferences_of(person.id, chat.id)
        for group in preference.ranking
        for message_id in group
    }

    def shown(message: StoredMessage) -> MessageShown:
        return message_shown(
            message,
            rating=ratings.get(message.id),
            run_id=running.get(message.id),
            is_judged=message.id in judged,
        )

    turns = database.messages.tree(person.id, chat.id)
    return ConversationDetail(
        **ConversationShown.of(chat).model_dump(),
        assistant=assistant_of(database, person, chat),
        hand_over=person_wanted(database, chat.id),
        returned=was_returned(database, chat),
        messages=[shown(message) for message in turns],
    )


def assistant_of(database: Database, person: Person, chat: Conversation) -> AssistantShown | None:
    """Return the chat's assistant; None where it has none, or may no longer be seen."""
    if chat.assistant_id is None:
        return None
    try:
        return AssistantShown.of(database.assistants.get(person.id, chat.assistant_id))
    except NotFound:
        return None


def was_returned(database: Database, chat: Conversation) -> bool:
    """Return whether the last thing in a chat was that it went back from a person to its model."""
    hand_over = database.desk.of(chat.id)
    if hand_over is None or hand_over.is_open:
        return False
    return hand_over.updated_at >= chat.updated_at


def person_wanted(database: Database, conversation_id: str) -> PersonWanted | None:
    """Return whether one of the staff is wanted in a chat, and who has come; None if not."""
    hand_over = database.desk.of(conversation_id)
    if hand_over is None or hand_over.status == "closed":
        return None
    staff = hand_over.taken_by
    name = None if staff is None else database.accounts.get(staff).name
    return PersonWanted(status=hand_over.status, name=name)
