"""Measure what a training step costs, on a few rows of one of its own batches."""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from fledge.data.batch import ComparisonBatch, named_tensors
from fledge.runtime import Runtime
from fledge.runtime.live_bytes import LiveBytes
from fledge.runtime.probe import seconds_of, undisturbed
from fledge.stages.ppo.batch import PPOBatch
from fledge.stages.reward.shared_prompt import num_places
from fledge.train.optimizer import Optimizer
from fledge.train.plan import Plan
from fledge.train.stage import Stage

FEWEST_TOKENS = 512
"""Tokens of the smaller measurement: fewer would not fill a piece of the fused loss, nor show how
fast long products are."""


Measurement = tuple[int, int | float]
"""Rows, and the quantity that they take."""


@dataclass(frozen=True, slots=True)
class Line:
    """A quantity that grows evenly with rows."""

    fixed: float
    per_row: float

    @classmethod
    def through(cls, first: Measurement, second: Measurement) -> "Line":
        """Lay a line through two measurements; equal rows make it proportional to the rows."""
        (rows, value), (more_rows, more) = first, second
        if rows == more_rows:
            return cls(0.0, more / max(1, more_rows))
        slope = max(0.0, (more - value) / (more_rows - rows))
        return cls(max(0.0, more - slope * more_rows), slope)

    def at(self, rows: int | float) -> float:
        """Return the quantity for this number of rows."""
        return self.fixed + self.per_row * rows


@dataclass(frozen=True, slots=True)
class StepCost:
    """Costs of the rows of one forward and backward pass, and of one update.

    `saved` are the bytes that live between the two passes, `temporary` those above them at the
    peak; weights and gradients are in neither.
    """

    row_tokens: float
    saved: Line
    temporary: Line
    seconds: Line
    forward_seconds_per_token: float
    update_seconds: float


def measure_step(
    stage: Stage[Any], batch: Any, plan: Plan, runtime: Runtime, budget: float = 2.0
) -> StepCost:
    """Run the stage's own loss on a few rows of `batch`, for about `budget` seconds.

    Weights, random numbers and gradients are afterwards what they were.
    """
    rows_at_once = min(plan.batch.microbatch or batch.examples, batch.examples)
    row_tokens = tokens_of(batch) / batch.examples
    few = min(math.ceil(rows_at_once / 2), max(1, math.ceil(FEWEST_TOKENS / row_tokens)))
    more = min(rows_at_once, 2 * few)
    with undisturbed():
        gradients = [p for p in stage.trained.parameters() if p.requires_grad]
        try:
            for parameter in gradients:
                parameter.grad = torch.zeros_like(parameter)
            memory = [count_bytes(stage, rows_of(batch, n), runtime) for n in (few, more)]
            timed = timed_rows(stage, batch, runtime, (few, more, rows_at_once), budget / 2)
            forward = forward_seconds(stage, rows_of(batch, more), runtime)
            update = update_seconds(stage.trained, plan, runtime, budget / 4)
        finally:
            for parameter in gradients:
                parameter.grad = None
    (saved, peak), (more_saved, more_peak) = memory
    return StepCost(
        row_tokens=row_tokens,
        saved=Line.through((few, saved), (more, more_saved)),
        temporary=Line.through((few, peak - saved), (more, more_peak - more_saved)),
        seconds=timed,
        forward_seconds_per_token=forward / (more * row_tokens),
        update_seconds=update,
    )


def rows_of(batch: Any, rows: int) -> Any:
    """Take the first rows of a batch."""
    return next(batch.split(rows))


def tokens_of(batch: Any) -> int:
    """Count the places of a batch's rows, padding included: the ids of every sequence in it.

    Answers that share their prompt are counted as the model reads them.
    """
    if isinstance(batch, ComparisonBatch):
        return max(1, num_places(batch))
    # PPO's batch holds rows of two kinds; those of the experience are always there.
    tensors = named_tensors(batch.experience if isinstance(batch, PPOBatch) else batch)
    names = ("inputs", "source", "ids")
    return max(1, sum(tensors[name].numel() for name in names if name in tensors))


def count_bytes(stage: Stage[Any], batch: Any, runtime: Runtime) -> tuple[int, int]:
    """Return the bytes that live after the forward pass, and at the peak of both passes."""
    with LiveBytes() as count:
        with runtime.autocast():
            total = stage.loss(batch).total
        saved = count.live
        runtime.backward(total)
        del total
    return saved, count.peak


def timed_rows(
    stage: Stage[Any], batch: Any, runtime: Runtime, sizes: tuple[int, int, int], budget: float
) -> Line:
    """Time both passes over some rows, and over as many of a whole pass as the budget allows."""
    few, more, whole = sizes

    def seconds(rows: int, share: float, most: int) -> float:
        part = rows_of(batch, rows)
        return seconds_of(
            lambda: pass_over(stage, part, runtime), device=runtime.device, budget=share, most=most
        )

    small = seconds(few, budget / 4, 5)
    affordable = min(whole, max(more, int(few * budget / 4 / max(small, 1e-9))))
    if affordable <= few:
        return Line.through((few, small), (few, small))
    return Line.through((few, small), (affordable, seconds(affordable, budget / 2, 5)))


def pass_over(stage: Stage[Any], batch: Any, runtime: Runtime) -> None:
    """Take one forward and one backward pass, as the loop does."""
    with runtime.autocast():
        terms = stage.loss(batch)
    runtime.backward(terms.total)
    float(terms.total.detach())


@torch.no_grad()
def forward_seconds(stage: Stage[Any], batch: Any, runtime: Runtime) -> float:
    """Time the loss without gradients, as a measurement on held-out data computes it."""

    def forward() -> None:
        with runtime.autocast():
            float(stage.loss(batch).total)

    return seconds_of(forward, device=runtime.device, budget=0.2, most=3)


def update_seconds(module: nn.Module, plan: Plan, runtime: Runtime, budget: float) -> float:
    """Time clipping and an update at rate 0, by an optimiser of its own; no weight changes."""
    still = plan.optimizer.model_copy(update={"schedule": "constant", "warmup_steps": 0})
    optimizer = Optimizer(module, still, 1)
    trained = [p for p in module.parameters() if p.requires_grad]

    def update() -> None:
        for part in optimizer.parts:
            for group in part.param_groups:
                group["peak_rate"] = 0.0
        runtime.clip_gradients(module, plan.optimizer.gradient_norm)
        optimizer.step()
        for parameter in trained:
            parameter.grad = torch.zeros_like(parameter)

    update()  # makes the moments
    return seconds_of(update, device=runtime.device, budget=budget, most=5)
