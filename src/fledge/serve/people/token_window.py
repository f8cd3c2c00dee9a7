"""Tokens of the last minute; those of an answer are known only after it was written."""

import math
from dataclasses import dataclass

SECONDS = 60


@dataclass(slots=True)
class TokenWindow:
    """Sliding window of two counters: this minute's, and the rest of the last one's.

    As is usual, the tokens of the minute before are taken as evenly spread.
    """

    minute: int = 0
    now: float = 0
    before: float = 0

    def add(self, time: float, tokens: int) -> None:
        """Charge tokens at a time in seconds."""
        self._turn(time)
        self.now += tokens

    def used(self, time: float) -> float:
        """Return the tokens of the minute that ends at this time."""
        self._turn(time)
        return self.now + self.before * (1 - time % SECONDS / SECONDS)

    def seconds_until(self, time: float, allowed: int) -> int:
        """Return the whole seconds until at most `allowed` tokens are left, at least 1."""
        self._turn(time)
        passed = time % SECONDS
        if self.now <= allowed and self.before > 0:
            share = max(0.0, allowed - self.now) / self.before
            return max(1, math.ceil(SECONDS * (1 - share) - passed))
        if self.now <= max(0, allowed):
            return 1
        # This minute's own tokens must fade, and they begin to with the next minute.
        share = max(0.0, allowed) / self.now
        return max(1, math.ceil(SECONDS - passed + SECONDS * (1 - share)))

    def _turn(self, time: float) -> None:
        minute = int(time // SECONDS)
        if minute != self.minute:
            self.before = self.now if minute == self.minute + 1 else 0
            self.minute, self.now = minute, 0
