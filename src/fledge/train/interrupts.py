"""Turn Ctrl-C and SIGTERM into a request to stop after the current step, when nothing is lost."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import final


@final
class StopRequest:
    """Remembers that the user asked to stop; asking a second time stops at once."""

    def __init__(self) -> None:
        self.asked = False

    def _hear(self, signal_number: int, frame: FrameType | None) -> None:
        if self.asked:
            # The second time: stop now; the last checkpoint is untouched.
            raise KeyboardInterrupt
        self.asked = True


@contextmanager
def listening() -> Iterator[StopRequest]:
    """Take SIGINT and SIGTERM as a request to stop while the context lasts.

    Python delivers signals to the main thread only; in another thread `asked` stays False.
    """
    request = StopRequest()
    previous = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            previous[number] = signal.signal(number, request._hear)
        except ValueError:
            break
    try:
        yield request
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
