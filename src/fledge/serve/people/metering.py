"""Usage on its way to the database: counted in memory, written once a second, never per token."""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence

from fledge.database import UsageOfDay, UsageStore
from fledge.database.usage import day
from fledge.errors import DatabaseError

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 1.0
HOUR_SECONDS = 3_600


class Meter:
    """Write usage in a thread of its own; a database that is away or busy gets it later."""

    def __init__(
        self,
        store: UsageStore,
        clock: Callable[[], float],
        every_hour: Callable[[], None] = lambda: None,
        before_writing: Callable[[], None] = lambda: None,
        steady_clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` gives seconds since 1970, `steady_clock` from any start.

        `every_hour` is called in the same thread. `before_writing` writes the counters of limits,
        which must know of an answer no later than the usage does: they add it to the usage.
        """
        self._before_writing = before_writing
        self._steady_clock = steady_clock
        self._num_writing = 0
        self._num_flushes = 0
        self._every_hour = every_hour
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._pending: list[UsageOfDay] = []
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fledge-meter", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Write the rest and end the thread."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()
        self.flush()

    def count(
        self, account_id: str, key_id: str, model: str, prompt_tokens: int, completion_tokens: int
    ) -> None:
        """Count one answer; touches no disk."""
        row = UsageOfDay(
            account_id, day(self._clock()), key_id, model, 1, prompt_tokens, completion_tokens
        )
        with self._lock:
            self._pending.append(row)

    def pending_tokens(self, account_id: str, key_id: str | None = None) -> int:
        """Return today's tokens of a person, or of one key, that are not in the database yet."""
        with self._lock:
            return self._sum(self._pending, account_id, key_id)

    def tokens_today(self, account_id: str, key_id: str | None = None) -> int:
        """Return today's tokens of a person, or of one key: stored ones and pending ones.

        Rows that are being written meanwhile are left out, lest they count twice. The limiter has
        counted them itself.
        """
        with self._lock:
            before = self._num_flushes
        stored = self._store.tokens_today(account_id, key_id)
        with self._lock:
            written = self._num_writing if self._num_flushes == before else len(self._pending)
            return stored + self._sum(self._pending[written:], account_id, key_id)

    def flush(self) -> None:
        """Write the pending usage; rows that cannot be written now stay pending.

        One caller writes at a time: two would add the same rows to the database.
        """
        with self._writing:
            with self._lock:
                rows = list(self._pending)
                self._num_writing = len(rows)
                self._num_flushes += bool(rows)
            is_written = self._write(rows)
            with self._lock:
                self._num_writing = 0
                self._num_flushes += bool(rows)
                if is_written:
                    del self._pending[: len(rows)]

    def _write(self, rows: Sequence[UsageOfDay]) -> bool:
        try:
            self._before_writing()
            self._store.add(summed(rows))
        except DatabaseError as error:
            logger.warning("%d answers are not counted yet: %s", len(rows), error)
            return False
        return True

    def _sum(self, rows: Sequence[UsageOfDay], account_id: str, key_id: str | None) -> int:
        today = day(self._clock())
        return sum(
            row.tokens
            for row in rows
            if (row.account_id, row.day) == (account_id, today) and key_id in (None, row.key_id)
        )

    def _run(self) -> None:
        next_hour = self._steady_clock() + HOUR_SECONDS
        while not self._stopped.wait(FLUSH_SECONDS):
            self.flush()
            if self._steady_clock() >= next_hour:
                next_hour = self._steady_clock() + HOUR_SECONDS
                self._tidy()

    def _tidy(self) -> None:
        try:
            self._every_hour()
        except DatabaseError as error:
            logger.warning("old rows stay for another hour: %s", error)


def summed(rows: Sequence[UsageOfDay]) -> list[UsageOfDay]:
    """Return one row for each day, person, key and model."""
    groups: defaultdict[tuple[str, str, str, str], list[UsageOfDay]] = defaultdict(list)
    for row in rows:
        groups[row.account_id, row.day, row.key_id, row.model].append(row)
    return [
        UsageOfDay(
            *place,
            sum(row.requests for row in group),
            sum(row.prompt_tokens for row in group),
            sum(row.completion_tokens for row in group),
        )
        for place, group in groups.items()
    ]
