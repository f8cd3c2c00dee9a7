"""Turns of a chat as a tree: edits and new answers become siblings; nothing is overwritten."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.orm import aliased

from fledge.database.conversations import owned
from fledge.database.engine import Transactions
from fledge.database.folding import indexed
from fledge.database.rows import every, first, selected, values_of
from fledge.database.tables import Conversations, Json, Messages, new_id
from fledge.errors import NotFound


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """One turn. `status` is "finished", or the status of the run that writes it (see `runs`).

    `finish_reason` is stop, length, repetition, cancelled or content_filter. `details` belong to
    the writer: citations, seconds, tokens per second.
    """

    id: str
    conversation_id: str
    parent_id: str | None
    role: str
    content: str
    model: str | None
    status: str
    finish_reason: str | None
    error: str | None
    prompt_tokens: int | None
    completion_tokens: int | None
    details: Json
    created_at: float
    updated_at: float


class MessageStore:
    """Store of messages. Every call names the person; another's message is `NotFound`."""

    def __init__(self, transactions: Transactions, clock: Callable[[], float]) -> None:
        self._transactions = transactions
        self._clock = clock

    def add(
        self,
        account_id: str,
        conversation_id: str,
        *,
        role: str,
        content: str,
        parent_id: str | None,
        model: str | None = None,
        details: Json | None = None,
    ) -> StoredMessage:
        """Add a finished turn under `parent_id` (None: a first turn) and make it the current one.

        Raises `NotFound` for an unknown chat or a parent outside of it.
        """
        message = new_message(
            conversation_id,
            parent_id,
            role,
            content,
            self._clock(),
            model=model,
            details=details,
        )
        with self._transactions.write() as connection:
            owned(connection, account_id, conversation_id)
            append(connection, message)
        return message

    def get(self, account_id: str, message_id: str) -> StoredMessage:
        """Return a message. Raises `NotFound`."""
        with self._transactions.read() as connection:
            return owned_message(connection, account_id, message_id)

    def tree(
        self, account_id: str, conversation_id: str, *, deleted: bool = False
    ) -> list[StoredMessage]:
        """Return all turns, the oldest first: parents before children, siblings in order.

        With `deleted`, read a chat that waits to be purged. Raises `NotFound`.
        """
        with self._transactions.read() as connection:
            owned(connection, account_id, conversation_id, deleted=deleted)
            query = selected(Messages, StoredMessage).where(
                Messages.conversation_id == conversation_id
            )
            return every(connection, query.order_by(Messages.number), StoredMessage)

    def path(self, account_id: str, message_id: str) -> list[StoredMessage]:
        """Return the turns from the first to this one, as a model reads them. Raises `NotFound`."""
        with self._transactions.read() as connection:
            owned_message(connection, account_id, message_id)
            return ancestry(connection, message_id)


def ancestry(connection: Connection, message_id: str) -> list[StoredMessage]:
    """Return the turns from the root to a message in one query, without a check of the owner."""
    start = select(Messages.number, Messages.parent_id).where(Messages.id == message_id)
    upward = start.cte("upward", recursive=True)
    parent = aliased(Messages)
    upward = upward.union_all(
        select(parent.number, parent.parent_id).where(parent.id == upward.c.parent_id)
    )
    query = selected(Messages, StoredMessage).join(upward, Messages.number == upward.c.number)
    return every(connection, query.order_by(Messages.number), StoredMessage)


def owned_message(connection: Connection, account_id: str, message_id: str) -> StoredMessage:
    """Return a message of one of the person's chats. Raises `NotFound`."""
    query = (
        selected(Messages, StoredMessage)
        .join(Conversations, Conversations.id == Messages.conversation_id)
        .where(
            Messages.id == message_id,
            Conversations.account_id == account_id,
            Conversations.deleted_at.is_(None),
        )
    )
    message = first(connection, query, StoredMessage)
    if message is None:
        raise missing_message(message_id)
    return message


def missing_message(message_id: str) -> NotFound:
    """Build the error for a message that does not exist or is another's."""
    return NotFound(f"there is no message {message_id!r}")


def new_message(
    conversation_id: str,
    parent_id: str | None,
    role: str,
    content: str,
    now: float,
    *,
    model: str | None = None,
    status: str = "finished",
    details: Json | None = None,
) -> StoredMessage:
    """Build a turn that is not stored yet."""
    return StoredMessage(
        id=new_id(now),
        conversation_id=conversation_id,
        parent_id=parent_id,
        role=role,
        content=content,
        model=model,
        status=status,
        finish_reason=None,
        error=None,
        prompt_tokens=None,
        completion_tokens=None,
        details=details or {},
        created_at=now,
        updated_at=now,
    )


def append(connection: Connection, message: StoredMessage) -> None:
    """Insert a turn and make it the current one of its chat.

    Raises:
        NotFound: its parent is not in that chat.
    """
    if message.parent_id is not None:
        place = select(Messages.conversation_id).where(Messages.id == message.parent_id)
        if connection.scalar(place) != message.conversation_id:
            raise missing_message(message.parent_id)
    connection.execute(
        insert(Messages).values(searched=indexed(message.content), **values_of(message))
    )
    connection.execute(
        update(Conversations)
        .where(Conversations.id == message.conversation_id)
        .values(current_message_id=message.id, updated_at=message.created_at)
    )
