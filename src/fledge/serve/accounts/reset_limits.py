"""Limits on requests for lost passwords: by address of the client, by name, and by account."""

import threading

from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from fledge.serve.accounts.attempts import Counted
from fledge.serve.people.limits import LimitReached, seconds_until_free, try_again

FROM_ONE_PLACE = (RateLimitItemPerMinute(5), RateLimitItemPerHour(20))
FOR_ONE_NAME_FROM_ONE_PLACE = (RateLimitItemPerHour(5),)
FOR_ONE_ACCOUNT = RateLimitItemPerHour(10)


class ResetLimits:
    """Count requests, whether or not the account exists; the counters are in memory."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._lock = threading.Lock()

    def count(self, place: str, name: str) -> None:
        """Count a request from a place for a login or an e-mail address.

        Raises:
            LimitReached: there were too many; this one is not counted.
        """
        counted = [
            *(Counted(limit, ("address", place)) for limit in FROM_ONE_PLACE),
            *(Counted(limit, ("both", place, name)) for limit in FOR_ONE_NAME_FROM_ONE_PLACE),
        ]
        with self._lock:
            for each in counted:
                if not self._limiter.test(each.limit, *each.names):
                    raise too_many(seconds_until_free(self._limiter, each.limit, *each.names))
            for each in counted:
                self._limiter.hit(each.limit, *each.names)

    def may_send(self, account_id: str) -> bool:
        """Count a letter to an account; return False where it had enough.

        Nobody is told, since a refusal would tell that the account exists.
        """
        return self._limiter.hit(FOR_ONE_ACCOUNT, "account", account_id)


def too_many(seconds: int) -> LimitReached:
    """Return a 429 error that names the seconds until the limit has room again."""
    return LimitReached(
        429,
        f"Too many requests for a new password. {try_again(seconds)}",
        type="rate_limit_error",
        code="too_many_resets",
        retry_after=seconds,
    )
