"""The training loop, the same for every stage: steps, processes, evaluations and checkpoints."""

import logging
import math
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import torch
from torch import Tensor

from fledge.errors import ConfigError, Interrupted, NonFiniteLoss
from fledge.runtime import Runtime
from fledge.runtime.memory import Trimming
from fledge.runtime.threads import width_of
from fledge.train.interrupts import StopRequest, listening
from fledge.train.keeper import Keeper
from fledge.train.optimizer import Optimizer
from fledge.train.pace import Pace
from fledge.train.plan import Plan
from fledge.train.progress import Progress
from fledge.train.stage import BatchT, LossTerms, Stage
from fledge.train.watch import Watch

logger = logging.getLogger(__name__)


def fit(
    stage: Stage[BatchT],
    plan: Plan,
    runtime: Runtime,
    progress: Progress,
    clock: Callable[[], float] = time.perf_counter,
) -> Path:
    """Train `stage.trained` until the schedule ends, and return the final checkpoint.

    The same call again resumes from the newest checkpoint in `plan.output`, bit for bit on a CPU
    with the same number of threads. `clock` times the steps, in seconds.

    Raises:
        Interrupted: SIGINT or SIGTERM arrived; the state was saved after the step.
        NonFiniteLoss: the loss or the gradient is not finite; the step was not applied.
        CheckpointError: the state could not be read or written.
    """
    steps = total_steps(stage, plan)
    runtime.prepare(stage.trained, stage.tokens_per_step, steps)
    optimizer = Optimizer(stage.trained, plan.optimizer, steps, stage.learning_rate_factors())
    pace = Pace(runtime.threads, width_of(stage.trained), clock)
    keeper = Keeper(stage, plan, runtime, optimizer, pace)
    keeper.resume()
    fewer_threads = pace.begin(optimizer.steps_done)
    watch = Watch(plan, stage, runtime, progress, keeper)
    batches, trimming = stage.batches(), Trimming()
    with closing(watch), listening() as request:
        watch.note_once(fewer_threads)
        if optimizer.steps_done == 0:
            watch.sample()
        while optimizer.steps_done < steps and not stage.wants_to_stop:
            with runtime.autocast():
                batch = next(batches, None)
            if batch is None:
                break
            with pace.step(batch):
                metrics, weight = train_step(stage, batch, plan, runtime, optimizer)
            stage.on_step(metrics)
            watch.advance(metrics, weight)
            trimming.after_step()
            watch.note_once(pace.look(optimizer.steps_done))
            if evaluated := due(plan.evaluation.every, optimizer.steps_done):
                watch.evaluate()
            if stage.samples_are_due(evaluated):
                watch.sample()
            if stopped := asked(request, runtime):
                watch.note_once("stopping after this step; press Ctrl-C again to stop at once")
            save_due = stopped or due(plan.checkpoint.every, optimizer.steps_done)
            if save_due and optimizer.steps_done < steps:
                keeper.save(finished=False)
                if stopped:
                    raise Interrupted(_how_to_go_on(plan, optimizer))
        watch.evaluate()
        watch.sample()
        return keeper.save(finished=True)


def train_step(
    stage: Stage[BatchT], batch: BatchT, plan: Plan, runtime: Runtime, optimizer: Optimizer
) -> tuple[dict[str, float], int]:
    """Take one optimiser step over micro-batches and processes; return mean metrics and its weight.

    The loss is summed, then divided once by the weight of the whole step. So neither micro-batches
    nor processes change the gradient.
    """
    batch = batch.to(runtime.device)
    weight = runtime.sum(batch.weight).clamp(min=1)
    sums: dict[str, Tensor] = {}
    maxima: dict[str, float] = {}
    for microbatch in batch.split(plan.batch.microbatch or batch.examples):
        with runtime.autocast():
            terms = stage.loss(microbatch)
        runtime.backward(terms.total / weight)
        add_terms(sums, terms)
        for name, value in terms.maxima.items():
            maxima[name] = max(value, maxima.get(name, value))
    metrics = mean_metrics(sums, weight, runtime)
    metrics |= stage.step_metrics()
    metrics |= dict(zip(maxima, runtime.largest(list(maxima.values())), strict=True))
    gradient_norm = runtime.clip_gradients(stage.trained, plan.optimizer.gradient_norm)
    if not (math.isfinite(metrics["loss"]) and math.isfinite(gradient_norm)):
        optimizer.zero_gradients()
        bad = gradient_norm if math.isfinite(metrics["loss"]) else metrics["loss"]
        raise NonFiniteLoss(optimizer.steps_done + 1, bad)
    metrics["gradient_norm"] = gradient_norm
    metrics["learning_rate"] = plan.optimizer.learning_rate * optimizer.step()
    return metrics, int(weight)


def add_terms(sums: dict[str, Tensor], terms: LossTerms) -> None:
    """Add a micro-batch's loss and metrics to the step's."""
    for name, value in {"loss": terms.total, **terms.metrics}.items():
        value = value.detach().float()
        sums[name] = sums[name] + value if name in sums else value


def mean_metrics(sums: Mapping[str, Tensor], weight: Tensor, runtime: Runtime) -> dict[str, float]:
    """Divide sums over all processes by the weight, in one collective operation."""
    means = runtime.sum(torch.stack(list(sums.values()))) / weight
    return dict(zip(sums, means.tolist(), strict=True))


def total_steps(stage: Stage[BatchT], plan: Plan) -> int:
    """Return `optimizer.steps`, or else the stage's natural number of steps.

    Raises:
        ConfigError: neither is known.
    """
    steps = plan.optimizer.steps or stage.natural_steps()
    if steps is None:
        raise ConfigError(f"stage {stage.name!r} has no length of its own; set optimizer.steps")
    return steps


def due(every: int | None, step: int) -> bool:
    """Tell whether something done every `every` steps, or never (None), is due after `step`."""
    return every is not None and step % every == 0


def asked(request: StopRequest, runtime: Runtime) -> bool:
    """Tell whether any process was asked to stop; all processes get the same answer."""
    return bool(runtime.sum(torch.tensor(int(request.asked), device=runtime.device)))


def _how_to_go_on(plan: Plan, optimizer: Optimizer) -> str:
    return (
        f"at step {optimizer.steps_done} of {optimizer.steps}; everything is saved in "
        f"{plan.output}. Run the same command again to resume"
    )
