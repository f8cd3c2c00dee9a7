"""Warnings about runs, as a doctor of training words them, kept until a run has gone on."""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import final

from fledge.checkpoint.directory import latest
from fledge.errors import FledgeError
from fledge.observe.folder import Stamp, odd_file, plain_checkpoint, stamp_of

MOST_BYTES = 64 * 2**20
"""Size of the metrics up to which they are examined; the command does it at any size."""
EXAMINED = ("metrics.jsonl", "samples.jsonl", "run.json")
REST = 20
"""Times as long as an examination takes, during which its findings stand."""
UNREADABLE = (
    *(OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError),
    *(RecursionError, FledgeError),
)
"""Errors of files that hold what no run writes."""


@dataclass(frozen=True, slots=True)
class Warned:
    """One illness: its name, the observation, and advice.

    `passed` is the step at which it was first seen if it no longer holds, and None if it does.
    """

    illness: str
    seen: str
    advice: str
    passed: int | None = None


Doctor = Callable[[Path], Sequence[Warned]]
"""Reads the directory of a run, and returns its warnings."""


@dataclass(frozen=True, slots=True)
class Examined:
    """Warnings about a run; `problem` tells why it could not be examined."""

    warnings: Sequence[Warned] = ()
    problem: str = ""


def no_doctor(run: Path) -> Sequence[Warned]:
    """Warn of nothing."""
    del run
    return ()


@final
class Practice:
    """Has each run examined once for each state of its metrics, and not all the time."""

    def __init__(self, doctor: Doctor, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds since any moment."""
        self._doctor = doctor
        self._clock = clock
        self._locks: defaultdict[Path, Lock] = defaultdict(Lock)
        self._kept: dict[Path, tuple[Stamp | None, float, Examined]] = {}

    def examined(self, run: Path) -> Examined:
        """Return what the doctor says of a run, or said of it a little while ago."""
        with self._locks[run]:
            stamp = stamp_of(run, EXAMINED)
            before, until, found = self._kept.get(run, (None, 0.0, Examined()))
            start = self._clock()
            if stamp == before or start < until:
                return found
            found = self._examine(run)
            end = self._clock()
            self._kept[run] = (stamp, end + REST * (end - start), found)
            return found

    def _examine(self, run: Path) -> Examined:
        metrics = run / "metrics.jsonl"
        try:
            if odd := _odd(run):
                return Examined(problem=f"{odd} is a link or no plain file; this page reads none")
            if metrics.exists() and metrics.stat().st_size > MOST_BYTES:
                return Examined(
                    problem="the run is too long for this page; `fledge doctor` reads it"
                )
            return Examined(tuple(self._doctor(run)))
        except UNREADABLE as error:
            return Examined(problem=f"the doctor cannot read this run: {error}")


def _odd(run: Path) -> str | None:
    """Return what the doctor would read through a link or from no plain file; None if nothing."""
    names = sorted(path.name for path in run.glob("*.json*"))
    checkpoint = latest(run)
    if checkpoint is not None and plain_checkpoint(run) is None:
        return checkpoint.name
    return odd_file(run, names)
