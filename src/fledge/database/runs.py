"""Runs: a model writes one message on the server; its text is saved about once a second."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement, Connection, insert, select, update

from fledge.database.conversations import owned
from fledge.database.engine import Transactions
from fledge.database.folding import indexed
from fledge.database.messages import StoredMessage, append, new_message, owned_message
from fledge.database.rows import every, first, selected, values_of
from fledge.database.tables import Json, Messages, Runs, new_id
from fledge.errors import NotFound

RunStatus = Literal["running", "finished", "cancelled", "failed", "interrupted"]
RunEnd = Literal["finished", "cancelled", "failed", "interrupted"]


@dataclass(frozen=True, slots=True)
class StoredRun:
    """One answer being written: person, model and message. Times are seconds since 1970."""

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
    """Store of runs. A run and its message change together, in one transaction."""

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
        """Start an empty answer under `parent_id` and make it the current turn.

        `details` stay until `finish` replaces them. Raises `NotFound`.
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
        """Continue a message that ended early, after its text. Raises `NotFound`."""
        now = self._clock()
        with self._transactions.write() as connection:
            message = owned_message(connection, account_id, message_id)
            reopened = connection.execute(
                update(Messages)
                .where(Messages.id == message_id, Messages.status != "running")
                .values(status="running", finish_reason=None, error=None)
            )
            # The update decides, not a look before it: two may ask at the same moment.
            if reopened.rowcount == 0:
                raise NotFound(f"message {message_id!r} is being written already")
            return _begin(connection, account_id, message, model, sampling or {}, now)

    def save(self, run_id: str, content: str) -> bool:
        """Store the whole text so far. Call it about once a second while the text grows.

        Return False, and write nothing, if the run has ended or its chat was erased.
        """
        running = select(Runs.message_id).where(Runs.id == run_id, Runs.status == "running")
        with self._transactions.write() as connection:
            saved = connection.execute(
                update(Messages)
                .where(Messages.id == running.scalar_subquery(), Messages.status == "running")
                .values(content=content, searched=indexed(content), updated_at=self._clock())
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
        """End a run and its message. Raises `NotFound` if the chat was erased."""
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
                    searched=indexed(content),
                    prompt_tokens=prompt_tokens,
                    completion_tokens=completion_tokens,
                    **({} if details is None else {"details": details}),
                    updated_at=now,
                )
            )
            return _run(connection, run_id)

    def get(self, account_id: str, run_id: str) -> StoredRun:
        """Return a run. Raises `NotFound` if it is unknown or another's."""
        with self._transactions.read() as connection:
            run = _run(connection, run_id)
        if run.account_id != account_id:
            raise missing_run(run_id)
        return run

    def running(self, account_id: str, conversation_id: str) -> list[StoredRun]:
        """Return the runs that are writing in a chat, the oldest first. Raises `NotFound`."""
        query = selected(Runs, StoredRun).where(
            Runs.conversation_id == conversation_id, Runs.status == "running"
        )
        with self._transactions.read() as connection:
            owned(connection, account_id, conversation_id)
            return every(connection, query.order_by(Runs.started_at, Runs.id), StoredRun)

    def interrupt_all(self) -> int:
        """Mark the runs that a dead server left as running; return their number.

        Call it before serving.
        """
        return self._interrupt(Runs.status == "running")

    def interrupt(self, run_id: str) -> int:
        """Mark a run that lost its writer; return 0 if it has ended already, else 1."""
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
    """Build the error for a run that does not exist or is another's."""
    return NotFound(f"there is no run {run_id!r}")
