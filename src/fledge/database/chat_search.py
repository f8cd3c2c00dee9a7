"""Search in the titles and turns of a person's chats."""

import unicodedata
from dataclasses import dataclass
from typing import TypeVarTuple

from sqlalchemy import ColumnElement, Connection, Select, Text, and_, func, literal_column, select

from fledge.database import folding, full_text
from fledge.database.folding import Span
from fledge.database.tables import Conversations, Messages

Columns = TypeVarTuple("Columns")
NEWEST_FIRST = (Conversations.updated_at.desc(), Conversations.id.desc())


@dataclass(frozen=True, slots=True)
class Found:
    """A chat with a hit: its newest matching message, or None if its title matches.

    `title_hits` and `hits` are start and end of each hit in the title and in the excerpt.
    """

    conversation_id: str
    title: str
    title_hits: tuple[Span, ...]
    message_id: str | None
    excerpt: str
    hits: tuple[Span, ...]
    updated_at: float


@dataclass(frozen=True, slots=True)
class Place:
    """Chats that are searched: all of a person's, or those in one of their folders."""

    account_id: str
    folder_id: str | None = None


def search(connection: Connection, place: Place, query: str, limit: int) -> list[Found]:
    """Return chats with all the words of the query, each once: title hits first, newest first.

    Titles and texts follow one rule: a word is found as it is, the last one as a beginning too,
    and words of scripts without spaces at any place.
    """
    query_words = full_text.words(query)
    if not query_words:
        return []
    found = {each.conversation_id: each for each in _titles(connection, place, query_words)}
    for each in _texts(connection, place, query_words, limit):
        found.setdefault(each.conversation_id, each)
    return list(found.values())[:limit]


def _titles(connection: Connection, place: Place, query_words: list[str]) -> list[Found]:
    query = _visible(select(Conversations.id, Conversations.title, Conversations.updated_at), place)
    rows = connection.execute(query.order_by(*NEWEST_FIRST))
    # Python compares, not SQL: SQLite folds the case of English letters only.
    return [
        Found(id_, title, title_hits(title, query_words), None, "", (), updated_at)
        for id_, title, updated_at in rows
        if folding.matches(title, query_words)
    ]


def title_hits(title: str, query_words: list[str]) -> tuple[Span, ...]:
    """Return the hits in a title; one that is not in composed form has none."""
    composed = unicodedata.is_normalized("NFC", title)
    return tuple(folding.hits(title, query_words)) if composed else ()


def _texts(connection: Connection, place: Place, query_words: list[str], limit: int) -> list[Found]:
    """Return the newest hit of each chat.

    The query selects the person's chats before it asks the index: a short beginning of a word can
    match half of all messages on the server. Only the texts that are shown are read.
    """
    newest = func.max(Messages.number)
    query = (
        _visible(
            select(newest).join(Conversations, Conversations.id == Messages.conversation_id),
            place,
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
    return [_found(query_words, *row) for row in connection.execute(shown)]


def _found(
    query_words: list[str], id_: str, title: str, message_id: str, content: str, updated_at: float
) -> Found:
    place = full_text.excerpt(content, query_words)
    return Found(
        conversation_id=id_,
        title=title,
        title_hits=title_hits(title, query_words),
        message_id=message_id,
        excerpt=place.text,
        hits=place.hits,
        updated_at=updated_at,
    )


def _matches(connection: Connection, query_words: list[str]) -> ColumnElement[bool]:
    if connection.dialect.name == "sqlite":
        hits = full_text.fts5_hits("messages_search", full_text.fts5(query_words, every=True))
        # The expression keeps SQLite from walking all hits first: it asks the index per message.
        return (Messages.number + 0).in_(hits)
    indexed = literal_column(full_text.INDEXED_MESSAGE, Text)
    match = full_text.tsquery(query_words, every=True)
    return and_(
        Messages.status != "running",
        full_text.contains(indexed, "simple", match),
        *(
            Messages.searched.contains(phrase, autoescape=True)
            for phrase in full_text.phrases(query_words)
        ),
    )


def _visible(query: "Select[*Columns]", place: Place) -> "Select[*Columns]":
    if place.folder_id is not None:
        query = query.where(Conversations.folder_id == place.folder_id)
    return query.where(
        Conversations.account_id == place.account_id,
        Conversations.deleted_at.is_(None),
        # The expression keeps SQLite from starting with the index of temporary chats.
        func.coalesce(Conversations.temporary, False).is_(False),
    )
