"""Bradley-Terry scores of models from people's orders of their answers (Bradley and Terry 1952).

A tie counts as half a win for each. The fit is Newton's method on the likelihood, with a weak prior
(`PRIOR`), so that a model that never lost still has a finite score.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fledge.feedback.judgement_tables import Numbering, prompt_key
from fledge.feedback.records import Ranking
from fledge.feedback.resampling import Estimate, Indices, Numbers, Resampling

Marks = NDArray[np.bool_]

PRIOR = 0.1
"""Wins, and as many losses, that every model is given against one of score 0."""
_STEPS = 100
_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class ModelScore:
    """A model's score in log-odds: by `score` - `other` = d it wins with probability σ(d).

    The mean over the models of a `cluster` is 0. Models of two clusters were never compared, not
    even through others, so their scores do not compare. `bounded` is False for a model of a group
    that won, or lost, all its comparisons with the rest: data alone then know no limit.
    """

    score: Estimate
    wins: float
    comparisons: int
    cluster: int
    bounded: bool


def model_scores(records: Iterable[Ranking], seed: int = 0) -> dict[str, ModelScore]:
    """Score the models whose answers people ordered, the best first, with intervals over prompts.

    Answers without a model, and two answers of one model, compare nothing.
    """
    models, prompts = Numbering(), Numbering()
    rows = [row for record in records for row in _comparisons(record, models, prompts)]
    if not rows:
        return {}
    resampling, width = Resampling(len(prompts), seed), len(models)
    winner, loser, prompt = (np.array([row[n] for row in rows], np.int64) for n in range(3))
    amounts = np.array([row[3] for row in rows])
    table = resampling.grouped(
        resampling.group_of[prompt], winner * width + loser, amounts, width**2
    )
    won = (resampling.weights @ table).reshape(-1, width, width)
    clusters, bounded = _clusters(won[0])
    scores = centred(fit(won, PRIOR), clusters)
    names = [str(name) for name in models.known]
    report = {}
    for model in np.argsort(-scores[0]):
        estimate = resampling.estimate(scores[:, model], resampling.num_groups)
        assert estimate is not None, "the prior keeps scores finite"
        report[names[model]] = ModelScore(
            score=estimate,
            wins=float(won[0, model].sum()),
            comparisons=round(float(won[0, model].sum() + won[0, :, model].sum())),
            cluster=int(clusters[model]),
            bounded=bool(bounded[model]),
        )
    return report


def fit(won: Numbers, prior: float) -> Numbers:
    """Return the scores that make wins most likely; `won` is many tables winner × loser."""
    played = won + won.transpose(0, 2, 1)
    wins = won.sum(axis=2)
    scores = np.zeros(wins.shape)
    diagonal = np.arange(wins.shape[1])
    for _ in range(_STEPS):
        chance = _sigmoid(scores[:, :, None] - scores[:, None, :])
        own = _sigmoid(scores)
        slope = wins - (played * chance).sum(axis=2) + prior * (1 - 2 * own)
        curvature = -played * chance * (1 - chance)
        curvature[:, diagonal, diagonal] = (played * chance * (1 - chance)).sum(
            axis=2
        ) + 2 * prior * own * (1 - own)
        step = np.linalg.solve(curvature, slope[:, :, None])[:, :, 0]
        # A step beyond one unit leaves the region in which the parabola is a likeness.
        scores = scores + step / np.maximum(1, np.abs(step).max(axis=1, keepdims=True))
        if np.abs(step).max() < _TOLERANCE:
            break
    return scores


def centred(scores: Numbers, clusters: Indices) -> Numbers:
    """Give the models of each cluster the mean 0."""
    scores = scores.copy()
    for cluster in np.unique(clusters):
        of = clusters == cluster
        scores[:, of] -= scores[:, of].mean(axis=1, keepdims=True)
    return scores


def _comparisons(
    record: Ranking, models: Numbering, prompts: Numbering
) -> Iterable[tuple[int, int, int, float]]:
    """Yield rows (winner, loser, prompt, amount); a tie gives half a row each way."""
    named = [
        (models(response.model), rank)
        for response, rank in zip(record.responses, record.ranks(), strict=True)
        if response.model is not None
    ]
    prompt = prompts(prompt_key(record.prompt, record.prompt_id)) if len(named) > 1 else -1
    for place, (one, rank) in enumerate(named):
        for other, other_rank in named[place + 1 :]:
            if one == other:
                continue
            if rank <= other_rank:
                yield one, other, prompt, 0.5 if rank == other_rank else 1.0
            if rank >= other_rank:
                yield other, one, prompt, 0.5 if rank == other_rank else 1.0


def _clusters(won: Numbers) -> tuple[Indices, Marks]:
    """Number the clusters of compared models, and tell which models win and lose in turn.

    A score is bounded if it reaches every model of its cluster by wins, and they it (Ford 1957).
    """
    width = len(won)
    compared = _reachable((won + won.T) > 0)
    clusters = compared.argmax(axis=1)
    _, numbers = np.unique(clusters, return_inverse=True)
    beats = _reachable(won > 0)
    bounded = np.array(
        [bool((beats[one] & beats[:, one])[compared[one]].all()) for one in range(width)]
    )
    return numbers, bounded


def _reachable(step: Marks) -> Marks:
    """Return what can be reached from each, itself included, in any number of steps."""
    reach = step | np.eye(len(step), dtype=bool)
    for _ in range(len(step).bit_length()):
        reach = (reach.astype(np.int64) @ reach.astype(np.int64)) > 0
    return reach


def _sigmoid(number: Numbers) -> Numbers:
    return 1 / (1 + np.exp(-np.clip(number, -500, 500)))
