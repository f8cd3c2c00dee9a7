"""The chats of a person: made, listed, searched, changed, deleted and brought back."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import TypedDict, Unpack

from sqlalchemy import ColumnElement, Connection, delete, insert, literal, select, tuple_, update

from fledge.database.chat_search import Found, search
from fledge.database.engine import Transactions
from fledge.database.rows import every, first, selected, values_of
from fledge.database.tables import Assistants, Conversations, Json, new_id
from fledge.errors import NotFound

LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True)
class Conversation:
    """A chat without its messages; times are seconds since 1970."""

    id: str
    account_id: str
    assistant_id: str | None
    title: str
    model: str | None
    system_prompt: str | None
    sampling: Json
    current_message_id: str | None
    pinned: bool
    archived: bool
    temporary: bool
    created_at: float
    updated_at: float


class ConversationChange(TypedDict, total=False):
    """What may be changed of a chat; what is left out stays."""

    title: str
    model: str | None
    system_prompt: str | None
    sampling: Json
    current_message_id: str | None
    pinned: bool
    archived: bool


class ConversationStore:
    """Every call names the person: another's chat is as if it did not exist (`NotFound`)."""

    def __init__(self, transactions: Transactions, clock: Callable[[], float]) -> None:
        self._transactions = transactions
        self._clock = clock

    def create(
        self,
        account_id: str,
        *,
        title: str = "",
        model: str | None = None,
        system_prompt: str | None = None,
        sampling: Json | None = None,
        assistant_id: str | None = None,
        temporary: bool = False,
    ) -> Conversation:
        """A chat without messages."""
        now = self._clock()
        conversation = Conversation(
            id=new_id(now),
            account_id=account_id,
            assistant_id=assistant_id,
            title=title[:LONGEST_TITLE],
            model=model,
            system_prompt=system_prompt,
            sampling=sampling or {},
            current_message_id=None,
            pinned=False,
            archived=False,
            temporary=temporary,
            created_at=now,
            updated_at=now,
        )
        with self._transactions.write() as connection:
            connection.execute(insert(Conversations).values(values_of(conversation)))
        return conversation

    def get(self, account_id: str, conversation_id: str) -> Conversation:
        """Raises `NotFound` where it is not there, deleted, or another's."""
        with self._transactions.read() as connection:
            return owned(connection, account_id, conversation_id)

    def some(self, account_id: str, conversation_ids: Collection[str]) -> dict[str, Conversation]:
        """Those of the chats that are there and theirs, by id."""
        query = selected(Conversations, Conversation).where(
            Conversations.id.in_(conversation_ids),
            Conversations.account_id == account_id,
            Conversations.deleted_at.is_(None),
        )
        with self._transactions.read() as connection:
            return {each.id: each for each in every(connection, query, Conversation)}

    def search(self, account_id: str, query: str, limit: int = 30) -> list[Found]:
        """Chats whose title or turns have all the words, the last of them as a beginning."""
        with self._transactions.read() as connection:
            return search(connection, account_id, query, limit)

    def every(self, account_id: str, *, deleted: bool = False) -> list[Conversation]:
        """All that are kept, archived and temporary ones too, or all `deleted`; the oldest first.

        With the prompts that are theirs to read, as `readable`.
        """
        query = selected(Conversations, Conversation).where(
            Conversations.account_id == account_id, is_deleted(deleted)
        )
        with self._transactions.read() as connection:
            chats = every(connection, query.order_by(Conversations.id), Conversation)
            return _with_own_prompts(connection, account_id, chats)

    def readable(self, account_id: str, conversation_id: str) -> Conversation:
        """As `get`, without the prompt of somebody else's assistant: it may hold a secret."""
        with self._transactions.read() as connection:
            chat = owned(connection, account_id, conversation_id)
            (shown,) = _with_own_prompts(connection, account_id, [chat])
        return shown

    def list(
        self,
        account_id: str,
        *,
        limit: int = 50,
        before: Conversation | None = None,
        archived: bool = False,
    ) -> list[Conversation]:
        """Pinned first, then the newest; `before` is the last of the page before."""
        query = selected(Conversations, Conversation).where(
            Conversations.account_id == account_id,
            Conversations.archived == archived,
            Conversations.deleted_at.is_(None),
            Conversations.temporary.is_(False),
        )
        if before is not None:
            query = query.where(_after(before))
        order = (Conversations.pinned, Conversations.updated_at, Conversations.id)
        query = query.order_by(*(column.desc() for column in order)).limit(limit)
        with self._transactions.read() as connection:
            return every(connection, query, Conversation)

    def change(
        self, account_id: str, conversation_id: str, **change: Unpack[ConversationChange]
    ) -> Conversation:
        """Change what is named; only a new title, model, prompt or sampling moves it up."""
        values: dict[str, object] = {**change}
        if "title" in change:
            values["title"] = change["title"][:LONGEST_TITLE]
        with self._transactions.write() as connection:
            conversation = owned(connection, account_id, conversation_id)
            if values:
                connection.execute(
                    update(Conversations).where(Conversations.id == conversation.id).values(values)
                )
            return owned(connection, account_id, conversation_id)

    def delete(self, account_id: str, conversation_id: str) -> None:
        """Hide it; `restore` brings it back until it is purged."""
        self._mark(account_id, conversation_id, deleted_at=self._clock())

    def restore(self, account_id: str, conversation_id: str) -> Conversation:
        """Undo `delete`."""
        self._mark(account_id, conversation_id, deleted_at=None)
        return self.get(account_id, conversation_id)

    def purge(self, deleted_before: float) -> int:
        """Remove for good what was deleted before a time: how many chats."""
        with self._transactions.write() as connection:
            return connection.execute(
                delete(Conversations).where(Conversations.deleted_at < deleted_before)
            ).rowcount

    def purge_temporary(self, used_before: float) -> int:
        """Remove temporary chats that nobody used since a time: how many."""
        with self._transactions.write() as connection:
            return connection.execute(
                delete(Conversations).where(
                    Conversations.temporary.is_(True), Conversations.updated_at < used_before
                )
            ).rowcount

    def delete_all(self, account_id: str) -> int:
        """Remove every chat of a person for good, with what was said of its answers."""
        with self._transactions.write() as connection:
            return connection.execute(
                delete(Conversations).where(Conversations.account_id == account_id)
            ).rowcount

    def _mark(self, account_id: str, conversation_id: str, deleted_at: float | None) -> None:
        statement = (
            update(Conversations)
            .where(Conversations.id == conversation_id, Conversations.account_id == account_id)
            .values(deleted_at=deleted_at)
        )
        with self._transactions.write() as connection:
            if connection.execute(statement).rowcount == 0:
                raise missing(conversation_id)


def _with_own_prompts(
    connection: Connection, account_id: str, chats: Iterable[Conversation]
) -> list[Conversation]:
    own = select(Assistants.id).where(Assistants.account_id == account_id)
    shown = {None, *connection.scalars(own)}
    return [
        chat if chat.assistant_id in shown else replace(chat, system_prompt=None) for chat in chats
    ]


def is_deleted(deleted: bool) -> ColumnElement[bool]:
    """Whether a chat waits to be purged, or does not."""
    return Conversations.deleted_at.is_not(None) if deleted else Conversations.deleted_at.is_(None)


def owned(
    connection: Connection, account_id: str, conversation_id: str, *, deleted: bool = False
) -> Conversation:
    """The person's own chat, or one that they deleted; raises `NotFound`."""
    query = selected(Conversations, Conversation).where(
        Conversations.id == conversation_id,
        Conversations.account_id == account_id,
        is_deleted(deleted),
    )
    conversation = first(connection, query, Conversation)
    if conversation is None:
        raise missing(conversation_id)
    return conversation


def missing(conversation_id: str) -> NotFound:
    """The error for a chat that is not there, or not theirs."""
    return NotFound(f"there is no chat {conversation_id!r}")


def _after(last: Conversation) -> ColumnElement[bool]:
    """What comes after `last` in the list: keyset paging, so new chats shift no page."""
    here = tuple_(Conversations.pinned, Conversations.updated_at, Conversations.id)
    return here < tuple_(literal(last.pinned), literal(last.updated_at), literal(last.id))
