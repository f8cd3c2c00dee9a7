"""Runs: a model writes one message on the server; its text is saved about once a second."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement, Connection, exists, insert, select, update

from fledge.database.conversations import owned
from fledge.database.engine import Transactions
from fledge.database.folding import indexed
from fledge.database.messages import StoredMessage, append, new_message, owned_message
from fledge.database.rows import every, first, selected, values_of
from fledge.database.stored_text import mended_text
from fledge.database.tables import Json, Messages, Runs, Servers, new_id
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
    server_id: str | None


class RunStore:
    """Store of runs. A run and its message change together, in one transaction.

    The runs that this store starts are written by the server `server_id` (see `servers`).
    """

    def __init__(
        self, transactions: Transactions, clock: Callable[[], float], server_id: str
    ) -> None:
        self.server_id = server_id
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
            return self._begin(connection, account_id, message, model, sampling or {}, now)

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
            return self._begin(connection, account_id, message, model, sampling or {}, now)

    def save(self, run_id: str, content: str) -> bool:
        """Store the whole text so far. Call it every few seconds while the text grows.

        Return False, and write nothing, if the run has ended or its chat was erased.
        """
        running = select(Runs.message_id).where(Runs.id == run_id, Runs.status == "running")
        with self._transactions.write() as connection:
            saved = connection.execute(
                update(Messages)
                .where(Messages.id == running.scalar_subquery(), Messages.status == "running")
                .values(**texts(content), updated_at=self._clock())
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
        """End a run and its message. Raises `NotFound` if the chat was erased.

        A run that has ended already, as one that was marked as interrupted, stays as it is: another
        run may have continued its message.
        """
        now = self._clock()
        told = None if error is None else mended_text(error)
        ending = {"status": status, "finish_reason": finish_reason, "error": told}
        with self._transactions.write() as connection:
            ended = connection.execute(
                update(Runs)
                .where(Runs.id == run_id, Runs.status == "running")
                .values(**ending, finished_at=now)
            )
            run = _run(connection, run_id)
            if ended.rowcount == 0:
                return run
            connection.execute(
                update(Messages)
                .where(Messages.id == run.message_id)
                .values(
                    **ending,
                    **texts(content),
                    prompt_tokens=prompt_tokens,
                    completion_tokens=completion_tokens,
                    **({} if details is None else {"details": details}),
                    updated_at=now,
                )
            )
            return run

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

    def interrupt_orphans(self) -> int:
        """Mark the running runs whose server is gone; return their number."""
        with self._transactions.write() as connection:
            return interrupt_orphans(connection, self._clock())

    def interrupt(self, run_id: str) -> int:
        """Mark a run that lost its writer; return 0 if it has ended already, else 1."""
        with self._transactions.write() as connection:
            return _interrupt(connection, self._clock(), Runs.id == run_id)

    def ask_to_stop(self, run_id: str) -> None:
        """Have the server that writes a run stop it; mark the run where no other server does."""
        elsewhere = select(Servers.id).where(Servers.id != self.server_id)
        with self._transactions.write() as connection:
            asked = connection.execute(
                update(Runs)
                .where(Runs.id == run_id, Runs.status == "running", Runs.server_id.in_(elsewhere))
                .values(stop_asked=True)
            )
            if asked.rowcount == 0:
                _interrupt(connection, self._clock(), Runs.id == run_id)

    def _begin(
        self,
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
            server_id=self.server_id,
        )
        connection.execute(insert(Runs).values(values_of(run)))
        return run


def interrupt_orphans(connection: Connection, now: float) -> int:
    """Mark the running runs that no server writes any more; return their number."""
    living = exists().where(Servers.id == Runs.server_id)
    return _interrupt(connection, now, ~living)


def _interrupt(connection: Connection, now: float, which: ColumnElement[bool]) -> int:
    """Mark running runs and their messages; runs first, as everywhere, so that none deadlock."""
    marked = connection.scalars(
        update(Runs)
        .where(Runs.status == "running", which)
        .values(status="interrupted", finished_at=now)
        .returning(Runs.message_id)
    ).all()
    if marked:
        connection.execute(
            update(Messages)
            .where(Messages.id.in_(marked), Messages.status == "running")
            .values(status="interrupted")
        )
    return len(marked)


def _run(connection: Connection, run_id: str) -> StoredRun:
    run = first(connection, selected(Runs, StoredRun).where(Runs.id == run_id), StoredRun)
    if run is None:
        raise missing_run(run_id)
    return run


def missing_run(run_id: str) -> NotFound:
    """Build the error for a run that does not exist or is another's."""
    return NotFound(f"there is no run {run_id!r}")


def texts(content: str) -> dict[str, str | None]:
    """Return the text of an answer as it is stored, and as searches read it."""
    kept = mended_text(content)
    return {"content": kept, "searched": indexed(kept)}
