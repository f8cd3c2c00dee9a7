"""Presence of a server among those of its database: it beats, and notices whose heart stopped."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from fledge.database.servers import OwnRun, ServerStore
from fledge.errors import DatabaseError, DatabaseUnavailable

logger = logging.getLogger(__name__)

BEAT_SECONDS = 2.0
DEAD_SECONDS = 15.0
"""Seconds without a beat after which a server counts as dead, and its answers as interrupted."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Beats of another server, and since when they stand there."""

    beats: int
    since: float


class Presence:
    """Beat in a thread of its own, and have the answers of dead servers marked.

    Whether a heart stands still is measured by this server's own steady clock, so that clocks which
    differ, or are set back, end no answer. While the database is away nobody's heart is seen.
    """

    def __init__(
        self,
        servers: ServerStore,
        *,
        clock: Callable[[], float] = time.monotonic,
        beat_seconds: float = BEAT_SECONDS,
        dead_seconds: float = DEAD_SECONDS,
    ) -> None:
        """`clock` gives seconds from any start."""
        self._servers = servers
        self._clock = clock
        self._beat_seconds = beat_seconds
        self._dead_seconds = dead_seconds
        self._seen: dict[str, Seen] = {}
        self._hear: Callable[[Sequence[OwnRun]], None] = lambda _: None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fledge-presence", daemon=True)

    def start(self, hear: Callable[[Sequence[OwnRun]], None]) -> None:
        """Enter the database and start to beat; `hear` is told of the server's runs at each beat.

        Raises:
            DatabaseUnavailable: the database does not answer.
        """
        self._hear = hear
        _tell(self._servers.join())
        self._thread.start()

    def stop(self) -> None:
        """Leave the database; call it once every answer is saved."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()
        try:
            _tell(self._servers.leave())
        except DatabaseError as error:
            logger.warning("the next server to start marks what was not finished: %s", error)

    def beat(self) -> None:
        """Beat once; a database that is away, or busy with the same rows, is beaten to later."""
        try:
            beat = self._servers.beat()
            dead = self._standing_still(beat.others)
            if dead:
                _tell(self._servers.remove(dead))
        except DatabaseUnavailable as error:
            logger.warning("%s", error)
            self._seen.clear()
            return
        except DatabaseError as error:  # such as two servers that remove a third one at once
            logger.warning("%s", error)
            return
        self._hear(beat.runs)

    def _run(self) -> None:
        while not self._stopped.wait(self._beat_seconds):
            self.beat()

    def _standing_still(self, others: Mapping[str, int]) -> dict[str, int]:
        now = self._clock()
        self._seen = {
            id_: before
            if (before := self._seen.get(id_)) is not None and before.beats == beats
            else Seen(beats, now)
            for id_, beats in others.items()
        }
        return {
            id_: seen.beats
            for id_, seen in self._seen.items()
            if now - seen.since >= self._dead_seconds
        }


def _tell(interrupted: int) -> None:
    if interrupted:
        logger.warning("%d answers of a server that ended were interrupted", interrupted)
