"""Logins that failed: after a few, the door stays shut for a while."""

from dataclasses import dataclass

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from fledge.serve.limits import LimitReached

FROM_ONE_PLACE = (RateLimitItemPerMinute(20), RateLimitItemPerHour(200))
AT_ONE_ACCOUNT_FROM_ONE_PLACE = (RateLimitItemPerMinute(5), RateLimitItemPerHour(30))
AT_ONE_ACCOUNT = (RateLimitItemPerHour(100),)


@dataclass(frozen=True, slots=True)
class Counter:
    """A limit and what it counts."""

    limit: RateLimitItem
    names: tuple[str, ...]


class LoginAttempts:
    """Counts failures by address, by account, and by both; a right password clears the last.

    The limit of an account alone is wide, or anyone could lock anyone out.
    """

    def __init__(self) -> None:
        self._storage = MemoryStorage()
        self._limiter = MovingWindowRateLimiter(self._storage)

    def require_calm(self, address: str, login: str) -> None:
        """Raise `LimitReached` where too many have failed."""
        for counter in counters(address, login):
            if not self._limiter.test(counter.limit, *counter.names):
                minutes = 60 if isinstance(counter.limit, RateLimitItemPerHour) else 1
                raise LimitReached(
                    429,
                    "Too many logins have failed; try again in "
                    + ("a minute" if minutes == 1 else "an hour"),
                    type="rate_limit_error",
                    code="too_many_logins",
                    retry_after=minutes * 60,
                )

    def failed(self, address: str, login: str) -> None:
        """Count one."""
        for counter in counters(address, login):
            self._limiter.hit(counter.limit, *counter.names)

    def succeeded(self, address: str, login: str) -> None:
        """Forget what this person mistyped here."""
        for limit in AT_ONE_ACCOUNT_FROM_ONE_PLACE:
            self._limiter.clear(limit, "both", address, login)


def counters(address: str, login: str) -> list[Counter]:
    """Everything that an attempt counts for."""
    return [
        *(Counter(limit, ("address", address)) for limit in FROM_ONE_PLACE),
        *(Counter(limit, ("both", address, login)) for limit in AT_ONE_ACCOUNT_FROM_ONE_PLACE),
        *(Counter(limit, ("account", login)) for limit in AT_ONE_ACCOUNT),
    ]
