"""Series of a metric over steps, thinned so that peaks and gaps stay."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

MOST_POINTS = 600
"""Points that one reading keeps of a metric."""
MOST_METRICS = 200
STEP = "step"
LARGEST = 2**63
HELD_OUT = "held-out "
"""Beginning of the names of measurements on held-out data, which often repeat those of steps."""


@dataclass(frozen=True, slots=True)
class Series:
    """Values of one metric; the steps never fall."""

    steps: Sequence[float]
    values: Sequence[float]


def series_of(lines: Iterable[Mapping[str, Any]], most: int = MOST_POINTS) -> dict[str, Series]:
    """Collect each number of the lines under its name, thinned to `most` points."""
    collected: dict[str, tuple[list[float], list[float]]] = {}
    for line in lines:
        step = step_of(line)
        if step is None:
            continue
        for name, value in numbers_of(line):
            if name not in collected and len(collected) == MOST_METRICS:
                continue
            steps, values = collected.setdefault(name, ([], []))
            steps.append(float(step))
            values.append(value)
    return {name: thinned(Series(*points), most) for name, points in collected.items()}


def step_of(line: Mapping[str, Any]) -> int | None:
    """Return the step of a line; None if it has none."""
    step = line.get(STEP)
    return int(step) if is_number(step) and abs(step) < LARGEST else None


def numbers_of(line: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield each metric of a line; only the lines of steps, not of evaluations, have a time."""
    prefix = "" if "seconds" in line else HELD_OUT
    for name, value in line.items():
        if name != STEP and is_number(value):
            yield prefix + name, float(value)


def thinned(series: Series, most: int) -> Series:
    """Keep at most `most` points (4 or more): of each stretch the lowest and the highest.

    The first point and the last one stay. A stretch with values that are not finite keeps the
    first of them in place of its highest, so that none is hidden.
    """
    count = len(series.steps)
    if count <= most:
        return series
    stretches = (most - 2) // 2
    chosen = {0, count - 1}
    for number in range(stretches):
        start = 1 + number * (count - 2) // stretches
        end = 1 + (number + 1) * (count - 2) // stretches
        chosen.update(_extremes(series.values, start, end))
    kept = sorted(chosen)
    return Series([series.steps[i] for i in kept], [series.values[i] for i in kept])


def is_number(value: object) -> TypeGuard[float]:
    """Tell whether a value of a JSON line is a number; True is none, nor is an endless integer."""
    if isinstance(value, int):
        return not isinstance(value, bool) and abs(value) < LARGEST
    return isinstance(value, float)


def plain(value: float) -> float | str:
    """Return a number as strict JSON has it: `NaN`, `Infinity` and `-Infinity` are texts."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def _extremes(values: Sequence[float], start: int, end: int) -> tuple[int, int]:
    stretch = range(start, end)
    odd = next((i for i in stretch if not math.isfinite(values[i])), None)
    finite = [i for i in stretch if math.isfinite(values[i])]
    if not finite:
        return (start, start)
    lowest = min(finite, key=values.__getitem__)
    highest = max(finite, key=values.__getitem__)
    return (lowest, highest if odd is None else odd)
