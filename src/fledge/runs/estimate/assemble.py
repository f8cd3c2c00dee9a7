"""Put the measured costs of a built stage together to the estimate of its run."""

import gc
import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from fledge.runs.estimate.disk import disk_parts, model_bytes, num_saves, state_bytes
from fledge.runs.estimate.evaluations import (
    EvaluationCost,
    evaluation_cost,
    num_evaluations,
    save_tokens,
    translation_seconds,
)
from fledge.runs.estimate.report import Bytes, Estimate
from fledge.runs.estimate.rollout_cost import RolloutCost, measure_rollout
from fledge.runs.estimate.step_cost import Line, StepCost, measure_step, tokens_of
from fledge.runs.estimate.tensors import TensorBytes, storage_bytes, tensor_bytes
from fledge.runtime import Runtime
from fledge.runtime.memory import resident_bytes, return_freed_memory
from fledge.runtime.probe import seconds_of, undisturbed
from fledge.stages.ppo.reward_functions import ModelScore
from fledge.stages.ppo.stage import PPO
from fledge.stages.pretrain import Pretrain
from fledge.stages.translate.stage import Translate
from fledge.train.optimizer import Optimizer, OptimizerConfig
from fledge.train.plan import Plan
from fledge.train.stage import Stage

FIRST_USE_BYTES = 128 * 2**20
"""Code and buffers that torch loads with the first products of a run's own shapes, measured on a
CPU: 70 to 190 MiB."""
GAPS = 0.3
"""Room that the allocator loses between tensors, as a share of what a step makes: 0.1 to 0.6 with
glibc, where every step makes the same tensors."""
GAPS_OF_VARYING = 0.9
"""The same where lengths or numbers of targets differ from step to step, as all but those of
pretraining do: 0.6 to 2 in toy runs."""
DISK_BYTES_PER_SECOND = 300e6
"""Speed of writing a checkpoint, hashing included, of a middling disk."""
SAMPLED_BATCHES = 8
"""Batches that are looked at where lengths vary; the middle one is measured."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Rows and repetitions of one optimiser step in this process."""

    examples: int
    rows_at_once: int

    @property
    def passes(self) -> int:
        """Forward and backward passes of a step."""
        return math.ceil(self.examples / self.rows_at_once)


def estimate_stage(
    stage: Stage[Any], plan: Plan, runtime: Runtime, steps: int, budget: float = 2.0
) -> Estimate:
    """Measure a prepared stage on a few of its own rows, and estimate `steps` steps of it.

    The stage goes on afterwards as if nothing had happened. Evaluations of a translator, and PPO as
    a whole, take a rehearsal: see `estimate_rehearsed`.
    """
    batch, largest = typical_batch(stage)
    batch = batch.to(runtime.device)
    resident = standing_memory()
    cost = measure_step(stage, batch, plan, runtime, budget)
    evaluation = evaluation_cost(stage, batch, cost, runtime)
    measured = Measured(scaled(cost, largest), batch.examples, evaluation, None)
    return put_together(stage, plan, steps, resident, measured)


def estimate_rehearsed(
    stage: Stage[Any], plan: Plan, runtime: Runtime, steps: int, budget: float = 2.0
) -> Estimate:
    """Estimate a stage that is thrown away: PPO takes rollouts, a translator translates."""
    if isinstance(stage, PPO):
        resident = standing_memory()
        rollout = measure_rollout(stage, runtime)
        cost = measure_step(stage, rollout.batch, plan, runtime, budget)
        evaluation = rollout_evaluation(stage, rollout)
        measured = Measured(cost, plan.batch.examples, evaluation, rollout)
        found = put_together(stage, plan, steps, resident, measured)
        return replace(found, seconds={**found.seconds, "monitor": monitor_seconds(stage, steps)})
    found = estimate_stage(stage, plan, runtime, steps, budget)
    if not isinstance(stage, Translate):
        return found
    seconds = num_evaluations(plan, steps) * translation_seconds(stage, runtime)
    return replace(found, seconds={**found.seconds, "evaluations": seconds})


@dataclass(frozen=True, slots=True)
class Resident:
    """Memory of the process before the first step: now, and before unused blocks went back."""

    bytes: int
    loading: int


def standing_memory() -> Resident:
    """Measure the process, with its models and its data, without what loading left behind."""
    first_use()
    loading = resident_bytes()
    gc.collect()
    return_freed_memory()
    return Resident(resident_bytes(), loading)


def first_use() -> None:
    """Take a tiny step, since the first one loads parts of torch that stay."""
    with undisturbed():
        layer = nn.Linear(8, 8)
    layer(torch.zeros(8, 8)).sum().backward()
    Optimizer(layer, OptimizerConfig(), 1).step()


@dataclass(frozen=True, slots=True)
class Measured:
    """Costs of a stage: of its largest rows, with the rows of a step, and of what else it does."""

    cost: StepCost
    examples: int
    evaluation: EvaluationCost
    rollout: RolloutCost | None


def put_together(
    stage: Stage[Any], plan: Plan, steps: int, resident: Resident, measured: Measured
) -> Estimate:
    """Add up what was measured over a run of `steps` more steps."""
    cost, examples, evaluation = measured.cost, measured.examples, measured.evaluation
    sizes = Sizes(examples, min(plan.batch.microbatch or examples, examples))
    rollout = measured.rollout
    tensors = tensor_bytes(stage.trained, plan.optimizer)
    per_step = step_seconds(stage, cost, sizes, rollout)
    memory = memory_phases(stage, resident.bytes, tensors, cost, sizes)
    memory |= other_phases(
        memory, rollout, evaluation, sizes, varies=not isinstance(stage, Pretrain)
    )
    if rollout is not None:
        # Freed before the updates, but too scattered for the allocator to use it for them.
        passes = memory["forward and backward"]
        memory["forward and backward"] = {**passes, "room of the cache": rollout.cache}
    memory["loading"] = {"process, data and weights": resident.loading}
    saved = model_bytes(stage, plan) + state_bytes(stage, plan)
    reading = save_tokens(stage) * cost.forward_seconds_per_token
    return Estimate(
        name=plan.output.name,
        stage=stage.name,
        parameters=tensors.parameters,
        trained=tensors.trained,
        steps=steps,
        tokens_per_step=round(cost.row_tokens * examples),
        seconds_per_step=per_step,
        memory=memory,
        seconds={
            "steps": steps * per_step,
            "evaluations": num_evaluations(plan, steps) * evaluation.seconds,
            "checkpoints": num_saves(plan, steps) * (saved / DISK_BYTES_PER_SECOND + reading),
        },
        disk=disk_parts(stage, plan, steps),
    )


def typical_batch(stage: Stage[Any]) -> tuple[Any, float]:
    """Return the middle batch of the next few by size, and how much larger the largest one is.

    The stage's place in its data is afterwards what it was.
    """
    state = stage.state_dict()
    batches = stage.batches()
    found = sorted(itertools.islice(batches, SAMPLED_BATCHES), key=tokens_of)
    stage.load_state_dict(state)
    middle = found[len(found) // 2]
    return middle, tokens_of(found[-1]) / tokens_of(middle)


def scaled(cost: StepCost, factor: float) -> StepCost:
    """Return the cost of rows that are longer by a factor."""
    saved, temporary = (
        Line(line.fixed, line.per_row * factor) for line in (cost.saved, cost.temporary)
    )
    return replace(cost, saved=saved, temporary=temporary)


def step_seconds(
    stage: Stage[Any], cost: StepCost, sizes: Sizes, rollout: RolloutCost | None
) -> float:
    """Add up an optimiser step: all passes, the update, and its share of a rollout."""
    whole, rest = divmod(sizes.examples, sizes.rows_at_once)
    seconds = whole * cost.seconds.at(sizes.rows_at_once) + cost.update_seconds
    if rest:
        seconds += cost.seconds.at(rest)
    if rollout is None or not isinstance(stage, PPO):
        return seconds
    answers = stage.config.rollout.examples / stage.world.world_size
    return seconds + rollout.seconds.at(answers) / steps_per_rollout(stage)


def steps_per_rollout(stage: PPO) -> int:
    """Count the optimiser steps on one rollout."""
    per_epoch = math.ceil(stage.config.rollout.examples / stage.world.minibatch)
    return stage.config.epochs * per_epoch


def monitor_seconds(stage: PPO, steps: int) -> float:
    """Time one measurement of the monitor, if there is one, and count those of the run."""
    monitor, measure = stage.config.score.monitor, stage.world.watched
    if monitor is None or measure is None:
        return 0.0
    times = 1 + steps // steps_per_rollout(stage) // monitor.every
    return times * seconds_of(measure, budget=0.0)


def memory_phases(
    stage: Stage[Any], resident: int, tensors: TensorBytes, cost: StepCost, sizes: Sizes
) -> dict[str, Bytes]:
    """Return the parts of memory in a step's passes and in its update."""
    weights = storage_bytes(modules_of(stage))
    standing = {
        "process and data": max(0, resident - weights) + FIRST_USE_BYTES,
        "weights": weights,
        "moments": tensors.moments,
    }
    saved = round(cost.saved.at(sizes.rows_at_once))
    temporary = round(cost.temporary.at(sizes.rows_at_once))
    # Gradients stand while a second pass adds to them; a single pass frees what it saved.
    gradients = tensors.gradients if sizes.passes > 1 else 0
    made = tensors.moments + gradients + saved + temporary
    share = GAPS if isinstance(stage, Pretrain) else GAPS_OF_VARYING
    passes = {**standing, "gradients": gradients, "activations": saved, "temporaries": temporary}
    update = {**standing, "gradients": tensors.gradients}
    return {
        "forward and backward": {**passes, "allocator's gaps": round(share * made)},
        "update": {**update, "allocator's gaps": round(share * tensors.moments)},
    }


def other_phases(
    step: Mapping[str, Bytes],
    rollout: RolloutCost | None,
    evaluation: EvaluationCost,
    sizes: Sizes,
    varies: bool,
) -> dict[str, Bytes]:
    """Return the parts of memory in a rollout and in an evaluation, without gradients.

    Where sizes differ from step to step, the gaps of a step stay, but in large processes.
    """
    passes = step["forward and backward"]
    standing = {name: passes[name] for name in ("process and data", "weights", "moments")}
    gaps = passes["allocator's gaps"] if varies else 0

    def phase(name: str, size: int) -> Bytes:
        return {**standing, name: size, "allocator's gaps": gaps}

    phases: dict[str, Bytes] = {}
    if evaluation.bytes:
        phases["evaluation"] = phase("logits and activations", evaluation.bytes)
    if rollout is not None:
        judging = round(rollout.judging.at(sizes.rows_at_once))
        phases["sampling a rollout"] = phase("cache", rollout.cache)
        phases["judging a rollout"] = phase("logits and activations", judging)
    return phases


def modules_of(stage: Stage[Any]) -> list[nn.Module]:
    """Return every model that a stage holds."""
    if not isinstance(stage, PPO):
        return [stage.trained]
    score = stage.world.score
    rewards = [score.model] if isinstance(score, ModelScore) else []
    return [stage.trained, stage.judge.reference, *rewards]


def rollout_evaluation(stage: Stage[Any], rollout: RolloutCost) -> EvaluationCost:
    """Estimate an evaluation of PPO: it answers the held-out prompts, and judges them twice."""
    assert isinstance(stage, PPO)
    held_out = stage.world.held_out
    answers = 0 if held_out is None else len(held_out.prompts)
    return EvaluationCost(rollout.seconds.at(answers) if answers else 0.0, 0)
