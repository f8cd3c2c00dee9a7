"""Links to chats: a copy of one branch that others may read until its owner revokes the link."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, insert, select, update

from fledge.database.conversations import Conversation, owned
from fledge.database.engine import Transactions
from fledge.database.folding import indexed
from fledge.database.messages import StoredMessage, ancestry, new_message
from fledge.database.rows import every, first, selected, values_of
from fledge.database.tables import Accounts, Conversations, Json, Messages, Shares, new_id
from fledge.database.tokens import new_token
from fledge.errors import DatabaseError, NotFound

MOST_CHARACTERS = 500_000
"""Characters of all turns of a copy: rendering more would hold up the page."""


@dataclass(frozen=True, slots=True)
class SharedTurn:
    """One turn of a copy. `by_person` is True where a person answered in place of a model."""

    role: str
    content: str
    model: str | None
    by_person: bool


@dataclass(frozen=True, slots=True)
class Share:
    """A link without its copy. `updated_at` is the time of the copy, in seconds since 1970."""

    id: str
    account_id: str
    conversation_id: str
    token: str
    title: str
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True)
class SharedChat:
    """A link and the turns that it shows."""

    share: Share
    turns: tuple[SharedTurn, ...]


class ShareStore:
    """Store of links. Readers find a copy by its token, owners by its chat."""

    def __init__(self, transactions: Transactions, clock: Callable[[], float]) -> None:
        self._transactions = transactions
        self._clock = clock

    def put(self, account_id: str, conversation_id: str) -> tuple[Share, bool]:
        """Copy the branch that is shown now; return the link, and whether it is a new one.

        An older copy is replaced under the same link. An answer that is still being written, or
        that failed without text, is left out.

        Raises:
            NotFound: the chat is unknown, deleted or another's.
            DatabaseError: the chat is temporary, has nothing to share, or is too long.
        """
        now = self._clock()
        with self._transactions.write() as connection:
            lock(connection, conversation_id)
            chat = owned(connection, account_id, conversation_id)
            content: Json = {"turns": [asdict(turn) for turn in shown_turns(connection, chat)]}
            copied = {"title": chat.title, "content": content, "updated_at": now}
            known = _of(connection, account_id, conversation_id)
            if known is not None:
                connection.execute(update(Shares).where(Shares.id == known.id).values(copied))
            else:
                new = {
                    "id": new_id(now),
                    "account_id": account_id,
                    "conversation_id": conversation_id,
                    "token": new_token(),
                    "created_at": now,
                }
                connection.execute(insert(Shares).values({**new, **copied}))
            share = _of(connection, account_id, conversation_id)
            assert share is not None
        return share, known is None

    def of(self, account_id: str, conversation_id: str) -> Share | None:
        """Return the link of a chat, or None. Raises `NotFound` for another's chat."""
        with self._transactions.read() as connection:
            owned(connection, account_id, conversation_id)
            return _of(connection, account_id, conversation_id)

    def every(self, account_id: str) -> list[SharedChat]:
        """Return a person's links with their copies, the newest copy first."""
        found = [self.find(share.token) for share in self.list(account_id)]
        return [each for each in found if each is not None]

    def list(self, account_id: str) -> list[Share]:
        """Return a person's links, the newest copy first."""
        query = selected(Shares, Share).where(Shares.account_id == account_id)
        with self._transactions.read() as connection:
            return every(
                connection, query.order_by(Shares.updated_at.desc(), Shares.id.desc()), Share
            )

    def find(self, token: str) -> SharedChat | None:
        """Return what a link shows; None where it was revoked or its owner was disabled."""
        with self._transactions.read() as connection:
            return _found(connection, token)

    def revoke(self, account_id: str, share_id: str) -> None:
        """Delete one of a person's links and its copy. Raises `NotFound`."""
        statement = delete(Shares).where(Shares.id == share_id, Shares.account_id == account_id)
        with self._transactions.write() as connection:
            if connection.execute(statement).rowcount == 0:
                raise NotFound(f"there is no shared link {share_id!r}")

    def revoke_chat(self, account_id: str, conversation_id: str) -> bool:
        """Delete the link of a chat; return whether it had one. Raises `NotFound`."""
        with self._transactions.write() as connection:
            owned(connection, account_id, conversation_id)
            statement = delete(Shares).where(Shares.conversation_id == conversation_id)
            return connection.execute(statement).rowcount > 0

    def copy(self, account_id: str, token: str, *, model: str) -> Conversation | None:
        """Begin a chat of the person's own with the turns of a link; None if it opens nothing.

        The chat has neither the system prompt nor the assistant of the original, and never trains
        models, because its words are another person's.
        """
        now = self._clock()
        with self._transactions.write() as connection:
            shared = _found(connection, token)
            if shared is None:
                return None
            chat_id = new_id(now)
            connection.execute(
                insert(Conversations).values(
                    id=chat_id,
                    account_id=account_id,
                    title=shared.share.title,
                    model=model,
                    sampling={},
                    pinned=False,
                    archived=False,
                    temporary=False,
                    copied=True,
                    created_at=now,
                    updated_at=now,
                )
            )
            turns = copied_turns(chat_id, shared.turns, now)
            rows = [{"searched": indexed(turn.content), **values_of(turn)} for turn in turns]
            connection.execute(insert(Messages), rows)
            connection.execute(
                update(Conversations)
                .where(Conversations.id == chat_id)
                .values(current_message_id=turns[-1].id)
            )
            return owned(connection, account_id, chat_id)


def lock(connection: Connection, conversation_id: str) -> None:
    """Have others who share the same chat wait, so that the second finds the first one's link."""
    row = select(Conversations.id).where(Conversations.id == conversation_id)
    connection.execute(row.with_for_update())


def shown_turns(connection: Connection, chat: Conversation) -> list[SharedTurn]:
    """Return the finished turns of the branch that is shown. Raises `DatabaseError`."""
    if chat.temporary:
        raise DatabaseError("a temporary chat cannot be shared; start a chat that is kept")
    leaf = chat.current_message_id
    path = [] if leaf is None else ancestry(connection, leaf)
    turns = [
        SharedTurn(each.role, each.content, each.model, by_person="by" in each.details)
        for each in path
        if each.status != "running" and each.content
    ]
    if not turns:
        raise DatabaseError("this chat has no messages to share yet; send one first")
    length = sum(len(turn.content) for turn in turns)
    if length > MOST_CHARACTERS:
        raise DatabaseError(
            f"this chat has {length:,} characters, and a shared one may have at most "
            f"{MOST_CHARACTERS:,}; export it as a file instead"
        )
    return turns


def copied_turns(
    conversation_id: str, turns: Sequence[SharedTurn], now: float
) -> list[StoredMessage]:
    """Return new messages with the texts of a copy, each under the one before."""
    messages: list[StoredMessage] = []
    for turn in turns:
        parent = messages[-1].id if messages else None
        messages.append(
            new_message(conversation_id, parent, turn.role, turn.content, now, model=turn.model)
        )
    return messages


def _of(connection: Connection, account_id: str, conversation_id: str) -> Share | None:
    query = selected(Shares, Share).where(
        Shares.conversation_id == conversation_id, Shares.account_id == account_id
    )
    return first(connection, query, Share)


def _found(connection: Connection, token: str) -> SharedChat | None:
    query = (
        selected(Shares, Share)
        .add_columns(Shares.content)
        .join(Accounts, Accounts.id == Shares.account_id)
        .join(Conversations, Conversations.id == Shares.conversation_id)
        .where(
            Shares.token == token,
            Accounts.disabled_at.is_(None),
            Conversations.deleted_at.is_(None),
        )
    )
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    values = dict(row)
    content = values.pop("content")
    return SharedChat(Share(**values), tuple(SharedTurn(**turn) for turn in content["turns"]))
