"""Paired bootstrap: compare two models on the same prompts."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True, slots=True)
class PairedComparison:
    """Scores after minus scores before, prompt by prompt.

    `low` and `high` bound 95 % of the mean difference. `p_value` is the probability, over redrawn
    prompts, that the mean does not rise; small means that `after` is better.
    """

    before: float
    after: float
    difference: float
    low: float
    high: float
    p_value: float
    win_rate: float
    prompts: int


def paired_bootstrap(
    before: Float[Tensor, "N"],
    after: Float[Tensor, "N"],
    random: torch.Generator,
    resamples: int = 10_000,
) -> PairedComparison:
    """Redraw prompts with replacement and compare the mean difference (Koehn 2004, W04-3250).

    One-sided; the smallest `p_value` is 1 / (resamples + 1). A tie is half a win.
    """
    difference = (after - before).double()
    drawn = torch.randint(len(difference), (resamples, len(difference)), generator=random)
    means = difference[drawn].mean(dim=1)
    low, high = means.quantile(torch.tensor([0.025, 0.975], dtype=means.dtype)).tolist()
    return PairedComparison(
        before=float(before.double().mean()),
        after=float(after.double().mean()),
        difference=float(difference.mean()),
        low=low,
        high=high,
        p_value=(1 + int((means <= 0).sum())) / (resamples + 1),
        win_rate=float(0.5 * (difference.sign() + 1).mean()),
        prompts=len(difference),
    )
