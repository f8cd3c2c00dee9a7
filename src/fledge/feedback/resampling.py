"""Bootstrap over prompts: intervals of statistics that are made of sums over prompts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]

MOST_GROUPS = 1_000
"""Groups that prompts are put into at random where there are more: memory and time then depend on
the groups, and the sums of whole groups scatter as those of prompts do."""
RESAMPLES = 1_000
BOUNDS = (2.5, 97.5)
"""Percentiles that bound a 95 % interval."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A statistic with its 95 % interval; None where the data do not determine it."""

    value: float
    low: float | None
    high: float | None


class Resampling:
    """Draws of prompts with replacement (Efron 1979), all made beforehand.

    `group_of` gives each prompt's group. Each row of `weights` tells how often every group was
    drawn; the first row is all ones: the data as they are.
    """

    def __init__(self, num_prompts: int, seed: int) -> None:
        random = np.random.default_rng(seed)
        self.num_groups = max(1, min(num_prompts, MOST_GROUPS))
        self.group_of: Indices = random.permutation(num_prompts) % self.num_groups
        even = np.full(self.num_groups, 1 / self.num_groups)
        drawn = random.multinomial(self.num_groups, even, size=RESAMPLES)
        self.weights: Numbers = np.vstack([np.ones(self.num_groups), drawn])

    def sums(self, groups: Indices, amounts: Numbers) -> Numbers:
        """Sum `amounts`, each of a group, in every row of `weights`."""
        return self.weights @ self.grouped(groups, np.zeros_like(groups), amounts, 1)[:, 0]

    def grouped(self, groups: Indices, columns: Indices, amounts: Numbers, width: int) -> Numbers:
        """Sum `amounts` by group and column: a table of `width` columns."""
        places = groups * width + columns
        flat = np.bincount(places, amounts, minlength=self.num_groups * width)
        return flat.astype(np.float64).reshape(self.num_groups, width)

    def share(self, groups: Indices, part: Numbers, whole: Numbers) -> Estimate | None:
        """Return the sum of `part` by the sum of `whole`, both amounts of groups."""
        shares = ratio(self.sums(groups, part), self.sums(groups, whole))
        return self.estimate(shares, len(np.unique(groups[whole > 0])))

    def estimate(self, statistics: Numbers, sources: int) -> Estimate | None:
        """Return the first as the value and the percentiles of the others; NaN is undefined.

        `sources` are the groups that have a part in it: one alone tells nothing of others.
        """
        value, others = float(statistics[0]), statistics[1:]
        defined = others[np.isfinite(others)]
        if not np.isfinite(value):
            return None
        if sources < 2 or not len(defined):
            return Estimate(value, None, None)
        low, high = np.percentile(defined, BOUNDS)
        return Estimate(value, float(low), float(high))


def ratio(numerators: Numbers, denominators: Numbers) -> Numbers:
    """Divide; NaN where the denominator is 0."""
    quotients = np.full(numerators.shape, np.nan)
    np.divide(numerators, denominators, out=quotients, where=denominators > 0)
    return quotients
