"""Desk of customer service: visitors without an account, and chats that want a person."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy import Connection, Select, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from fledge.database.conversations import missing, owned
from fledge.database.engine import Transactions
from fledge.database.rows import first, selected, values_of
from fledge.database.tables import Accounts, Conversations, HandOvers, Visits
from fledge.database.tokens import hashed, new_token
from fledge.errors import DatabaseError, NotFound

HandOverStatus = Literal["waiting", "taken", "closed"]
MOST_SHOWN = 100
MOST_OPEN = 5
"""Chats in which one account may want a person at once."""
MOST_OPEN_VISITORS = 20
"""Chats in which the visitors of one network may: a whole office may share it."""
OPEN = ("waiting", "taken")


class DeskFull(DatabaseError):
    """Asker who wants a person in too many chats already."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"you are waiting for a person in {most} chats already; end one of these first, or "
            "wait until somebody has come"
        )


@dataclass(frozen=True, slots=True)
class Visit:
    """A visitor's chat: the account that keeps it, its assistant, and the page where it began."""

    conversation_id: str
    account_id: str
    assistant_id: str | None
    origin: str
    created_at: float


@dataclass(frozen=True, slots=True)
class HandOver:
    """A chat that wants a person since `created_at`; `taken_by` answers there."""

    conversation_id: str
    status: HandOverStatus
    taken_by: str | None
    created_at: float
    updated_at: float

    @property
    def is_open(self) -> bool:
        """Return True while a person answers instead of a model."""
        return self.status != "closed"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of the queue: a chat that wants a person, the account that keeps it, its title.

    `visited` is the page where a visitor without an account began it, "" if unknown; None where
    the account's own person writes.
    """

    hand_over: HandOver
    account_id: str
    title: str
    visited: str | None


class DeskStore:
    """Store of visits and hand-overs. A visit is found by its token, a hand-over by its chat."""

    def __init__(self, transactions: Transactions, clock: Callable[[], float]) -> None:
        self._transactions = transactions
        self._clock = clock

    def open_visit(self, conversation_id: str, origin: str) -> str:
        """Open a visit in a chat; return its token, which cannot be read again."""
        token = new_token()
        row = {
            "conversation_id": conversation_id,
            "token_hash": hashed(token),
            "origin": origin[:255],
            "created_at": self._clock(),
        }
        with self._transactions.write() as connection:
            connection.execute(insert(Visits).values(row))
        return token

    def visit(self, token: str) -> Visit:
        """Return the visit of a token. Raises `NotFound` if unknown or if its chat is deleted."""
        query = (
            select(
                Visits.conversation_id,
                Conversations.account_id,
                Conversations.assistant_id,
                Visits.origin,
                Visits.created_at,
            )
            .join(Conversations, Conversations.id == Visits.conversation_id)
            .where(Visits.token_hash == hashed(token), Conversations.deleted_at.is_(None))
        )
        with self._transactions.read() as connection:
            found = first(connection, query, Visit)
        if found is None:
            raise missing("of this visitor")
        return found

    def ask(
        self,
        account_id: str,
        conversation_id: str,
        *,
        asker: str = "",
        most_open: int = MOST_OPEN,
    ) -> HandOver:
        """Ask for a person in a chat; nothing changes if one was asked for.

        `asker` names who asks where it is not the account: the network of a visitor.

        Raises:
            NotFound: the chat is not there.
            DeskFull: this asker has `most_open` chats open already.
        """
        now = self._clock()
        fresh = HandOver(conversation_id, "waiting", None, now, now)
        asked_by = hashed(asker or account_id)
        with self._transactions.write() as connection:
            owned(connection, account_id, conversation_id)
            # Requests of one account come one by one, or many at once would pass the bound.
            connection.execute(
                select(Accounts.id).where(Accounts.id == account_id).with_for_update()
            )
            _require_room(connection, conversation_id, asked_by, most_open)
            build = sqlite.insert if self._transactions.is_sqlite else postgresql.insert
            # Another request may have come first.
            values = {**values_of(fresh), "asked_by": asked_by}
            connection.execute(build(HandOvers).values(values).on_conflict_do_nothing())
            connection.execute(
                update(HandOvers)
                .where(HandOvers.conversation_id == conversation_id)
                .values(asked_by=asked_by)
            )
            known = _one(connection, conversation_id)
            assert known is not None
            if known.is_open:
                return known
            return self._set(connection, replace(known, created_at=now), "waiting", None)

    def take(self, conversation_id: str, staff_id: str) -> HandOver:
        """Let one of the staff answer from now on. Raises `NotFound` unless a person is wanted."""
        with self._transactions.write() as connection:
            return self._set(connection, _open(connection, conversation_id), "taken", staff_id)

    def close(self, conversation_id: str) -> HandOver:
        """Let the model answer again. Raises `NotFound` unless a person is wanted."""
        with self._transactions.write() as connection:
            known = _open(connection, conversation_id)
            return self._set(connection, known, "closed", known.taken_by)

    def of(self, conversation_id: str) -> HandOver | None:
        """Return the hand-over of a chat, or None if a person was never wanted."""
        with self._transactions.read() as connection:
            return _one(connection, conversation_id)

    def waiting(self) -> list[Waiting]:
        """Return at most 100 chats that want a person, the longest wait first."""
        query = _wanted().order_by(HandOvers.created_at, HandOvers.conversation_id)
        with self._transactions.read() as connection:
            return _lines(connection, query.limit(MOST_SHOWN))

    def wanted(self, conversation_id: str) -> Waiting:
        """Return a chat that wants a person, even one that `waiting` does not show.

        Raises `NotFound`.
        """
        query = _wanted().where(HandOvers.conversation_id == conversation_id)
        with self._transactions.read() as connection:
            for line in _lines(connection, query):
                return line
        raise NotFound(f"chat {conversation_id!r} is not waiting for a person")

    def count_waiting(self) -> int:
        """Return the number of chats that wait for a person and have none yet."""
        query = (
            select(func.count())
            .select_from(HandOvers)
            .join(Conversations, Conversations.id == HandOvers.conversation_id)
            .where(HandOvers.status == "waiting", Conversations.deleted_at.is_(None))
        )
        with self._transactions.read() as connection:
            return int(connection.scalar(query) or 0)

    def _set(
        self, connection: Connection, known: HandOver, status: HandOverStatus, staff_id: str | None
    ) -> HandOver:
        now = self._clock()
        connection.execute(
            update(HandOvers)
            .where(HandOvers.conversation_id == known.conversation_id)
            .values(status=status, taken_by=staff_id, created_at=known.created_at, updated_at=now)
        )
        return HandOver(known.conversation_id, status, staff_id, known.created_at, now)


def _require_room(
    connection: Connection, conversation_id: str, asked_by: str, most_open: int
) -> None:
    """Raise `DeskFull` where an asker has too many open chats besides this one."""
    count = select(func.count()).where(
        HandOvers.asked_by == asked_by,
        HandOvers.status.in_(OPEN),
        HandOvers.conversation_id != conversation_id,
    )
    if (connection.scalar(count) or 0) >= most_open:
        raise DeskFull(most_open)


def _wanted() -> "Select[*tuple[Any, ...]]":
    return (
        selected(HandOvers, HandOver)
        .add_columns(Conversations.account_id, Conversations.title, Visits.origin)
        .join(Conversations, Conversations.id == HandOvers.conversation_id)
        .outerjoin(Visits, Visits.conversation_id == HandOvers.conversation_id)
        .where(HandOvers.status.in_(OPEN), Conversations.deleted_at.is_(None))
    )


def _lines(connection: Connection, query: "Select[*tuple[Any, ...]]") -> list[Waiting]:
    return [
        Waiting(HandOver(*hand_over), account_id, title, visited)
        for *hand_over, account_id, title, visited in connection.execute(query)
    ]


def _one(connection: Connection, conversation_id: str) -> HandOver | None:
    query = selected(HandOvers, HandOver).where(HandOvers.conversation_id == conversation_id)
    return first(connection, query, HandOver)


def _open(connection: Connection, conversation_id: str) -> HandOver:
    found = _one(connection, conversation_id)
    if found is None or not found.is_open:
        raise missing(conversation_id)
    return found
