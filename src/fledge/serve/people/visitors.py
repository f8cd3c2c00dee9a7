"""Limits of visitors to an embedded assistant: by address, and of all of them together."""

from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from fledge.serve.people.limits import LimitScope, rate_limited

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
                raise rate_limited(
                    "Too many chats were begun from here; try again later", limit.get_expiry()
                )

    def hear(self, address: str) -> None:
        """Count a message. Raises `LimitReached` where there were too many."""
        for limit in MESSAGES:
            if not self._limiter.hit(limit, "message", address):
                raise rate_limited(
                    "Too many messages came from here; try again later", limit.get_expiry()
                )


def of_address(address: str) -> LimitScope:
    """Return the limits of one address, for all assistants together."""
    return LimitScope(
        id=f"visitor {address}",
        whose="Your address",
        requests_per_minute=REQUESTS_PER_MINUTE,
        tokens_per_minute=None,
        concurrent_streams=CONCURRENT_STREAMS,
        daily_tokens=None,
        tokens_today=0,
    )
