"""Search in a person's chats: titles, and the words of questions and answers."""

from dataclasses import dataclass
from typing import TypeVarTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select

from fledge.database import full_text
from fledge.database.tables import Conversations, Messages

Columns = TypeVarTuple("Columns")


@dataclass(frozen=True, slots=True)
class Found:
    """A chat, and where in it: the newest message that matches, or None for its title."""

    conversation_id: str
    title: str
    message_id: str | None
    excerpt: str
    updated_at: float


def search(connection: Connection, account_id: str, query: str, limit: int) -> list[Found]:
    """Chats with all the words of the query, each once: by title first, then the newest."""
    query_words = full_text.words(query)
    if not query_words:
        return []
    found = {each.conversation_id: each for each in _titles(connection, account_id, query_words)}
    for each in _texts(connection, account_id, query_words, limit):
        found.setdefault(each.conversation_id, each)
    return list(found.values())[:limit]


def _titles(connection: Connection, account_id: str, query_words: list[str]) -> list[Found]:
    query = _visible(
        select(Conversations.id, Conversations.title, Conversations.updated_at), account_id
    )
    rows = connection.execute(query.order_by(Conversations.updated_at.desc()))
    folded = [word.casefold() for word in query_words]
    # Here and not in SQL: SQLite knows the capitals of English alone.
    return [
        Found(id_, title, None, "", updated_at)
        for id_, title, updated_at in rows
        if all(word in title.casefold() for word in folded)
    ]


def _texts(
    connection: Connection, account_id: str, query_words: list[str], limit: int
) -> list[Found]:
    """The newest hit of each chat.

    The person's chats come first, then which of their messages match: a short beginning of a word
    matches half of what everybody has said, and none of that is read but the few that are shown.
    """
    newest = func.max(Messages.number)
    query = (
        _visible(
            select(newest).join(Conversations, Conversations.id == Messages.conversation_id),
            account_id,
        )
        .where(_matches(connection, query_words))
        .group_by(Conversations.id)
        .order_by(Conversations.updated_at.desc())
        .limit(limit)
    )
    shown = (
        select(
            Conversations.id,
            Conversations.title,
            Messages.id,
            Messages.content,
            Conversations.updated_at,
        )
        .join(Conversations, Conversations.id == Messages.conversation_id)
        .where(Messages.number.in_(connection.scalars(query).all()))
        .order_by(Conversations.updated_at.desc())
    )
    return [
        Found(id_, title, message_id, full_text.excerpt(content, query_words), updated_at)
        for id_, title, message_id, content, updated_at in connection.execute(shown)
    ]


def _matches(connection: Connection, query_words: list[str]) -> ColumnElement[bool]:
    if connection.dialect.name == "sqlite":
        hits = full_text.fts5_hits("messages_search", full_text.fts5(query_words, every=True))
        # An expression, so that the hits are asked about and do not lead through the messages.
        return (Messages.number + 0).in_(hits)
    match = full_text.tsquery(query_words, every=True)
    return and_(
        Messages.status != "running",
        full_text.contains(Messages.content.expression, "simple", match),
    )


def _visible(query: "Select[*Columns]", account_id: str) -> "Select[*Columns]":
    return query.where(
        Conversations.account_id == account_id,
        Conversations.deleted_at.is_(None),
        # As an expression: SQLite would begin with the index of all that are not temporary.
        func.coalesce(Conversations.temporary, False).is_(False),
    )
