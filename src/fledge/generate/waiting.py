"""The line of waiting requests: each user's in their order, the users in turn."""

from collections import Counter, deque
from collections.abc import Iterator

from fledge.generate.sequence import Sequence


class WaitingLine:
    """Gives the turn to the user with the fewest rows; among equals, to the one who waits longest.

    So rows are shared out evenly however many requests a user sends, and no user starves: one
    without rows comes before those with, and every turn taken sends its user to the end.
    """

    def __init__(self) -> None:
        self._lines: dict[str, deque[Sequence]] = {}
        self._turns: dict[str, int] = {}
        self._taken = 0

    def __len__(self) -> int:
        return sum(map(len, self._lines.values()))

    def __iter__(self) -> Iterator[Sequence]:
        """Iterate user by user, each in order."""
        return (sequence for line in list(self._lines.values()) for sequence in list(line))

    def join(self, sequence: Sequence) -> None:
        """Put a request at the end of its user's line."""
        user = sequence.request.user
        if user not in self._lines:
            self._lines[user] = deque()
            # A new user stands behind those who wait. Otherwise users who come and go with one
            # request each could pass one who waits with two for ever.
            self._turns[user] = self._taken
        self._lines[user].append(sequence)

    def head(self, rows: Counter[str]) -> Sequence:
        """Return the next request, given the `rows` of each user; somebody must be waiting."""
        user = min(self._lines, key=lambda name: (rows[name], self._turns[name]))
        return self._lines[user][0]

    def take(self, sequence: Sequence) -> None:
        """Take a request out for its turn, and send its user to the end."""
        self.remove(sequence)
        self._taken += 1
        if sequence.request.user in self._turns:
            self._turns[sequence.request.user] = self._taken

    def remove(self, sequence: Sequence) -> None:
        """Take a request out without a turn."""
        user = sequence.request.user
        self._lines[user].remove(sequence)
        if not self._lines[user]:
            del self._lines[user], self._turns[user]

    def clear(self) -> None:
        """Forget all requests."""
        self._lines.clear()
        self._turns.clear()
