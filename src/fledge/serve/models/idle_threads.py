"""Threads of the CPU for a server: measured while nobody waits, as other programs come and go."""

import logging
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from fledge.runtime.threads import Threads

logger = logging.getLogger(__name__)

SECONDS_BETWEEN = 60.0
"""Shortest time from one measurement to the next, for which an answer may have to wait 0.3 s."""


@final
class IdleThreads:
    """Takes the number of threads that is fastest now, in the thread that answers.

    Answers that are written in C++ are the same with any number.
    """

    def __init__(self, clock: Callable[[], float], threads: "Threads | None" = None) -> None:
        """`clock` counts seconds. Without `threads`, those of this machine."""
        self._clock = clock
        self._threads = threads
        self._due = float("-inf")

    def measure(self) -> None:
        """Measure the threads, unless that was done a short time ago; log a change."""
        # A server of other servers' models computes nothing, and imports no torch.
        if self._clock() < self._due or "torch" not in sys.modules:
            return
        threads = self._threads = self._threads or _of_this_machine()
        if threads.measure():
            logger.info("answering with %d of %d threads", threads.number, threads.most)
        self._due = self._clock() + SECONDS_BETWEEN


def _of_this_machine() -> "Threads":
    # Imported on first use, because it imports torch.
    from fledge.runtime.threads import threads_for_answers

    return threads_for_answers()
