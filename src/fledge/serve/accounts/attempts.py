"""Logins that failed: after a few, the door stays shut for a while."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from fledge.serve.people.limits import LimitReached

FROM_ONE_PLACE = (RateLimitItemPerMinute(20), RateLimitItemPerHour(200))
AT_ONE_ACCOUNT_FROM_ONE_PLACE = (RateLimitItemPerMinute(5), RateLimitItemPerHour(30))
AT_ONE_ACCOUNT = (RateLimitItemPerHour(100),)


@dataclass(frozen=True, slots=True)
class Counted:
    """A limit and what it counts."""

    limit: RateLimitItem
    names: tuple[str, ...]

    @property
    def key(self) -> str:
        """Tells it from every other."""
        return self.limit.key_for(*self.names)


class LoginAttempts:
    """Counts failures by address, by account, and by both; a right password clears the last.

    The limit of an account alone is wide, or anyone could lock anyone out.
    """

    def __init__(self) -> None:
        self._storage = MemoryStorage()
        self._limiter = MovingWindowRateLimiter(self._storage)
        self._lock = threading.Lock()
        self._trying = Counter[str]()

    @contextmanager
    def attempt(self, address: str, login: str) -> Iterator[None]:
        """Look at one password. Raises `LimitReached` where too many have failed.

        Those that are being looked at count as if they would fail: a hundred at once are no way
        to try a hundred.
        """
        counted = counters(address, login)
        with self._lock:
            for each in counted:
                left = self._limiter.get_window_stats(each.limit, *each.names).remaining
                if left <= self._trying[each.key]:
                    raise too_many(each.limit)
            self._trying.update(each.key for each in counted)
        try:
            yield
        finally:
            with self._lock:
                self._trying -= Counter(each.key for each in counted)

    def failed(self, address: str, login: str) -> None:
        """Count one."""
        for counter in counters(address, login):
            self._limiter.hit(counter.limit, *counter.names)

    def succeeded(self, address: str, login: str) -> None:
        """Forget what this person mistyped here."""
        for limit in AT_ONE_ACCOUNT_FROM_ONE_PLACE:
            self._limiter.clear(limit, "both", address, login)


def counters(address: str, login: str) -> list[Counted]:
    """Everything that an attempt counts for."""
    return [
        *(Counted(limit, ("address", address)) for limit in FROM_ONE_PLACE),
        *(Counted(limit, ("both", address, login)) for limit in AT_ONE_ACCOUNT_FROM_ONE_PLACE),
        *(Counted(limit, ("account", login)) for limit in AT_ONE_ACCOUNT),
    ]


def too_many(limit: RateLimitItem) -> LimitReached:
    """429, with the time that the limit takes to pass."""
    is_hour = isinstance(limit, RateLimitItemPerHour)
    return LimitReached(
        429,
        f"Too many logins have failed; try again in {'an hour' if is_hour else 'a minute'}",
        type="rate_limit_error",
        code="too_many_logins",
        retry_after=3600 if is_hour else 60,
    )
