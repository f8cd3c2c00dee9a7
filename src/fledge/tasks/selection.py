"""Choose the tasks from which a reward model has most to learn (active learning).

A judgement tells more where the present model does not know: its scores are close (uncertainty
sampling; Lewis and Gale 1994), or several models order the answers differently (query by committee;
Seung et al. 1992).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from fledge.checkpoint.model_files import LoadedScalarModel
from fledge.data.rendering import RankingRenderer, RenderedRanking
from fledge.data.splits import keyed_hash
from fledge.errors import ConfigError, ConversationRefused
from fledge.feedback.records import Ranking, Response
from fledge.stages.reward.loss import AnswerScores, score_rankings
from fledge.tasks.records import FEWEST, MOST, AnsweredPrompt

By = Literal["uncertain", "disagreeing"]
Scores = Float[Tensor, "M K"]
"""Scores of one prompt's answers by each of M reward models."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Chosen tasks in their old order, and the mean measure of them and of all that could be.

    The measure is what they were chosen by: `uncertainty` or `disagreement`. `unread` are tasks
    that a reward model could not read.
    """

    chosen: list[AnsweredPrompt]
    mean_chosen: float
    mean_all: float
    unread: int


def require_models(by: By, models: int) -> None:
    """Check the number of reward models.

    Raises:
        ConfigError: it does not suit the measure.
    """
    if by == "uncertain" and models != 1:
        raise ConfigError(f"--by uncertain: expected one --reward-model, found {models}")
    if by == "disagreeing" and models < 2:
        raise ConfigError(
            f"--by disagreeing: expected at least two --reward-model, found {models}; models that "
            "were trained with different seeds will do"
        )


def select(
    tasks: Sequence[AnsweredPrompt],
    judges: Sequence[LoadedScalarModel],
    keep: int,
    by: By,
    seed: int,
) -> Selection:
    """Choose `keep` tasks, or all if there are fewer; a seed decides between equal ones.

    Each task has at least two answers.
    """
    require_models(by, len(judges))
    scored = list(zip(tasks, scores_of(tasks, judges), strict=True))
    measured = {
        task.id: MEASURES[by](scores) for task, scores in scored if scores.shape[1] >= FEWEST
    }
    sign = 1 if by == "uncertain" else -1
    ordered = sorted(
        measured, key=lambda one: (sign * measured[one], keyed_hash(f"selection {one}", seed))
    )
    best = set(ordered[:keep])
    return Selection(
        chosen=[task for task in tasks if task.id in best],
        mean_chosen=_mean([measured[one] for one in best]),
        mean_all=_mean(list(measured.values())),
        unread=len(tasks) - len(measured),
    )


def uncertainty(scores: Scores) -> float:
    """Return the mean |difference| of two answers' scores by the only model, which knows little
    where it is small."""
    pairs = combinations(scores[0].tolist(), 2)
    return _mean([abs(one - two) for one, two in pairs])


def disagreement(scores: Scores) -> float:
    """Return the share of pairs of models that order a pair of answers differently, in [0, 1].

    It is the mean over the pairs of answers; an order against none counts half.
    """
    signs = (scores[:, :, None] - scores[:, None, :]).sign()  # M K K
    first, second = torch.combinations(torch.arange(scores.shape[1])).unbind(dim=1)
    orders = signs[:, first, second]  # M pairs
    one, other = torch.combinations(torch.arange(len(scores))).unbind(dim=1)
    return float((orders[one] - orders[other]).abs().mean() / 2)


MEASURES: dict[By, Callable[[Scores], float]] = {
    "uncertain": uncertainty,
    "disagreeing": disagreement,
}


@torch.inference_mode()
def scores_of(tasks: Sequence[AnsweredPrompt], judges: Sequence[LoadedScalarModel]) -> list[Scores]:
    """Score the answers of each task that all judges can read whole; there may be none."""
    columns = [_scores_by(judge, tasks) for judge in judges]
    found = []
    for rows in zip(*columns, strict=True):
        common = sorted(set.intersection(*(set(row) for row in rows)))
        found.append(torch.tensor([[row[place] for place in common] for row in rows]))
    return found


def _scores_by(judge: LoadedScalarModel, tasks: Sequence[AnsweredPrompt]) -> list[dict[int, float]]:
    """Return one judge's scores of each task's answers, by their place; without those unread."""
    length = judge.model.trunk.config.context_length
    renderer = RankingRenderer(judge.tokenizer, judge.template, length, MOST)
    rendered = [_rendered(renderer, task) for task in tasks]
    read = [n for n, each in enumerate(rendered) if each.answers]
    found: list[dict[int, float]] = [{} for _ in tasks]
    if not read:
        return found
    pad = judge.tokenizer.special.pad
    scores, _ = score_rankings(AnswerScores(judge.model), [rendered[n] for n in read], pad)
    for row, n in zip(scores.tolist(), read, strict=True):
        found[n] = dict(zip(rendered[n].ranks, row, strict=False))
    return found


def _rendered(renderer: RankingRenderer, task: AnsweredPrompt) -> RenderedRanking:
    """Render a task's answers; the rank of each is its place, and has no other meaning."""
    ranking = Ranking(
        prompt=task.prompt,
        responses=tuple(Response(id=each.id, content=each.content) for each in task.answers),
        ranking=tuple((each.id,) for each in task.answers),
    )
    try:
        return renderer.render(ranking)
    except ConversationRefused:
        return RenderedRanking((), ())


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
