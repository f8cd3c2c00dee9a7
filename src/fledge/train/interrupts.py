"""Ctrl-C and SIGTERM as a wish to stop, heard at the next moment when nothing is lost."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import final


@final
class StopRequest:
    """Whether the user asked to stop."""

    def __init__(self) -> None:
        self.asked = False

    def _hear(self, signal_number: int, frame: FrameType | None) -> None:
        if self.asked:
            # Asked twice: stop now; the last checkpoint stands.
            raise KeyboardInterrupt
        self.asked = True


@contextmanager
def listening() -> Iterator[StopRequest]:
    """Take SIGINT and SIGTERM as a request for as long as the context lasts.

    Outside the main thread Python cannot hear signals; then nothing is ever asked.
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
