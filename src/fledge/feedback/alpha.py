"""Krippendorff's alpha: agreement beyond chance, of any number of people, with gaps.

Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability". Pairs of values within a unit are
counted sparsely: memory grows with the labels, never with units times values squared.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from fledge.feedback.resampling import Estimate, Indices, Numbers, Resampling, ratio

Level = Literal["nominal", "ordinal"]

_MOST_CELLS = 2**21
"""Numbers in a block of the table groups × pairs of values."""


@dataclass(frozen=True, slots=True)
class ValueCounts:
    """Counts of each value of each unit with two labels or more, sorted by unit.

    Rows have equal length; `labels` is the number of all labels of the row's unit.
    """

    unit: Indices
    value: Indices
    group: Indices
    amount: Numbers
    labels: Numbers


def krippendorff_alpha(
    units: Indices, groups: Indices, values: Numbers, level: Level, resampling: Resampling
) -> Estimate | None:
    """Return alpha of labels, each the value that somebody gave to a unit.

    A unit lies in one group of prompts. None if no unit has two labels, or all values are the same:
    then chance explains any agreement.
    """
    scale, places = np.unique(values, return_inverse=True)
    counts = _value_counts(units, groups, places, len(scale))
    if not len(counts.unit):
        return None
    given = resampling.grouped(counts.group, counts.value, counts.amount, len(scale))
    totals = resampling.weights @ given
    positions = _positions(totals)
    observed = np.zeros(len(totals))
    for lower, higher, table in _meetings(counts, len(scale), resampling):
        met = resampling.weights @ table
        if level == "ordinal":
            met = met * (positions[:, higher] - positions[:, lower]) ** 2
        observed += met.sum(axis=1)
    number = totals.sum(axis=1)
    if level == "nominal":
        expected = number**2 - (totals**2).sum(axis=1)
    else:
        means = (totals * positions).sum(axis=1)
        expected = 2 * (number * (totals * positions**2).sum(axis=1) - means**2)
    # Rounding leaves a little of an expected difference that is 0.
    expected[expected < 1e-9 * number**2] = 0
    alphas = 1 - ratio((number - 1) * 2 * observed, expected)
    return resampling.estimate(alphas, len(np.unique(counts.group)))


def _value_counts(units: Indices, groups: Indices, values: Indices, width: int) -> ValueCounts:
    places, first, amount = np.unique(units * width + values, return_index=True, return_counts=True)
    unit, value = np.divmod(places, max(width, 1))
    labels = np.bincount(unit, amount)[unit]
    pairable = labels > 1
    return ValueCounts(
        unit=unit[pairable],
        value=value[pairable],
        group=groups[first][pairable],
        amount=amount[pairable].astype(float),
        labels=labels[pairable].astype(float),
    )


def _positions(totals: Numbers) -> Numbers:
    """Return the place of each value among all labels: the ordinal difference is that of places.

    The sum over the values from c to k, less half of both ends, is the difference of these.
    """
    places: Numbers = totals.cumsum(axis=1) - totals / 2
    return places


def _meetings(
    counts: ValueCounts, width: int, resampling: Resampling
) -> Iterator[tuple[Indices, Indices, Numbers]]:
    """Yield pairs of different values, and how often they meet in each group, some at a time."""
    cell, group, amount = _cells(counts, width)
    known, column = np.unique(cell, return_inverse=True)
    order = np.argsort(column, kind="stable")
    column, group, amount = column[order], group[order], amount[order]
    at_once = max(1, _MOST_CELLS // len(resampling.weights))
    for start in range(0, len(known), at_once):
        cells = known[start : start + at_once]
        here = slice(*np.searchsorted(column, [start, start + len(cells)]))
        table = resampling.grouped(group[here], column[here] - start, amount[here], len(cells))
        lower, higher = np.divmod(cells, width)
        yield lower, higher, table


def _cells(counts: ValueCounts, width: int) -> tuple[Indices, Indices, Numbers]:
    """Return for each two values of a unit: the pair as a number, the group, and the amount."""
    lows, highs = [np.array([], np.int64)], [np.array([], np.int64)]
    for distance in range(1, int(np.bincount(counts.unit).max())):
        same_unit = counts.unit[distance:] == counts.unit[:-distance]
        lows.append(np.flatnonzero(same_unit))
        highs.append(lows[-1] + distance)
    low, high = np.concatenate(lows), np.concatenate(highs)
    amount = counts.amount[low] * counts.amount[high] / (counts.labels[low] - 1)
    return counts.value[low] * width + counts.value[high], counts.group[low], amount
