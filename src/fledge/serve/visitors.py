"""How much strangers may ask of an embedded assistant: by address, and all of them together."""

from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from fledge.serve.limits import LimitScope, rate_limited

NEW_CHATS = (RateLimitItemPerMinute(10), RateLimitItemPerHour(60))
"""From one address; a whole office may share one."""
REQUESTS_PER_MINUTE = 20
CONCURRENT_STREAMS = 2


class NewVisitors:
    """Counts the chats that strangers begin."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def welcome(self, address: str) -> None:
        """Count one. Raises `LimitReached` where too many have begun."""
        for limit in NEW_CHATS:
            if not self._limiter.hit(limit, address):
                raise rate_limited(
                    "Too many chats were begun from here; try again later", limit.get_expiry()
                )


def of_address(address: str) -> LimitScope:
    """What one address may ask, whichever assistant it asks."""
    return LimitScope(
        id=f"visitor {address}",
        whose="Your address",
        requests_per_minute=REQUESTS_PER_MINUTE,
        tokens_per_minute=None,
        concurrent_streams=CONCURRENT_STREAMS,
        daily_tokens=None,
        tokens_today=0,
    )
