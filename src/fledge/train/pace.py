"""Pace of a run: where its steps become much slower, another number of threads may be faster."""

import math
import statistics
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import is_dataclass
from typing import Any, final

from fledge.data.batch import Batch, Fields, named_tensors
from fledge.runtime.threads import Threads

STEPS = 3
"""Newest steps whose median is the pace: one slow step says nothing, and slow ones are long."""
SLOWER = 3.0
"""Times of the best pace from which a run is slow."""
SECONDS_BETWEEN = 20.0
"""Shortest time from one measurement of the threads to the next, which takes 2 % of it."""


@final
class Pace:
    """Watches the seconds of steps, and lets the threads be measured where it pays.

    A step is timed from its batch to its update. Making the batch, as PPO does by a whole rollout,
    evaluating and saving lie outside, so that only like is compared with like.
    """

    def __init__(
        self, threads: Threads, width: int, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        """`width` is that of the model, for whose matrices the threads are measured."""
        self.threads = threads
        self.history: dict[int, int] = {}
        """Numbers of threads by the step after which they were taken."""
        self._width = width
        self._clock = clock
        self._measured = clock()
        self._recent: deque[float] = deque(maxlen=STEPS)
        self._best = math.inf
        self._is_resumed = False

    def begin(self, step: int) -> str | None:
        """Choose a number before the first step, unless the run goes on with the one it had.

        Return a message for the user if it leaves cores idle.
        """
        if not self._is_resumed:
            self.threads.measure(self._width)
        self._measured = self._clock()
        self._note(step)
        if self.threads.number == self.threads.most:
            return None
        if self._is_resumed:
            return f"going on with {self._words()}, as when the run was saved"
        return f"beginning with {self._words()}: more are no faster for this model here and now"

    @contextmanager
    def step(self, batch: Batch) -> Iterator[None]:
        """Time a step on `batch`."""
        start = self._clock()
        yield
        self._recent.append((self._clock() - start) / places(batch))
        if len(self._recent) == STEPS:
            self._best = min(self._best, statistics.median(self._recent))

    def look(self, step: int) -> str | None:
        """Measure the threads if that is due; return a message for the user if they change.

        It is due in a run that is slow, and in one that leaves cores idle.
        """
        threads, before = self.threads, self.threads.number
        if threads.is_fixed or self._clock() - self._measured < SECONDS_BETWEEN:
            return None
        if before == threads.most and not self.is_slow:
            return None
        is_changed = threads.measure(self._width)
        self._measured = self._clock()
        self._recent.clear()
        if not is_changed:
            return None
        self._best = math.inf
        self._note(step)
        if threads.number < before:
            return f"other programs keep the machine busy: going on with {self._words()}"
        return f"the machine is less busy again: going on with {self._words()}"

    @property
    def is_slow(self) -> bool:
        """Whether the newest steps took much longer than the best did with these threads."""
        if len(self._recent) < STEPS:
            return False
        return statistics.median(self._recent) > SLOWER * self._best

    def state_dict(self) -> dict[str, object]:
        """Return the number of threads, the best pace with it, and the numbers until now."""
        best = self._best if math.isfinite(self._best) else None
        return {"threads": self.threads.number, "best": best, "history": dict(self.history)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on with the number of threads that `state_dict` was taken with, if it can be had."""
        self.load_history(state)
        if state and self.threads.resume(state["threads"]):
            self._is_resumed = True
            self._best = math.inf if state["best"] is None else state["best"]

    def load_history(self, state: Mapping[str, Any]) -> None:
        """Remember the numbers until now; earlier checkpoints have none."""
        self.history = dict(state.get("history", {}))

    def _note(self, step: int) -> None:
        if self.threads.number not in list(self.history.values())[-1:]:
            self.history[step] = self.threads.number

    def _words(self) -> str:
        return f"{self.threads.number} of {self.threads.most} threads"


def places(batch: Batch) -> int:
    """Count the numbers of a batch's largest tensor, padding included; seconds grow with them."""
    if not is_dataclass(batch) or not isinstance(batch, Fields):
        return max(1, batch.examples)
    return max(1, max(tensor.numel() for tensor in named_tensors(batch).values()))
