"""The line of waiting requests: each owner's in their order, the owners in turn."""

from collections import Counter, deque
from collections.abc import Iterator

from fledge.generate.sequence import Sequence


class WaitingLine:
    """Gives the turn to the owner with the fewest rows; among equals, to the one who waits longest.

    So rows are shared out evenly however many requests an owner sends, and no owner starves: one
    without rows comes before those with, and every turn taken sends its owner to the end.
    """

    def __init__(self) -> None:
        self._lines: dict[str, deque[Sequence]] = {}
        self._turns: dict[str, int] = {}
        self._taken = 0

    def __len__(self) -> int:
        return sum(map(len, self._lines.values()))

    def __iter__(self) -> Iterator[Sequence]:
        """Iterate owner by owner, each in order."""
        return (sequence for line in list(self._lines.values()) for sequence in list(line))

    def join(self, sequence: Sequence) -> None:
        """Put a request at the end of its owner's line."""
        owner = sequence.request.owner
        if owner not in self._lines:
            self._lines[owner] = deque()
            # A new owner stands behind those who wait. Otherwise owners who come and go with one
            # request each could pass one who waits with two for ever.
            self._turns[owner] = self._taken
        self._lines[owner].append(sequence)

    def head(self, rows: Counter[str]) -> Sequence:
        """Return the next request, given the `rows` of each owner; somebody must be waiting."""
        owner = min(self._lines, key=lambda name: (rows[name], self._turns[name]))
        return self._lines[owner][0]

    def take(self, sequence: Sequence) -> None:
        """Take a request out for its turn, and send its owner to the end."""
        self.remove(sequence)
        self._taken += 1
        if sequence.request.owner in self._turns:
            self._turns[sequence.request.owner] = self._taken

    def remove(self, sequence: Sequence) -> None:
        """Take a request out without a turn."""
        owner = sequence.request.owner
        self._lines[owner].remove(sequence)
        if not self._lines[owner]:
            del self._lines[owner], self._turns[owner]

    def clear(self) -> None:
        """Forget all requests."""
        self._lines.clear()
        self._turns.clear()
