"""Limits of visitors to an embedded assistant: by address, and of all of them together."""

from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from fledge.serve.people.limits import LimitScope, rate_limited, seconds_until_free, try_again

NEW_CHATS = (RateLimitItemPerMinute(10), RateLimitItemPerHour(60))
"""New chats from one address; a whole office may share one."""
MESSAGES = (RateLimitItemPerMinute(30), RateLimitItemPerHour(300))
"""Messages from one address, answered or not, because each of them is kept."""
REQUESTS_PER_MINUTE = 20
CONCURRENT_STREAMS = 2


class NewVisitors:
    """Count the chats that visitors begin, and their messages."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def welcome(self, address: str) -> None:
        """Count a new chat. Raises `LimitReached` where too many have begun."""
        for limit in NEW_CHATS:
            if not self._limiter.hit(limit, address):
                wait = seconds_until_free(self._limiter, limit, address)
                raise rate_limited(
                    f"Too many chats were started from your network. {try_again(wait)}", wait
                )

    def hear(self, address: str) -> None:
        """Count a message. Raises `LimitReached` where there were too many."""
        for limit in MESSAGES:
            if not self._limiter.hit(limit, "message", address):
                wait = seconds_until_free(self._limiter, limit, "message", address)
                raise rate_limited(
                    f"Too many messages came from your network. {try_again(wait)}", wait
                )


def of_address(address: str) -> LimitScope:
    """Return the limits of one address, for all assistants together."""
    return LimitScope(
        id=f"visitor {address}",
        whose="Your network",
        requests_per_minute=REQUESTS_PER_MINUTE,
        tokens_per_minute=None,
        concurrent_streams=CONCURRENT_STREAMS,
        daily_tokens=None,
        tokens_today=0,
    )
