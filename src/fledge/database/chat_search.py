"""Search in the titles and turns of a person's chats."""

from dataclasses import dataclass
from typing import TypeVarTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select

from fledge.database import full_text
from fledge.database.tables import Conversations, Messages

Columns = TypeVarTuple("Columns")
NEWEST_FIRST = (Conversations.updated_at.desc(), Conversations.id.desc())


@dataclass(frozen=True, slots=True)
class Found:
    """A chat with a hit: its newest matching message, or None if its title matches."""

    conversation_id: str
    title: str
    message_id: str | None
    excerpt: str
    updated_at: float


def search(connection: Connection, account_id: str, query: str, limit: int) -> list[Found]:
    """Return chats with all the words of the query, each once: title hits first, newest first."""
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
    rows = connection.execute(query.order_by(*NEWEST_FIRST))
    folded = [word.casefold() for word in query_words]
    # Python compares, not SQL: SQLite folds the case of English letters only.
    return [
        Found(id_, title, None, "", updated_at)
        for id_, title, updated_at in rows
        if all(word in title.casefold() for word in folded)
    ]


def _texts(
    connection: Connection, account_id: str, query_words: list[str], limit: int
) -> list[Found]:
    """Return the newest hit of each chat.

    The query selects the person's chats before it asks the index: a short beginning of a word can
    match half of all messages on the server. Only the texts that are shown are read.
    """
    newest = func.max(Messages.number)
    query = (
        _visible(
            select(newest).join(Conversations, Conversations.id == Messages.conversation_id),
            account_id,
        )
        .where(_matches(connection, query_words))
        .group_by(Conversations.id)
        .order_by(*NEWEST_FIRST)
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
        .order_by(*NEWEST_FIRST)
    )
    return [
        Found(id_, title, message_id, full_text.excerpt(content, query_words), updated_at)
        for id_, title, message_id, content, updated_at in connection.execute(shown)
    ]


def _matches(connection: Connection, query_words: list[str]) -> ColumnElement[bool]:
    if connection.dialect.name == "sqlite":
        hits = full_text.fts5_hits("messages_search", full_text.fts5(query_words, every=True))
        # The expression keeps SQLite from walking all hits first: it asks the index per message.
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
        # The expression keeps SQLite from starting with the index of temporary chats.
        func.coalesce(Conversations.temporary, False).is_(False),
    )
