"""Library of prompts: texts with gaps, one's own and those shared with everyone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict, Unpack

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, update

from fledge.database.engine import Transactions
from fledge.database.room import require_room
from fledge.database.rows import every, first, selected, values_of
from fledge.database.tables import Accounts, Prompts, new_id
from fledge.errors import NotFound

MOST_PROMPTS = 200
"""Prompts of one person: the message box offers them all."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A text to insert; `{{name}}` in it is a gap to fill in. A `shared` one is for everyone."""

    id: str
    account_id: str
    title: str
    content: str
    shared: bool
    created_at: float
    updated_at: float


class PromptChange(TypedDict, total=False):
    """Fields of a prompt that may change; omitted ones stay as they are."""

    title: str
    content: str
    shared: bool


class PromptStore:
    """Store of prompts. People see their own and shared ones, and change only their own."""

    def __init__(self, transactions: Transactions, clock: Callable[[], float]) -> None:
        self._transactions = transactions
        self._clock = clock

    def create(self, account_id: str, title: str, content: str, *, shared: bool = False) -> Prompt:
        """Create a prompt.

        Raises:
            DatabaseError: the person has as many prompts as one may have.
        """
        now = self._clock()
        prompt = Prompt(new_id(now), account_id, title, content, shared, now, now)
        with self._transactions.write() as connection:
            require_room(connection, Prompts, account_id, MOST_PROMPTS, "prompts")
            connection.execute(insert(Prompts).values(values_of(prompt)))
        return prompt

    def own(self, account_id: str, prompt_id: str) -> Prompt:
        """Return one of the person's own. Raises `NotFound`."""
        with self._transactions.read() as connection:
            return _own(connection, account_id, prompt_id)

    def change(self, account_id: str, prompt_id: str, **change: Unpack[PromptChange]) -> Prompt:
        """Change the named fields of one of the person's own. Raises `NotFound`."""
        with self._transactions.write() as connection:
            _own(connection, account_id, prompt_id)
            connection.execute(
                update(Prompts)
                .where(Prompts.id == prompt_id)
                .values({**change, "updated_at": self._clock()})
            )
            return _own(connection, account_id, prompt_id)

    def delete(self, account_id: str, prompt_id: str) -> None:
        """Delete one of the person's own. Raises `NotFound`."""
        with self._transactions.write() as connection:
            _own(connection, account_id, prompt_id)
            connection.execute(delete(Prompts).where(Prompts.id == prompt_id))

    def list(self, account_id: str) -> list[Prompt]:
        """Return the person's own and the shared ones, by title without regard to case.

        Prompts of disabled people are not offered to others.
        """
        query = (
            selected(Prompts, Prompt)
            .join(Accounts, Accounts.id == Prompts.account_id)
            .where(_seen_by(account_id))
        )
        with self._transactions.read() as connection:
            prompts = every(connection, query, Prompt)
        return sorted(prompts, key=lambda each: (each.title.casefold(), each.id))


def _seen_by(account_id: str) -> ColumnElement[bool]:
    is_offered = Prompts.shared.is_(True) & Accounts.disabled_at.is_(None)
    return or_(Prompts.account_id == account_id, is_offered)


def _own(connection: Connection, account_id: str, prompt_id: str) -> Prompt:
    query = selected(Prompts, Prompt).where(
        Prompts.id == prompt_id, Prompts.account_id == account_id
    )
    prompt = first(connection, query, Prompt)
    if prompt is None:
        raise NotFound(f"there is no prompt {prompt_id!r} of yours")
    return prompt
