"""Questions written down and answers begun, in the database; the hub then has them written."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from fledge.database import Conversation, Database, StoredMessage, StoredRun
from fledge.database.tables import Json
from fledge.serve.models.answers import ChatAsk
from fledge.serve.models.registry import ModelRegistry
from fledge.serve.person import Person
from fledge.serve.web.asking import chat_ask, title_of
from fledge.serve.web.knowledge import citations_for
from fledge.serve.web.shapes import NewAnswer, NewMessage


@dataclass(frozen=True, slots=True)
class BegunAnswer:
    """An answer that has a place in the chat and waits for its words.

    `text` is what it says already.
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
    """A person's message, which also names a nameless chat, and its answers.

    In a chat that was handed over the models are silent: one of the staff answers.
    """
    chat = database.conversations.get(person.id, conversation_id)
    said = database.messages.add(
        person.id, chat.id, role="user", content=asked.content, parent_id=asked.parent_id
    )
    if not chat.title:
        chat = database.conversations.change(person.id, chat.id, title=title_of(asked.content))
    hand_over = database.desk.of(chat.id)
    if hand_over is not None and hand_over.is_open:
        return said, []
    return said, begin(database, models, person, chat, said.id, asked.models)


def ask_again(
    database: Database,
    models: ModelRegistry,
    person: Person,
    conversation_id: str,
    asked: NewAnswer,
) -> list[BegunAnswer]:
    """Another answer to the same message, or the rest of one."""
    chat = database.conversations.get(person.id, conversation_id)
    if asked.continues is None:
        return begin(database, models, person, chat, asked.parent_id, asked.models)
    return [go_on(database, person, chat, asked.continues, asked.models[0])]


def begin(
    database: Database,
    models: ModelRegistry,
    person: Person,
    chat: Conversation,
    parent_id: str,
    named: Sequence[str],
) -> list[BegunAnswer]:
    """Empty answers of the named models; two of them know that they are to be compared.

    An assistant's models read what it knows of the question, which stands under the answers.
    """
    path = database.messages.path(person.id, parent_id)
    pair: Json = {"compare": secrets.token_hex(8)} if len(named) > 1 else {}
    begun = []
    for model in named:
        citations = citations_for(
            database, chat.assistant_id, path[-1].content, models[model].context_length
        )
        cited: Json = {"citations": [each.model_dump() for each in citations]} if citations else {}
        details = {**pair, **cited}
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


def go_on(
    database: Database, person: Person, chat: Conversation, message_id: str, model: str
) -> BegunAnswer:
    """An answer that was cut off, opened again where it ends."""
    *path, _ = database.messages.path(person.id, message_id)
    run = database.runs.resume(person.id, message_id, model=model, sampling=chat.sampling)
    message = database.messages.get(person.id, message_id)
    ask = chat_ask(person, chat, path, model, begun=message.content)
    return BegunAnswer(run, message, ask, message.content, message.details)
