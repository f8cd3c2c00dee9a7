"""Agreement of scores with people's rankings: accuracy, log loss, calibration, length bias."""

import math
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F

from fledge.data.preferences import better_than, correct


@dataclass(frozen=True, slots=True)
class PreferencePairs:
    """Every pair of answers that a person ordered; ties are not pairs.

    `margins` is the score of the better answer minus that of the worse. `prompts` is the number of
    the prompt behind each pair. `length_differences` is better minus worse, in tokens.
    """

    margins: Float[Tensor, "N"]
    prompts: Int[Tensor, "N"]
    length_differences: Int[Tensor, "N"]

    def scaled(self, gain: float) -> "PreferencePairs":
        """Multiply every score by `gain`."""
        return replace(self, margins=gain * self.margins)


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Pairs whose predicted P(right) lies in [low, high), and the share that was right."""

    low: float
    high: float
    predicted: float
    observed: float
    pairs: int


@dataclass(frozen=True, slots=True)
class PreferenceReport:
    """A reward model on held-out rankings; `low` and `high` bound 95 % of `accuracy`."""

    accuracy: float
    low: float
    high: float
    log_loss: float
    calibration_error: float
    accuracy_if_longer: float | None
    accuracy_if_shorter: float | None
    pairs_if_longer: int
    pairs_if_shorter: int
    pairs: int
    prompts: int

    def metrics(self) -> dict[str, float]:
        """Return the numbers by name, without those that had no pairs."""
        named = {name: getattr(self, name) for name in self.__slots__}
        return {name: float(value) for name, value in named.items() if value is not None}


def preference_pairs(
    scores: Float[Tensor, "B K"], ranks: Int[Tensor, "B K"], lengths: Int[Tensor, "B K"]
) -> PreferencePairs:
    """Collect all ordered pairs of the rankings, prompt by prompt."""
    prompts, better, worse = better_than(ranks).nonzero(as_tuple=True)
    return PreferencePairs(
        margins=scores[prompts, better] - scores[prompts, worse],
        prompts=prompts,
        length_differences=lengths[prompts, better] - lengths[prompts, worse],
    )


def accuracy(pairs: PreferencePairs) -> float:
    """Return the share of pairs ordered as people did; NaN without pairs. Chance is 0.5."""
    return float(correct(pairs.margins).mean())


def accuracy_interval(
    pairs: PreferencePairs, random: torch.Generator, resamples: int = 2000
) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the accuracy, drawing prompts, not pairs.

    Pairs of one prompt share answers and are not independent (Efron and Tibshirani 1993, ch. 8).
    """
    _, prompt = torch.unique(pairs.prompts, return_inverse=True)
    num_prompts = int(prompt.max()) + 1
    zeros = torch.zeros(num_prompts)
    right = zeros.index_add(0, prompt, correct(pairs.margins).float())
    total = zeros.index_add(0, prompt, torch.ones(len(prompt)))
    drawn = torch.randint(num_prompts, (resamples, num_prompts), generator=random)
    accuracies = right[drawn].sum(dim=1) / total[drawn].sum(dim=1)
    low, high = accuracies.quantile(torch.tensor([0.025, 0.975])).tolist()
    return low, high


def log_loss(pairs: PreferencePairs) -> float:
    """Return the mean −log σ(margin) in nats; ln 2 for a model that knows nothing."""
    return float(F.softplus(-pairs.margins).mean())


def calibration(pairs: PreferencePairs, bins: int = 5) -> list[CalibrationBin]:
    """Compare predicted P(right) = σ(|margin|) with the observed share; empty bins are left out."""
    predicted = pairs.margins.abs().sigmoid()
    right = correct(pairs.margins)
    width = 0.5 / bins
    which = ((predicted - 0.5) / width).long().clamp(max=bins - 1)
    return [
        CalibrationBin(
            low=0.5 + index * width,
            high=0.5 + (index + 1) * width,
            predicted=float(predicted[which == index].mean()),
            observed=float(right[which == index].mean()),
            pairs=int((which == index).sum()),
        )
        for index in range(bins)
        if bool((which == index).any())
    ]


def calibration_error(pairs: PreferencePairs, bins: int = 5) -> float:
    """Return the mean distance of predicted and observed (ECE; Guo et al. 2017, 1706.04599)."""
    table = calibration(pairs, bins)
    return sum(abs(row.predicted - row.observed) * row.pairs for row in table) / len(pairs.margins)


def accuracy_where(pairs: PreferencePairs, chosen: Bool[Tensor, "N"]) -> float | None:
    """Return the accuracy over the chosen pairs; None if there are none."""
    return float(correct(pairs.margins[chosen]).mean()) if bool(chosen.any()) else None


def preference_report(pairs: PreferencePairs, random: torch.Generator) -> PreferenceReport:
    """Measure everything above; at least one pair is needed.

    A model that only counts tokens is near 1 where the better answer is longer and near 0 where
    it is shorter.
    """
    low, high = accuracy_interval(pairs, random)
    return PreferenceReport(
        accuracy=accuracy(pairs),
        low=low,
        high=high,
        log_loss=log_loss(pairs),
        calibration_error=calibration_error(pairs),
        accuracy_if_longer=accuracy_where(pairs, pairs.length_differences > 0),
        accuracy_if_shorter=accuracy_where(pairs, pairs.length_differences < 0),
        pairs_if_longer=int((pairs.length_differences > 0).sum()),
        pairs_if_shorter=int((pairs.length_differences < 0).sum()),
        pairs=len(pairs.margins),
        prompts=len(torch.unique(pairs.prompts)),
    )


def noise_ceiling(gold: Float[Tensor, "B K"], ranks: Int[Tensor, "B K"]) -> float:
    """Return the accuracy of the true utilities on these labels: a perfect judge's.

    Labels are noisy, so this is below 1; where two answers are equally good it counts ½.
    """
    return accuracy(preference_pairs(gold, ranks, torch.zeros_like(ranks)))


def ceiling_from_agreement(agreement: float) -> float:
    """Estimate a perfect judge's accuracy from the share of pairs on which two labellers agree.

    If each is right with probability c on its own, they agree with c² + (1 − c)². InstructGPT's
    labellers agreed on 0.726 (Ouyang et al. 2022, section 3.4): c = 0.836. `agreement` in [½, 1].
    """
    return 0.5 * (1 + math.sqrt(2 * agreement - 1))


def right_against_wrong(
    scores: Float[Tensor, "N K"], right: Float[Tensor, "N K"]
) -> tuple[float | None, int]:
    """Return the share of pairs of a right and a wrong answer that are in order, and their number.

    Equal scores count ½; the share is None without pairs.
    """
    is_right = right.bool()
    pairs = is_right[:, :, None] & ~is_right[:, None, :]  # N right wrong
    margins = (scores[:, :, None] - scores[:, None, :])[pairs]
    if not len(margins):
        return None, 0
    return float((0.5 * (torch.sign(margins) + 1)).mean()), len(margins)
