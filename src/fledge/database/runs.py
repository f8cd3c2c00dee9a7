"""Runs: a model writing one message on the server, saved now and then, never token by token."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement, Connection, insert, select, update

from fledge.database.conversations import owned
from fledge.database.engine import Transactions
from fledge.database.messages import StoredMessage, append, new_message, owned_message
from fledge.database.rows import every, first, selected, values_of
from fledge.database.tables import Json, Messages, Runs, new_id
from fledge.errors import NotFound

RunStatus = Literal["running", "finished", "cancelled", "failed", "interrupted"]
RunEnd = Literal["finished", "cancelled", "failed", "interrupted"]


@dataclass(frozen=True, slots=True)
class StoredRun:
    """Who has which model write which message; times are seconds since 1970."""

    id: str
    account_id: str
    conversation_id: str
    message_id: str
    model: str
    sampling: Json
    status: RunStatus
    finish_reason: str | None
    error: str | None
    started_at: float
    finished_at: float | None


class RunStore:
    """A run and its message change together, in one transaction."""

    def __init__(self, transactions: Transactions, clock: Callable[[], float]) -> None:
        self._transactions = transactions
        self._clock = clock

    def start(
        self,
        account_id: str,
        conversation_id: str,
        *,
        parent_id: str | None,
        model: str,
        sampling: Json | None = None,
        details: Json | None = None,
    ) -> StoredRun:
        """An empty answer under `parent_id`, being written; it becomes the current turn.

        `details` stand until `finish` gives others.
        """
        now = self._clock()
        message = new_message(
            conversation_id,
            parent_id,
            "assistant",
            "",
            now,
            model=model,
            status="running",
            details=details,
        )
        with self._transactions.write() as connection:
            owned(connection, account_id, conversation_id)
            append(connection, message)
            return _begin(connection, account_id, message, model, sampling or {}, now)

    def resume(
        self, account_id: str, message_id: str, *, model: str, sampling: Json | None = None
    ) -> StoredRun:
        """Go on writing a message that ended early, after what it says already."""
        now = self._clock()
        with self._transactions.write() as connection:
            message = owned_message(connection, account_id, message_id)
            if message.status == "running":
                raise NotFound(f"message {message_id!r} is being written already")
            connection.execute(
                update(Messages)
                .where(Messages.id == message_id)
                .values(status="running", finish_reason=None, error=None)
            )
            return _begin(connection, account_id, message, model, sampling or {}, now)

    def save(self, run_id: str, content: str) -> bool:
        """The whole text so far; to be called every second or so while it grows.

        False, and nothing is written, where the run has ended or its chat was erased.
        """
        running = select(Runs.message_id).where(Runs.id == run_id, Runs.status == "running")
        with self._transactions.write() as connection:
            saved = connection.execute(
                update(Messages)
                .where(Messages.id == running.scalar_subquery(), Messages.status == "running")
                .values(content=content, updated_at=self._clock())
            )
        return saved.rowcount > 0

    def finish(
        self,
        run_id: str,
        status: RunEnd,
        content: str,
        *,
        finish_reason: str | None = None,
        error: str | None = None,
        prompt_tokens: int | None = None,
        completion_tokens: int | None = None,
        details: Json | None = None,
    ) -> StoredRun:
        """The last word on a run and its message. Raises `NotFound` where the chat was erased."""
        now = self._clock()
        ending = {"status": status, "finish_reason": finish_reason, "error": error}
        with self._transactions.write() as connection:
            run = _run(connection, run_id)
            connection.execute(
                update(Runs).where(Runs.id == run_id).values(**ending, finished_at=now)
            )
            connection.execute(
                update(Messages)
                .where(Messages.id == run.message_id)
                .values(
                    **ending,
                    content=content,
                    prompt_tokens=prompt_tokens,
                    completion_tokens=completion_tokens,
                    **({} if details is None else {"details": details}),
                    updated_at=now,
                )
            )
            return _run(connection, run_id)

    def get(self, account_id: str, run_id: str) -> StoredRun:
        """Raises `NotFound` where it is not there or another's."""
        with self._transactions.read() as connection:
            run = _run(connection, run_id)
        if run.account_id != account_id:
            raise missing_run(run_id)
        return run

    def running(self, account_id: str, conversation_id: str) -> list[StoredRun]:
        """What is being written in a chat: several where models are compared."""
        query = selected(Runs, StoredRun).where(
            Runs.conversation_id == conversation_id, Runs.status == "running"
        )
        with self._transactions.read() as connection:
            owned(connection, account_id, conversation_id)
            return every(connection, query.order_by(Runs.id), StoredRun)

    def interrupt_all(self) -> int:
        """Mark what a dead server left as running; to be called before serving: how many."""
        return self._interrupt(Runs.status == "running")

    def interrupt(self, run_id: str) -> int:
        """Mark a run that nobody writes; one that has ended stays as it is."""
        return self._interrupt(Runs.id == run_id, Runs.status == "running")

    def _interrupt(self, *which: ColumnElement[bool]) -> int:
        ending = {"status": "interrupted"}
        with self._transactions.write() as connection:
            written = select(Runs.message_id).where(*which)
            connection.execute(update(Messages).where(Messages.id.in_(written)).values(ending))
            return connection.execute(
                update(Runs).where(*which).values(**ending, finished_at=self._clock())
            ).rowcount


def _begin(
    connection: Connection,
    account_id: str,
    message: StoredMessage,
    model: str,
    sampling: Json,
    now: float,
) -> StoredRun:
    run = StoredRun(
        id=new_id(now),
        account_id=account_id,
        conversation_id=message.conversation_id,
        message_id=message.id,
        model=model,
        sampling=sampling,
        status="running",
        finish_reason=None,
        error=None,
        started_at=now,
        finished_at=None,
    )
    connection.execute(insert(Runs).values(values_of(run)))
    return run


def _run(connection: Connection, run_id: str) -> StoredRun:
    run = first(connection, selected(Runs, StoredRun).where(Runs.id == run_id), StoredRun)
    if run is None:
        raise missing_run(run_id)
    return run


def missing_run(run_id: str) -> NotFound:
    """The error for a run that is not there, or not theirs."""
    return NotFound(f"there is no run {run_id!r}")
