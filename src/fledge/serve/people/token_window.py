"""Counter of the last minute; the tokens of an answer are known only after it was written."""

import math
from dataclasses import dataclass

SECONDS = 60


@dataclass(slots=True)
class TokenWindow:
    """Sliding window of two counters: this minute's, and the rest of the last one's.

    As is usual, what came in the minute before is taken as evenly spread. A clock that is set back
    neither clears the counters nor keeps them for longer.
    """

    minute: int = 0
    now: float = 0
    before: float = 0

    def add(self, time: float, tokens: int) -> None:
        """Charge tokens at a time in seconds."""
        self.turn(time)
        self.now += tokens

    def used(self, time: float) -> float:
        """Return the tokens of the minute that ends at this time."""
        self.turn(time)
        return self.now + self.before * (1 - time % SECONDS / SECONDS)

    def whole(self, time: float) -> int:
        """Return the whole requests of the minute that ends at this time.

        One that has begun to fade no longer counts.
        """
        fading = self.used(time) - self.now
        return math.floor(self.now) + max(0, math.ceil(fading) - 1)

    def seconds_until(self, time: float, allowed: int) -> int:
        """Return the whole seconds until at most `allowed` tokens are left, at least 1."""
        self.turn(time)
        passed = time % SECONDS
        if self.now <= allowed and self.before > 0:
            share = max(0.0, allowed - self.now) / self.before
            return max(1, math.ceil(SECONDS * (1 - share) - passed))
        if self.now <= max(0, allowed):
            return 1
        # This minute's own tokens must fade, and they begin to with the next minute.
        share = max(0.0, allowed) / self.now
        return max(1, math.ceil(SECONDS - passed + SECONDS * (1 - share)))

    def seconds_until_whole(self, time: float, limit: int) -> int:
        """Return the whole seconds until `whole` is below `limit`, at least 1."""
        self.turn(time)
        passed = time % SECONDS
        if self.now < limit:
            fading, left = self.before, limit - self.now
        else:  # this minute's own fade with the next minute
            fading, left, passed = self.now, limit, passed - SECONDS
        wait = SECONDS * (1 - left / fading) - passed if fading > 0 else 0.0
        return max(1, math.ceil(wait))

    def turn(self, time: float) -> None:
        """Go to the minute of this time."""
        minute = int(time // SECONDS)
        if minute > self.minute:
            self.before = self.now if minute == self.minute + 1 else 0
            self.now = 0
        self.minute = minute
