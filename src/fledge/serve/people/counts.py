"""Counters behind the limits: in this process, or in a database that servers share."""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from fledge.serve.people.token_window import TokenWindow

DAY_SECONDS = 86_400
MOST_SCOPES = 10_000


@dataclass(slots=True)
class Counts:
    """Counters of a scope: of the last minute, of answers in progress, and of the day.

    `reading` are the prompts of answers in progress, `promised` the tokens that they may still
    write.
    """

    requests: TokenWindow = field(default_factory=TokenWindow)
    tokens: TokenWindow = field(default_factory=TokenWindow)
    streams: int = 0
    reading: int = 0
    promised: int = 0
    day: int = 0
    day_tokens: int = 0
    requests_limit: int = 0

    def begin_anew(self, requests_limit: int) -> None:
        """Forget the requests that were counted under another limit."""
        if requests_limit != self.requests_limit:
            self.requests = TokenWindow()
            self.requests_limit = requests_limit

    def today(self, now: float, stored: int) -> int:
        """Return the tokens of this day: those of ended answers, of which `stored` are known.

        The stored ones were read before the request was admitted, and answers may have ended since.
        """
        day = int(now // DAY_SECONDS)
        self.day_tokens = max(self.day_tokens, stored) if day == self.day else stored
        self.day = day
        return self.day_tokens

    def charge(self, now: float, read: int, written: int) -> None:
        """Count the tokens of an ended answer; those it read were counted for the minute before."""
        self.tokens.add(now, written)
        if self.day == int(now // DAY_SECONDS):
            self.day_tokens += read + written

    def is_idle(self, now: float) -> bool:
        """Return whether nothing is counted any more."""
        used = self.requests.used(now) + self.tokens.used(now)
        return used == 0 and self.streams == 0 and self.day != int(now // DAY_SECONDS)


@dataclass(frozen=True, slots=True)
class Opened:
    """Counters that nobody else changes; `now` is in seconds since 1970."""

    now: float
    of: Mapping[str, Counts]


@runtime_checkable
class CountKeeper(Protocol):
    """Keep the counters of all scopes."""

    @property
    def is_shared(self) -> bool:
        """Whether a database is asked, which must not be waited for on the event loop."""

    def opened(self, scopes: Collection[str]) -> AbstractContextManager[Opened]:
        """Give the counters of some scopes to read and change; an error changes none."""

    def release(self, scopes: Collection[str], read: int, promised: int, written: int) -> None:
        """Count the end of an answer; waits for nothing."""

    def flush(self) -> None:
        """Write what is not in the database yet."""


class OwnCounts:
    """Counters in this process."""

    is_shared = False

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` gives seconds since 1970."""
        self._clock = clock
        self._counts: dict[str, Counts] = {}
        self._lock = threading.Lock()

    @contextmanager
    def opened(self, scopes: Collection[str]) -> Iterator[Opened]:
        """Give the counters; the caller checks before it changes anything."""
        with self._lock:
            self._tidy()
            counts = {scope: self._counts.setdefault(scope, Counts()) for scope in scopes}
            yield Opened(self._clock(), counts)

    def release(self, scopes: Collection[str], read: int, promised: int, written: int) -> None:
        """Count the end of an answer."""
        with self.opened(scopes) as opened:
            for counts in opened.of.values():
                counts.charge(opened.now, read, written)
                counts.streams -= 1
                counts.reading -= read
                counts.promised -= promised

    def flush(self) -> None:
        """Do nothing: a restart clears the counters."""

    def _tidy(self) -> None:
        """Drop the counters of scopes without a request for two minutes: visitors come and go."""
        if len(self._counts) > MOST_SCOPES:
            now = self._clock()
            idle = [scope for scope, counts in self._counts.items() if counts.is_idle(now)]
            for scope in idle:
                del self._counts[scope]
