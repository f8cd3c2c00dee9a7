"""Assistants: named personas with a prompt, a model, a greeting and pages that may embed them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypedDict, Unpack

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, update

from fledge.database.engine import Transactions
from fledge.database.rows import every, first, selected, values_of
from fledge.database.tables import Assistants, Conversations, Json, new_id
from fledge.errors import NotFound


@dataclass(frozen=True, slots=True)
class Assistant:
    """A persona; a `shared` one is offered to everybody on the server."""

    id: str
    account_id: str
    name: str
    description: str
    system_prompt: str
    model: str | None
    sampling: Json
    greeting: str
    suggestions: tuple[str, ...]
    allowed_origins: tuple[str, ...]
    shared: bool
    created_at: float
    updated_at: float


class AssistantChange(TypedDict, total=False):
    """What may be said of an assistant; what is left out stays, or is empty at first."""

    name: str
    description: str
    system_prompt: str
    model: str | None
    sampling: Json
    greeting: str
    suggestions: tuple[str, ...]
    allowed_origins: tuple[str, ...]
    shared: bool


class AssistantStore:
    """Everybody sees their own and the shared ones, and changes their own."""

    def __init__(self, transactions: Transactions, clock: Callable[[], float]) -> None:
        self._transactions = transactions
        self._clock = clock

    def create(self, account_id: str, **said: Unpack[AssistantChange]) -> Assistant:
        """A new assistant; what is not said of it is empty."""
        now = self._clock()
        empty = Assistant(
            id=new_id(now),
            account_id=account_id,
            name="",
            description="",
            system_prompt="",
            model=None,
            sampling={},
            greeting="",
            suggestions=(),
            allowed_origins=(),
            shared=False,
            created_at=now,
            updated_at=now,
        )
        assistant = replace(empty, **said)
        with self._transactions.write() as connection:
            connection.execute(insert(Assistants).values(values_of(assistant)))
        return assistant

    def get(self, account_id: str, assistant_id: str) -> Assistant:
        """Their own or a shared one; raises `NotFound`."""
        with self._transactions.read() as connection:
            return _one(connection, assistant_id, seen_by(account_id))

    def embedded(self, assistant_id: str) -> Assistant:
        """For a page that embeds it, whoever visits; raises `NotFound` unless one may."""
        with self._transactions.read() as connection:
            assistant = _one(connection, assistant_id, Assistants.shared.is_(True))
        if not assistant.allowed_origins:
            raise missing_assistant(assistant_id)
        return assistant

    def list(self, account_id: str) -> list[Assistant]:
        """Their own and the shared ones, by name."""
        query = selected(Assistants, Assistant).where(seen_by(account_id))
        with self._transactions.read() as connection:
            return every(connection, query.order_by(Assistants.name), Assistant)

    def change(
        self, account_id: str, assistant_id: str, **change: Unpack[AssistantChange]
    ) -> Assistant:
        """Change one of their own. Raises `NotFound`."""
        mine = Assistants.account_id == account_id
        with self._transactions.write() as connection:
            _one(connection, assistant_id, mine)
            connection.execute(
                update(Assistants)
                .where(Assistants.id == assistant_id)
                .values({**change, "updated_at": self._clock()})
            )
            return _one(connection, assistant_id, mine)

    def delete(self, account_id: str, assistant_id: str) -> None:
        """Delete one of their own, with what it knows. Raises `NotFound`.

        Its chats stay; those of other people without its prompt, which nothing would hide then.
        """
        with self._transactions.write() as connection:
            _one(connection, assistant_id, Assistants.account_id == account_id)
            connection.execute(
                update(Conversations)
                .where(
                    Conversations.assistant_id == assistant_id,
                    Conversations.account_id != account_id,
                )
                .values(system_prompt=None)
            )
            connection.execute(delete(Assistants).where(Assistants.id == assistant_id))


def seen_by(account_id: str) -> ColumnElement[bool]:
    """Which assistants a person may talk to."""
    return or_(Assistants.account_id == account_id, Assistants.shared.is_(True))


def _one(connection: Connection, assistant_id: str, condition: ColumnElement[bool]) -> Assistant:
    query = selected(Assistants, Assistant).where(Assistants.id == assistant_id, condition)
    assistant = first(connection, query, Assistant)
    if assistant is None:
        raise missing_assistant(assistant_id)
    return assistant


def missing_assistant(assistant_id: str) -> NotFound:
    """The error for an assistant that is not there, or not theirs."""
    return NotFound(f"there is no assistant {assistant_id!r}")
