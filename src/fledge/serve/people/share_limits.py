"""Limits of shared chats: pages read from one address, and links or copies of one person."""

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from fledge.serve.people.limits import rate_limited, seconds_until_free, try_again

READ = (RateLimitItemPerMinute(60), RateLimitItemPerHour(1_000))
"""Pages from one address, found or not; a whole office may share one."""
WRITTEN = (RateLimitItemPerMinute(20), RateLimitItemPerHour(200))
"""Links and copies that one person makes or updates."""


class ShareLimits:
    """Count what readers open and what people share."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def read(self, address: str) -> None:
        """Count a page. Raises `LimitReached` where there were too many."""
        self._count(READ, ("read", address), "Too many shared chats were opened from your network.")

    def write(self, account_id: str) -> None:
        """Count a link or a copy. Raises `LimitReached` where there were too many."""
        self._count(WRITTEN, ("write", account_id), "You have shared or copied too many chats.")

    def _count(self, limits: tuple[RateLimitItem, ...], names: tuple[str, str], words: str) -> None:
        for limit in limits:
            if not self._limiter.hit(limit, *names):
                wait = seconds_until_free(self._limiter, limit, *names)
                raise rate_limited(f"{words} {try_again(wait)}", wait)
