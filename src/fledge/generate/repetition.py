"""Detect an answer that goes round in a circle: the same words, lines or verses over and over."""

ANCHOR = 8
"""Tokens that have to recur before a circle is supposed."""
LEAST_TURNS = 6
"""Turns of a circle before an answer counts as runaway."""
LEAST_TOKENS = 192
"""Tokens of a circle, all turns together, before an answer counts as runaway."""
MOST_CIRCLES = 4
"""Circles of different lengths that are followed at a time, the shortest ones."""


class Repetition:
    """Watch the tokens of one answer; each costs a look-up, however long the answer is.

    A circle of period p is a run of tokens each of which equals the one p before it. A new period
    is the distance to the last place at which the newest `ANCHOR` tokens stood.
    """

    __slots__ = ("_circles", "_ids", "_last")

    def __init__(self) -> None:
        self._ids: list[int] = []
        self._last: dict[tuple[int, ...], int] = {}
        self._circles: dict[int, int] = {}
        """Length of each circle so far in tokens, by its period."""

    def take(self, token_id: int) -> bool:
        """Take the next token; return whether the answer has gone round long enough to be ended.

        That is after `LEAST_TURNS` equal turns which are `LEAST_TOKENS` long together.
        """
        ids = self._ids
        ids.append(token_id)
        if self._circles:
            self._circles = {
                period: run + 1
                for period, run in self._circles.items()
                if ids[-1 - period] == token_id
            }
        anchor, here = tuple(ids[-ANCHOR:]), len(ids)
        before = self._last.get(anchor)
        self._last[anchor] = here  # one of fewer tokens never comes again
        if before is not None and here - before not in self._circles:
            self._suppose(here - before)
        return bool(self._circles) and any(
            run >= max(LEAST_TOKENS, LEAST_TURNS * period) for period, run in self._circles.items()
        )

    def _suppose(self, period: int) -> None:
        """Follow a new circle, whose second turn has begun; of too many leave the longest."""
        self._circles[period] = period + ANCHOR
        if len(self._circles) > MOST_CIRCLES:
            del self._circles[max(self._circles)]
