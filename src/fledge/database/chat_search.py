"""Search in a person's chats: titles, and the words of questions and answers."""

from dataclasses import dataclass
from typing import TypeVarTuple

from sqlalchemy import Connection, Select, select

from fledge.database import full_text
from fledge.database.tables import Conversations, Messages

Columns = TypeVarTuple("Columns")

MOST_HITS = 300
"""Messages looked at, the newest; one chat may hold many of them."""


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
    for each in _texts(connection, account_id, query_words):
        found.setdefault(each.conversation_id, each)
    return list(found.values())[:limit]


def _titles(connection: Connection, account_id: str, query_words: list[str]) -> list[Found]:
    query = _visible(
        select(Conversations.id, Conversations.title, Conversations.updated_at), account_id
    )
    for word in query_words:
        query = query.where(Conversations.title.icontains(word, autoescape=True))
    rows = connection.execute(query.order_by(Conversations.updated_at.desc()).limit(MOST_HITS))
    return [Found(id_, title, None, "", updated_at) for id_, title, updated_at in rows]


def _texts(connection: Connection, account_id: str, query_words: list[str]) -> list[Found]:
    query = _visible(
        select(
            Conversations.id,
            Conversations.title,
            Messages.id,
            Messages.content,
            Conversations.updated_at,
        ).join(Conversations, Conversations.id == Messages.conversation_id),
        account_id,
    ).where(Messages.role.in_(("user", "assistant")))
    if connection.dialect.name == "sqlite":
        match = full_text.fts5(query_words, every=True)
        hits = full_text.fts5_matches("messages_search", match).subquery()
        query = query.join(hits, hits.c.number == Messages.number)
    else:
        match = full_text.tsquery(query_words, every=True)
        query = query.where(
            Messages.status != "running",
            full_text.contains(Messages.content.expression, "simple", match),
        )
    query = query.order_by(Conversations.updated_at.desc(), Messages.number.desc())
    return [
        Found(id_, title, message_id, full_text.excerpt(content, query_words), updated_at)
        for id_, title, message_id, content, updated_at in connection.execute(
            query.limit(MOST_HITS)
        )
    ]


def _visible(query: "Select[*Columns]", account_id: str) -> "Select[*Columns]":
    return query.where(
        Conversations.account_id == account_id,
        Conversations.deleted_at.is_(None),
        Conversations.temporary.is_(False),
    )
