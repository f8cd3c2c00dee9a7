"""Turns of the threads that write to SQLite, which takes one writer at a time."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from fledge.database.driver_errors import unavailable

MOST_WAITING = 8
"""Threads that wait while another process holds the lock.

More are refused at once: all the threads that answer requests would wait, and none would read.
"""
LOOK_SECONDS = 0.1


class Turns:
    """Let one thread write at a time; the others wait for a limited time."""

    def __init__(self) -> None:
        self.deadline = 0.0
        """Time by which the writer whose turn it is has to begin, on `time.monotonic`."""
        self.is_held_elsewhere = False
        """True while another process holds SQLite's lock, as the last writer found."""
        self._lock = threading.Lock()
        self._counting = threading.Lock()
        self._waiting = 0

    @contextmanager
    def taken(self, patience: float) -> Iterator[None]:
        """Wait for the turn at most `patience` seconds, and hold it.

        Raises:
            DatabaseUnavailable: others write for longer, or too many wait for another process.
        """
        deadline = time.monotonic() + patience
        self._take(deadline)
        try:
            self.deadline = deadline
            yield
        finally:
            self._lock.release()

    def _take(self, deadline: float) -> None:
        if self._lock.acquire(blocking=False):
            return
        with self._waits():
            while not self._lock.acquire(timeout=max(0.0, min(LOOK_SECONDS, self._left(deadline)))):
                if self._left(deadline) <= 0 or self._is_crowded():
                    raise unavailable("it is locked by another writer")

    def _left(self, deadline: float) -> float:
        return deadline - time.monotonic()

    def _is_crowded(self) -> bool:
        return self.is_held_elsewhere and self._waiting > MOST_WAITING

    @contextmanager
    def _waits(self) -> Iterator[None]:
        with self._counting:
            self._waiting += 1
        try:
            yield
        finally:
            with self._counting:
                self._waiting -= 1
