"""Costs of measuring a stage on its held-out data."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from fledge.data.packing import pack
from fledge.data.rendering import RenderedRanking, collate_rankings
from fledge.runs.estimate.step_cost import Line, StepCost, rows_of
from fledge.runtime import Runtime
from fledge.runtime.live_bytes import LiveBytes
from fledge.runtime.probe import seconds_of, undisturbed
from fledge.stages.next_token import EVALUATION_TOKENS
from fledge.stages.pretrain import Pretrain
from fledge.stages.reward.data import as_rankings, first_of
from fledge.stages.reward.loss import TOKENS_PER_FORWARD
from fledge.stages.reward.shared_prompt import num_places
from fledge.stages.reward.stage import RewardModelling
from fledge.stages.sft import SFT
from fledge.stages.translate.stage import Translate, spread
from fledge.train.plan import Plan
from fledge.train.stage import Stage
from fledge.train.watch import aside

SENTENCES = 16
"""Held-out sentences that a translator is timed on."""


@dataclass(frozen=True, slots=True)
class EvaluationCost:
    """Seconds of one evaluation, and the bytes of its forward pass."""

    seconds: float
    bytes: int


def num_evaluations(plan: Plan, steps: int) -> int:
    """Count the evaluations of a run: the scheduled ones, and one at its end."""
    return 1 if plan.evaluation.every is None else math.ceil(steps / plan.evaluation.every)


def evaluation_cost(
    stage: Stage[Any], batch: Any, cost: StepCost, runtime: Runtime
) -> EvaluationCost:
    """Estimate one evaluation from the cost of a token's forward pass.

    PPO and a translator write answers at an evaluation, which is estimated elsewhere.
    """
    tokens = held_out_tokens(stage)
    seconds = tokens * cost.forward_seconds_per_token
    if not tokens:
        return EvaluationCost(seconds, 0)
    if isinstance(stage, Pretrain | SFT):
        at_once = min(tokens, EVALUATION_TOKENS) // batch.inputs.shape[1]
    else:
        # Those of demonstrations, which share no prompt, fill a forward pass.
        at_once = min(tokens, TOKENS_PER_FORWARD) * batch.examples // num_places(batch)
    more = min(2, batch.examples)
    # Two measurements: the weights in the format of the products are there once for all rows.
    counted = [evaluation_bytes(stage, rows_of(batch, rows), runtime) for rows in (1, more)]
    line = Line.through((1, counted[0]), (more, counted[1]))
    return EvaluationCost(seconds, round(line.at(max(1, at_once))))


@torch.no_grad()
def evaluation_bytes(stage: Stage[Any], rows: Any, runtime: Runtime) -> int:
    """Return the bytes of the tensors of one forward pass of an evaluation."""
    count = LiveBytes()
    with undisturbed(), count, runtime.autocast():
        if isinstance(stage, Pretrain | SFT):
            stage.next_token.log_probs(rows)
        else:
            stage.loss(rows)
    return count.peak


def held_out_tokens(stage: Stage[Any]) -> int:
    """Count the tokens that an evaluation reads, padding included."""
    if isinstance(stage, Pretrain):
        return len(stage.corpus.validation)
    if isinstance(stage, SFT):
        chats = stage.demonstrations.held_out
        return pack(chats, stage.length).inputs.numel() if chats else 0
    if isinstance(stage, RewardModelling):
        held_out = tokens_of_rankings(stage.comparisons.held_out)
        return held_out + deviation_tokens(stage) if held_out else 0
    return 0


def save_tokens(stage: Stage[Any]) -> int:
    """Count the tokens that a save reads: those that a reward model's scores are normalised by."""
    if not isinstance(stage, RewardModelling):
        return 0
    zero = sum(len(one.answers[0]) for one in first_of(as_rankings(stage.comparisons.zero)))
    return zero + deviation_tokens(stage)


def deviation_tokens(stage: RewardModelling) -> int:
    """Count the tokens of the rankings whose scores get deviation 1, if that is set."""
    if not stage.config.unit_variance:
        return 0
    return tokens_of_rankings(first_of(stage.comparisons.train))


def tokens_of_rankings(rankings: Sequence[RenderedRanking]) -> int:
    """Count the tokens that are read of rankings; answers may share their prompt."""
    return sum(num_places(collate_rankings([one], pad=0)) for one in rankings)


def translation_seconds(stage: Translate, runtime: Runtime) -> float:
    """Time a few translations, and scale to all held-out sentences; only for a rehearsal.

    The stage's held-out sentences are fewer afterwards.
    """
    sentences = len(stage.held_out)
    if not sentences:
        return 0.0
    stage.held_out = spread(stage.held_out, SENTENCES)
    stage.held_out_ids = stage.held_out_ids[:SENTENCES]
    with undisturbed():
        seconds = seconds_of(lambda: aside(stage, runtime, stage.evaluate), budget=0.0)
    return seconds * sentences / len(stage.held_out)
