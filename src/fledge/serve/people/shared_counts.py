"""Counters in the database, shared by the servers that use it."""

import threading
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from fledge.database.limit_windows import Held, LimitStore, LockedWindows, StoredWindow
from fledge.serve.people.counts import Counts, Opened
from fledge.serve.people.token_window import TokenWindow

AT_ONCE = 100
"""Scopes that one transaction writes."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Tokens of ended answers that the database does not know of yet."""

    read: int = 0
    written: int = 0


class SharedCounts:
    """Count in the database; what this server itself holds is also kept here.

    The end of an answer is counted here at once, and written with the next request of its scope or
    by `flush`: until then the database still holds the tokens that the answer was promised.
    """

    is_shared = True

    def __init__(self, store: LimitStore) -> None:
        self._store = store
        self._held: defaultdict[str, Held] = defaultdict(Held)
        self._ended: defaultdict[str, Ended] = defaultdict(Ended)
        self._changed: set[str] = set()
        self._lock = threading.Lock()

    @contextmanager
    def opened(self, scopes: Collection[str]) -> Iterator[Opened]:
        """Give the counters in one transaction; they are stored when the block ends."""
        ended: dict[str, Ended] = {}
        taken: dict[str, Held] = {}
        is_kept = False
        try:
            with self._store.locked(scopes) as locked:
                ended.update(self._take(scopes))
                before = self._counts(locked, ended)
                after = {scope: _copied(counts) for scope, counts in before.items()}
                yield Opened(locked.now, after)
                taken.update({scope: _taken(before[scope], after[scope]) for scope in scopes})
                held = self._hold(taken)
                locked.keep([_stored(scope, after[scope], locked.now) for scope in scopes], held)
            is_kept = True
        finally:
            if not is_kept:
                self._put_back(ended, taken)

    def release(self, scopes: Collection[str], read: int, promised: int, written: int) -> None:
        """Count the end of an answer, in this process for now."""
        with self._lock:
            for scope in scopes:
                ended = self._ended[scope]
                self._ended[scope] = Ended(ended.read + read, ended.written + written)
                self._held[scope] = _sum(self._held[scope], Held(-1, -read, -promised))
                self._changed.add(scope)

    def flush(self) -> None:
        """Write the ends of answers. Raises `DatabaseUnavailable`; they then stay for later."""
        with self._lock:
            changed = sorted(self._changed)
        for start in range(0, len(changed), AT_ONCE):
            with self.opened(changed[start : start + AT_ONCE]):
                pass

    def _take(self, scopes: Collection[str]) -> dict[str, Ended]:
        with self._lock:
            return {scope: self._ended.pop(scope) for scope in scopes if scope in self._ended}

    def _counts(self, locked: LockedWindows, ended: dict[str, Ended]) -> dict[str, Counts]:
        with self._lock:
            own = {scope: self._held.get(scope, Held()) for scope in locked.windows}
        found = {}
        for scope, window in locked.windows.items():
            held = _sum(own[scope], locked.elsewhere.get(scope, Held()))
            counts = Counts(
                TokenWindow(window.minute, window.requests, window.requests_before),
                TokenWindow(window.minute, window.tokens, window.tokens_before),
                held.streams,
                held.reading,
                held.promised,
                window.day,
                window.day_tokens,
                window.requests_limit,
            )
            if scope in ended:
                counts.charge(locked.now, ended[scope].read, ended[scope].written)
            found[scope] = counts
        return found

    def _hold(self, taken: dict[str, Held]) -> dict[str, Held]:
        """Add to what this server holds; return the scopes whose row in the database changes."""
        with self._lock:
            changed = {
                scope for scope, more in taken.items() if more != Held() or scope in self._changed
            }
            for scope in changed:
                self._held[scope] = _sum(self._held[scope], taken[scope])
            self._changed -= changed
            held = {scope: self._held[scope] for scope in changed}
            for scope, each in held.items():
                if each == Held():
                    del self._held[scope]
            return held

    def _put_back(self, ended: dict[str, Ended], taken: dict[str, Held]) -> None:
        with self._lock:
            for scope, each in ended.items():
                since = self._ended[scope]
                self._ended[scope] = Ended(since.read + each.read, since.written + each.written)
            for scope, more in taken.items():
                self._held[scope] = _sum(
                    self._held[scope], Held(-more.streams, -more.reading, -more.promised)
                )
            self._changed.update(ended, taken)


def _copied(counts: Counts) -> Counts:
    return replace(counts, requests=replace(counts.requests), tokens=replace(counts.tokens))


def _taken(before: Counts, after: Counts) -> Held:
    return Held(
        after.streams - before.streams,
        after.reading - before.reading,
        after.promised - before.promised,
    )


def _sum(first: Held, second: Held) -> Held:
    return Held(
        first.streams + second.streams,
        first.reading + second.reading,
        first.promised + second.promised,
    )


def _stored(scope: str, counts: Counts, now: float) -> StoredWindow:
    counts.requests.turn(now)
    counts.tokens.turn(now)
    return StoredWindow(
        scope,
        counts.tokens.minute,
        float(counts.requests.now),
        float(counts.requests.before),
        float(counts.tokens.now),
        float(counts.tokens.before),
        counts.day,
        counts.day_tokens,
        counts.requests_limit,
    )
