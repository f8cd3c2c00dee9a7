"""The turns of a chat as a tree: an edit or another answer is a sibling, nothing is overwritten."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.orm import aliased

from fledge.database.conversations import owned
from fledge.database.engine import Transactions
from fledge.database.rows import every, first, selected, values_of
from fledge.database.tables import Conversations, Json, Messages, new_id
from fledge.errors import NotFound


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """One turn. `status`: finished, or that of the run that writes it (see `runs`).

    `finish_reason`: stop, length, cancelled, content_filter; `details` is for whoever wrote it
    (citations, seconds, tokens a second).
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
    """Every call names the person: a message of another's chat does not exist (`NotFound`)."""

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
        """A finished turn under `parent_id` (None: a first turn); it becomes the current one."""
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
        """Raises `NotFound`."""
        with self._transactions.read() as connection:
            return owned_message(connection, account_id, message_id)

    def tree(
        self, account_id: str, conversation_id: str, *, deleted: bool = False
    ) -> list[StoredMessage]:
        """Every turn of a chat, oldest first: parents before children, siblings in order.

        Of one that is `deleted` too, while it can be brought back.
        """
        with self._transactions.read() as connection:
            owned(connection, account_id, conversation_id, deleted=deleted)
            query = selected(Messages, StoredMessage).where(
                Messages.conversation_id == conversation_id
            )
            return every(connection, query.order_by(Messages.number), StoredMessage)

    def path(self, account_id: str, message_id: str) -> list[StoredMessage]:
        """From the first turn down to this one: what a model reads."""
        with self._transactions.read() as connection:
            owned_message(connection, account_id, message_id)
            return ancestry(connection, message_id)


def ancestry(connection: Connection, message_id: str) -> list[StoredMessage]:
    """The turns from the root to a message, whoever owns them; one query."""
    start = select(Messages.number, Messages.parent_id).where(Messages.id == message_id)
    upward = start.cte("upward", recursive=True)
    parent = aliased(Messages)
    upward = upward.union_all(
        select(parent.number, parent.parent_id).where(parent.id == upward.c.parent_id)
    )
    query = selected(Messages, StoredMessage).join(upward, Messages.number == upward.c.number)
    return every(connection, query.order_by(Messages.number), StoredMessage)


def owned_message(connection: Connection, account_id: str, message_id: str) -> StoredMessage:
    """A message of one of the person's chats; raises `NotFound`."""
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
    """The error for a message that is not there, or not theirs."""
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
    """A turn that is not stored yet."""
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
    """Write it, and make it the current turn of its chat.

    Raises:
        NotFound: its parent is not in that chat.
    """
    if message.parent_id is not None:
        place = select(Messages.conversation_id).where(Messages.id == message.parent_id)
        if connection.scalar(place) != message.conversation_id:
            raise missing_message(message.parent_id)
    connection.execute(insert(Messages).values(values_of(message)))
    connection.execute(
        update(Conversations)
        .where(Conversations.id == message.conversation_id)
        .values(current_message_id=message.id, updated_at=message.created_at)
    )
