"""Write questions and empty answers into the database; the supervisor then fills the answers."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from fledge.database import Conversation, Database, StoredMessage, StoredRun
from fledge.database.full_text import telling_words
from fledge.database.tables import Json
from fledge.errors import NotFound
from fledge.serve.errors import ApiError
from fledge.serve.models.answers import ChatAsk
from fledge.serve.models.registry import ModelRegistry
from fledge.serve.people.person import Person
from fledge.serve.web.assistants.knowledge import citations_for
from fledge.serve.web.chat.asking import chat_ask, title_of
from fledge.serve.web.shapes import NewAnswer, NewMessage
from fledge.serve.web.sources import Citation


@dataclass(frozen=True, slots=True)
class BegunAnswer:
    """Answer that has a place in the chat and waits to be written.

    `text` is the beginning that it has already.
    """

    run: StoredRun
    message: StoredMessage
    ask: ChatAsk
    text: str
    details: Json


def ask_anew(
    database: Database,
    models: ModelRegistry,
    person: Person,
    conversation_id: str,
    asked: NewMessage,
) -> tuple[StoredMessage, list[BegunAnswer]]:
    """Store a person's message and the answers to begin; name the chat if it has no name.

    In a chat that was handed over no model answers, because one of the staff does.
    """
    chat = database.conversations.get(person.id, conversation_id)
    said = database.messages.add(
        person.id, chat.id, role="user", content=asked.content, parent_id=asked.parent_id
    )
    if not chat.title:
        chat = database.conversations.change(person.id, chat.id, title=title_of(asked.content))
    if is_with_a_person(database, chat):
        return said, []
    return said, begin(database, models, person, chat, said.id, asked.models)


def ask_again(
    database: Database,
    models: ModelRegistry,
    person: Person,
    conversation_id: str,
    asked: NewAnswer,
) -> list[BegunAnswer]:
    """Begin another answer to the same message, or continue one.

    Raises:
        ApiError: 409 while a person answers in this chat.
    """
    chat = database.conversations.get(person.id, conversation_id)
    if is_with_a_person(database, chat):
        raise ApiError(
            409,
            "A person is answering in this chat. Return it to the assistant first.",
            code="handed_over",
        )
    if asked.continues is None:
        return begin(database, models, person, chat, asked.parent_id, asked.models)
    return [go_on(database, person, chat, asked.continues, asked.models[0])]


def is_with_a_person(database: Database, chat: Conversation) -> bool:
    """Return whether one of the staff is wanted in a chat, or has come."""
    hand_over = database.desk.of(chat.id)
    return hand_over is not None and hand_over.is_open


def begin(
    database: Database,
    models: ModelRegistry,
    person: Person,
    chat: Conversation,
    parent_id: str,
    named: Sequence[str],
) -> list[BegunAnswer]:
    """Store empty answers of the named models; two of them are marked as a pair to compare.

    An assistant's models read the passages that fit the question; those that an answer uses are
    shown under it.

    Raises:
        NotFound: `parent_id` is no question of the person's.
    """
    path = database.messages.path(person.id, parent_id)
    question = path[-1]
    if question.role != "user":
        raise NotFound(f"there is no question {parent_id!r}")
    pair: Json = {"compare": secrets.token_hex(8)} if len(named) > 1 else {}
    known = [
        citations_for(
            database, person.id, chat.assistant_id, question.content, models[model].context_length
        )
        for model in named
    ]
    begun = []
    for model, citations in zip(named, known, strict=True):
        details = {**pair, **read_before(question.content, citations)}
        run = database.runs.start(
            person.id,
            chat.id,
            parent_id=parent_id,
            model=model,
            sampling=chat.sampling,
            details=details,
        )
        message = database.messages.get(person.id, run.message_id)
        ask = chat_ask(person, chat, path, model, citations=citations)
        begun.append(BegunAnswer(run, message, ask, "", details))
    return begun


def read_before(question: str, citations: Sequence[Citation]) -> Json:
    """Return what an answer's details keep of the passages that stand before it."""
    if not citations:
        return {}
    return {
        "citations": [each.model_dump() for each in citations],
        "question_words": telling_words(question),
    }


def go_on(
    database: Database, person: Person, chat: Conversation, message_id: str, model: str
) -> BegunAnswer:
    """Open an answer that was cut off again, at its end.

    Raises:
        NotFound: it is no answer of a model in this chat.
    """
    *path, answer = database.messages.path(person.id, message_id)
    if answer.conversation_id != chat.id or answer.model is None or not path:
        raise NotFound(f"there is no answer {message_id!r} in this chat")
    run = database.runs.resume(person.id, message_id, model=model, sampling=chat.sampling)
    message = database.messages.get(person.id, message_id)
    ask = chat_ask(person, chat, path, model, begun=message.content)
    return BegunAnswer(run, message, ask, message.content, message.details)
