"""Report of a reward model on held-out rankings: accuracy by parts, calibration, rewards for
nothing."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from fledge.config import Config
from fledge.data.preferences import better_than
from fledge.evaluate.preferences import (
    PreferencePairs,
    accuracy,
    accuracy_interval,
    calibration,
    preference_pairs,
    preference_report,
)
from fledge.feedback.records import Ranking
from fledge.rounds.pays import Pay, pays, usual_difference
from fledge.rounds.records import Given
from fledge.rounds.scoring import Ranked, Scorer, score_ranked
from fledge.runtime import random


class Part(Config):
    """Accuracy on a part of the held-out pairs, with its 95 % interval."""

    accuracy: float
    low: float
    high: float
    pairs: int


class Predicted(Config):
    """Pairs that the model called right with a probability in a range, and the share that was."""

    low: float
    high: float
    predicted: float
    observed: float
    pairs: int


class RewardReport(Config):
    """A reward model or a judge on held-out rankings."""

    whole: Part
    prompts: int
    log_loss: float
    """Nats per pair; ln 2 = 0.69 for a model that knows nothing."""
    calibration_error: float
    calibration: list[Predicted]
    by_labeller: dict[str, Part]
    by_topic: dict[str, Part]
    by_length: dict[str, Part]
    """Pairs by whether the better answer is longer or shorter."""
    by_position: dict[str, Part]
    """Pairs by whether the better answer was listed first or later."""
    disagreement: float | None
    """Share of pairs that the models of the ensemble order differently; None for one model."""
    usual_difference: float
    """Mean difference of the scores of two answers to one question."""
    pays: list[Pay]


def reward_report(
    scorers: Sequence[Scorer],
    held_out: Sequence[Given],
    seed: int,
    most_altered: int,
    constants: Sequence[str] = (),
) -> RewardReport:
    """Measure the first of `scorers`, and how far the others agree with it."""
    given = [each for each in held_out if each.ranking is not None]
    rankings = [each.ranking for each in given if each.ranking is not None]
    ranked = score_ranked(scorers[0], rankings)
    by_ranking = preference_pairs(ranked.scores, ranked.ranks, ranked.lengths)
    rows = by_ranking.prompts
    pairs = replace(by_ranking, prompts=_questions(rankings)[rows])
    whole = preference_report(pairs, random(seed, "bootstrap"))
    part = _parts(pairs, seed)
    longer = pairs.length_differences
    first = better_first(ranked)
    return RewardReport(
        whole=Part(accuracy=whole.accuracy, low=whole.low, high=whole.high, pairs=whole.pairs),
        prompts=whole.prompts,
        log_loss=whole.log_loss,
        calibration_error=whole.calibration_error,
        calibration=[
            Predicted(
                low=row.low,
                high=row.high,
                predicted=row.predicted,
                observed=row.observed,
                pairs=row.pairs,
            )
            for row in calibration(pairs)
        ],
        by_labeller=part(_groups([each.person for each in given], rows)),
        by_topic=part(_groups([each.topic for each in given], rows)),
        by_length=part({"longer": longer > 0, "shorter": longer < 0}),
        by_position=part({"first": first, "later": ~first}),
        disagreement=_disagreement(scorers, rankings, pairs),
        usual_difference=usual_difference(ranked),
        pays=pays(scorers[0], ranked, most_altered, constants),
    )


def better_first(ranked: Ranked) -> Bool[Tensor, " N"]:
    """Tell for each pair, in the order of `preference_pairs`, whether its better answer came
    first."""
    _, better, worse = better_than(ranked.ranks).nonzero(as_tuple=True)
    return better < worse


def _parts(
    pairs: PreferencePairs, seed: int
) -> Callable[[dict[str, Bool[Tensor, " N"]]], dict[str, Part]]:
    """Return a function that measures named parts of the pairs; empty ones are left out."""

    def measure(parts: dict[str, Bool[Tensor, " N"]]) -> dict[str, Part]:
        return {
            name: _part(_chosen(pairs, chosen), seed)
            for name, chosen in parts.items()
            if bool(chosen.any())
        }

    return measure


def _part(pairs: PreferencePairs, seed: int) -> Part:
    low, high = accuracy_interval(pairs, random(seed, "bootstrap"))
    return Part(accuracy=accuracy(pairs), low=low, high=high, pairs=len(pairs.margins))


def _chosen(pairs: PreferencePairs, chosen: Bool[Tensor, " N"]) -> PreferencePairs:
    return PreferencePairs(
        margins=pairs.margins[chosen],
        prompts=pairs.prompts[chosen],
        length_differences=pairs.length_differences[chosen],
    )


def _questions(rankings: Sequence[Ranking]) -> Int[Tensor, " B"]:
    """Number the prompts: rankings of one prompt by several people are not independent."""
    numbers: dict[object, int] = {}
    return torch.tensor([numbers.setdefault(each.prompt, len(numbers)) for each in rankings])


def _groups(names: Sequence[str | None], rows: Int[Tensor, " N"]) -> dict[str, Bool[Tensor, " N"]]:
    """Group the pairs by the name of their ranking; rankings without one are in no group."""
    known = sorted({name for name in names if name is not None})
    return {name: torch.tensor([each == name for each in names])[rows] for name in known}


def _disagreement(
    scorers: Sequence[Scorer], rankings: Sequence[Ranking], pairs: PreferencePairs
) -> float | None:
    if len(scorers) < 2:
        return None
    orders = [pairs.margins > 0]
    for scorer in scorers[1:]:
        other = score_ranked(scorer, rankings)
        orders.append(preference_pairs(other.scores, other.ranks, other.lengths).margins > 0)
    same = torch.stack(orders)
    return float((same != same[0]).any(dim=0).float().mean())
