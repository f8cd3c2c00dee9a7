"""Chats of a person: create, list, search, change, delete and restore them."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import TypedDict, Unpack

from sqlalchemy import ColumnElement, Connection, delete, insert, literal, select, tuple_, update

from fledge.database.chat_search import Found, Place, search
from fledge.database.engine import Transactions
from fledge.database.folders import owned_folder
from fledge.database.rows import every, first, oldest_first, selected, values_of
from fledge.database.tables import Assistants, Conversations, Json, Shares, new_id
from fledge.errors import NotFound

LONGEST_TITLE = 200

NOWHERE = "none"
"""Name of the place outside of every folder, where `list` takes the id of one."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A chat without its messages. Times are seconds since 1970."""

    id: str
    account_id: str
    assistant_id: str | None
    folder_id: str | None
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
    """Fields of a chat that may change; omitted ones stay as they are."""

    title: str
    model: str | None
    system_prompt: str | None
    sampling: Json
    current_message_id: str | None
    pinned: bool
    archived: bool
    folder_id: str | None


class ConversationStore:
    """Store of chats. Every call names the person; another's chat is `NotFound`."""

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
        folder_id: str | None = None,
    ) -> Conversation:
        """Create a chat without messages. A title keeps its first 200 characters.

        Raises `NotFound` for another's folder.
        """
        now = self._clock()
        conversation = Conversation(
            id=new_id(now),
            account_id=account_id,
            assistant_id=assistant_id,
            folder_id=folder_id,
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
            if folder_id is not None:
                owned_folder(connection, account_id, folder_id)
            connection.execute(insert(Conversations).values(values_of(conversation)))
        return conversation

    def get(self, account_id: str, conversation_id: str) -> Conversation:
        """Return a chat. Raises `NotFound` if it is unknown, deleted or another's."""
        with self._transactions.read() as connection:
            return owned(connection, account_id, conversation_id)

    def some(self, account_id: str, conversation_ids: Collection[str]) -> dict[str, Conversation]:
        """Return chats by id, without those that are unknown, deleted or another's."""
        query = selected(Conversations, Conversation).where(
            Conversations.id.in_(conversation_ids),
            Conversations.account_id == account_id,
            Conversations.deleted_at.is_(None),
        )
        with self._transactions.read() as connection:
            return {each.id: each for each in every(connection, query, Conversation)}

    def search(
        self, account_id: str, query: str, limit: int = 30, *, folder_id: str | None = None
    ) -> list[Found]:
        """Find chats whose title or one of whose turns has all the words, maybe in one folder.

        The last word also matches as the beginning of a longer one.
        """
        with self._transactions.read() as connection:
            return search(connection, Place(account_id, folder_id), query, limit)

    def every(self, account_id: str, *, deleted: bool = False) -> list[Conversation]:
        """Return all chats, archived and temporary ones included, the oldest first.

        With `deleted`, return those that wait to be purged instead. Prompts that the person may not
        read are removed, as in `readable`.
        """
        query = selected(Conversations, Conversation).where(
            Conversations.account_id == account_id, is_deleted(deleted)
        )
        query = query.order_by(*oldest_first(Conversations))
        with self._transactions.read() as connection:
            chats = every(connection, query, Conversation)
            return _with_own_prompts(connection, account_id, chats)

    def readable(self, account_id: str, conversation_id: str) -> Conversation:
        """Return a chat like `get`, without the prompt of another person's assistant.

        Such a prompt may hold a secret.
        """
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
        folder: str | None = None,
    ) -> list[Conversation]:
        """Return one page: pinned chats first, then by last turn, the newest first.

        `before` is the last chat of the previous page. `folder` is an id, or `NOWHERE` for the
        chats outside of every folder. Temporary chats are never listed.
        """
        query = selected(Conversations, Conversation).where(
            Conversations.account_id == account_id,
            Conversations.archived == archived,
            Conversations.deleted_at.is_(None),
            Conversations.temporary.is_(False),
        )
        if folder is not None:
            query = query.where(_lies_in(folder))
        if before is not None:
            query = query.where(_after(before))
        order = (Conversations.pinned, Conversations.updated_at, Conversations.id)
        query = query.order_by(*(column.desc() for column in order)).limit(limit)
        with self._transactions.read() as connection:
            return every(connection, query, Conversation)

    def change(
        self, account_id: str, conversation_id: str, **change: Unpack[ConversationChange]
    ) -> Conversation:
        """Change the named fields. Only a new turn moves a chat up in the list.

        Raises `NotFound`, also for another's folder.
        """
        values: dict[str, object] = {**change}
        if "title" in change:
            values["title"] = change["title"][:LONGEST_TITLE]
        with self._transactions.write() as connection:
            conversation = owned(connection, account_id, conversation_id)
            if change.get("folder_id") is not None:
                owned_folder(connection, account_id, str(change["folder_id"]))
            if values:
                connection.execute(
                    update(Conversations).where(Conversations.id == conversation.id).values(values)
                )
            return owned(connection, account_id, conversation_id)

    def delete(self, account_id: str, conversation_id: str) -> None:
        """Hide a chat and revoke its link; `restore` brings the chat back until it is purged.

        Raises `NotFound`.
        """
        with self._transactions.write() as connection:
            _mark(connection, account_id, conversation_id, deleted_at=self._clock())
            connection.execute(delete(Shares).where(Shares.conversation_id == conversation_id))

    def restore(self, account_id: str, conversation_id: str) -> Conversation:
        """Undo `delete`. Raises `NotFound` if the chat was purged or is another's."""
        with self._transactions.write() as connection:
            _mark(connection, account_id, conversation_id, deleted_at=None)
        return self.get(account_id, conversation_id)

    def purge(self, deleted_before: float) -> int:
        """Remove chats for good that were deleted before a time; return their number."""
        with self._transactions.write() as connection:
            return connection.execute(
                delete(Conversations).where(Conversations.deleted_at < deleted_before)
            ).rowcount

    def purge_temporary(self, used_before: float) -> int:
        """Remove temporary chats without a turn since `used_before`; return their number."""
        with self._transactions.write() as connection:
            return connection.execute(
                delete(Conversations).where(
                    Conversations.temporary.is_(True), Conversations.updated_at < used_before
                )
            ).rowcount

    def delete_all(self, account_id: str) -> int:
        """Remove all chats of a person for good, with their ratings; return their number."""
        with self._transactions.write() as connection:
            return connection.execute(
                delete(Conversations).where(Conversations.account_id == account_id)
            ).rowcount


def _mark(
    connection: Connection, account_id: str, conversation_id: str, deleted_at: float | None
) -> None:
    statement = (
        update(Conversations)
        .where(Conversations.id == conversation_id, Conversations.account_id == account_id)
        .values(deleted_at=deleted_at)
    )
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


def _lies_in(folder: str) -> ColumnElement[bool]:
    """Build the condition for chats of a folder, or with `NOWHERE` for those outside of all."""
    is_outside = Conversations.folder_id.is_(None)
    return is_outside if folder == NOWHERE else Conversations.folder_id == folder


def is_deleted(deleted: bool) -> ColumnElement[bool]:
    """Build the condition for chats that wait to be purged, or for those that do not."""
    return Conversations.deleted_at.is_not(None) if deleted else Conversations.deleted_at.is_(None)


def owned(
    connection: Connection, account_id: str, conversation_id: str, *, deleted: bool = False
) -> Conversation:
    """Return the person's chat, or with `deleted` one they deleted. Raises `NotFound`."""
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
    """Build the error for a chat that does not exist or is another's."""
    return NotFound(f"there is no chat {conversation_id!r}")


def _after(last: Conversation) -> ColumnElement[bool]:
    """Build the condition for chats after `last`: keyset paging, so new chats shift no page."""
    here = tuple_(Conversations.pinned, Conversations.updated_at, Conversations.id)
    return here < tuple_(literal(last.pinned), literal(last.updated_at), literal(last.id))
