"""Assistants: named personas with a prompt, a model, a greeting, and pages that may embed them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypedDict, Unpack

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select, update

from fledge.database.engine import Transactions
from fledge.database.rows import every, first, selected, values_of
from fledge.database.tables import Assistants, Conversations, Json, new_id
from fledge.errors import NotFound


@dataclass(frozen=True, slots=True)
class Assistant:
    """A persona. A `shared` one is offered to everyone on the server."""

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
    """Fields of an assistant that may change; omitted ones stay, or are empty at first."""

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
    """Store of assistants. People see their own and shared ones, and change only their own."""

    def __init__(self, transactions: Transactions, clock: Callable[[], float]) -> None:
        self._transactions = transactions
        self._clock = clock

    def create(self, account_id: str, **said: Unpack[AssistantChange]) -> Assistant:
        """Create an assistant; omitted fields are empty."""
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
        """Return one of the person's own or a shared one. Raises `NotFound`."""
        with self._transactions.read() as connection:
            return _one(connection, assistant_id, seen_by(account_id))

    def embedded(self, assistant_id: str) -> Assistant:
        """Return an assistant for visitors of pages that embed it.

        Raises `NotFound` unless it is shared and some pages may embed it.
        """
        with self._transactions.read() as connection:
            assistant = _one(connection, assistant_id, Assistants.shared.is_(True))
        if not assistant.allowed_origins:
            raise missing_assistant(assistant_id)
        return assistant

    def list(self, account_id: str) -> list[Assistant]:
        """Return the person's own and the shared ones, by name."""
        query = selected(Assistants, Assistant).where(seen_by(account_id))
        with self._transactions.read() as connection:
            return every(connection, query.order_by(Assistants.name, Assistants.id), Assistant)

    def change(
        self, account_id: str, assistant_id: str, **change: Unpack[AssistantChange]
    ) -> Assistant:
        """Change the named fields of one of the person's own. Raises `NotFound`."""
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
        """Delete one of the person's own and its documents. Raises `NotFound`.

        Chats with it stay. Those of other people lose its prompt, which nothing would hide then.
        """
        with self._transactions.write() as connection:
            _one(connection, assistant_id, Assistants.account_id == account_id)
            hide_prompts(connection, account_id, Assistants.id == assistant_id)
            connection.execute(delete(Assistants).where(Assistants.id == assistant_id))


def hide_prompts(connection: Connection, account_id: str, condition: ColumnElement[bool]) -> None:
    """Remove the prompts of some of a person's assistants from the chats of other people.

    Call it before these assistants go: a chat no longer tells then whose prompt it has.
    """
    going = select(Assistants.id).where(Assistants.account_id == account_id, condition)
    connection.execute(
        update(Conversations)
        .where(Conversations.assistant_id.in_(going), Conversations.account_id != account_id)
        .values(system_prompt=None)
    )


def seen_by(account_id: str) -> ColumnElement[bool]:
    """Build the condition for assistants that a person may talk to."""
    return or_(Assistants.account_id == account_id, Assistants.shared.is_(True))


def _one(connection: Connection, assistant_id: str, condition: ColumnElement[bool]) -> Assistant:
    query = selected(Assistants, Assistant).where(Assistants.id == assistant_id, condition)
    assistant = first(connection, query, Assistant)
    if assistant is None:
        raise missing_assistant(assistant_id)
    return assistant


def missing_assistant(assistant_id: str) -> NotFound:
    """Build the error for an assistant that does not exist or is another's."""
    return NotFound(f"there is no assistant {assistant_id!r}")
