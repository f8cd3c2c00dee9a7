"""Limits on failed logins: after a few, further attempts are refused for a while."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from fledge.serve.people.limits import LimitReached, seconds_until_free, try_again

FROM_ONE_PLACE = (RateLimitItemPerMinute(20), RateLimitItemPerHour(200))
AT_ONE_ACCOUNT_FROM_ONE_PLACE = (RateLimitItemPerMinute(5), RateLimitItemPerHour(30))
AT_ONE_ACCOUNT = (RateLimitItemPerHour(100),)


@dataclass(frozen=True, slots=True)
class Counted:
    """Limit and the names that it is counted under."""

    limit: RateLimitItem
    names: tuple[str, ...]

    @property
    def key(self) -> str:
        """Key under which the limit's storage counts."""
        return self.limit.key_for(*self.names)


class LoginAttempts:
    """Count failures by address, by login, and by both; a right password clears the last.

    The limit of an account alone is wide, or anyone could lock anyone out.
    """

    def __init__(self) -> None:
        self._storage = MemoryStorage()
        self._limiter = MovingWindowRateLimiter(self._storage)
        self._lock = threading.Lock()
        self._trying = Counter[str]()

    @contextmanager
    def attempt(self, address: str, login: str | None) -> Iterator[None]:
        """Hold a place while one password is checked; None where no login is named.

        Passwords that are being checked count as failures, so a hundred at once are no more guesses
        than one after another.

        Raises:
            LimitReached: too many attempts have failed.
        """
        counted = counters(address, login)
        with self._lock:
            for each in counted:
                left = self._limiter.get_window_stats(each.limit, *each.names).remaining
                if left <= self._trying[each.key]:
                    raise too_many(seconds_until_free(self._limiter, each.limit, *each.names))
            self._trying.update(each.key for each in counted)
        try:
            yield
        finally:
            with self._lock:
                self._trying -= Counter(each.key for each in counted)

    def failed(self, address: str, login: str | None) -> None:
        """Count a failed attempt."""
        for counter in counters(address, login):
            self._limiter.hit(counter.limit, *counter.names)

    def succeeded(self, address: str, login: str) -> None:
        """Forget the failures of this login at this address."""
        for limit in AT_ONE_ACCOUNT_FROM_ONE_PLACE:
            self._limiter.clear(limit, "both", address, login)


def counters(address: str, login: str | None) -> list[Counted]:
    """Return every limit that an attempt counts against; None counts by its address alone."""
    places = [Counted(limit, ("address", address)) for limit in FROM_ONE_PLACE]
    if login is None:
        return places
    return [
        *places,
        *(Counted(limit, ("both", address, login)) for limit in AT_ONE_ACCOUNT_FROM_ONE_PLACE),
        *(Counted(limit, ("account", login)) for limit in AT_ONE_ACCOUNT),
    ]


def too_many(seconds: int) -> LimitReached:
    """Return a 429 error that names the seconds until the limit has room again."""
    return LimitReached(
        429,
        f"Too many failed logins. {try_again(seconds)}",
        type="rate_limit_error",
        code="too_many_logins",
        retry_after=seconds,
    )
