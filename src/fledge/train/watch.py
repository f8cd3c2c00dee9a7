"""Measure a run, write its metrics, and report to its observers."""

import time
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

import torch

from fledge.runtime import Runtime, random_state, set_random_state
from fledge.runtime.memory import make_room
from fledge.train.keeper import Keeper
from fledge.train.metrics_file import MetricsFile
from fledge.train.plan import Plan
from fledge.train.progress import Progress, SilentProgress, StepReport
from fledge.train.samples_file import SamplesFile
from fledge.train.stage import BatchT, Stage

Found = TypeVar("Found")


class Watch(Generic[BatchT]):
    """Keeps the clock of a run, writes its metrics file and reports its progress."""

    def __init__(
        self,
        plan: Plan,
        stage: Stage[BatchT],
        runtime: Runtime,
        progress: Progress,
        keeper: Keeper[BatchT],
    ) -> None:
        self.stage = stage
        self.runtime = runtime
        self.keeper = keeper
        self.optimizer = keeper.optimizer
        self.progress = progress if runtime.is_main else SilentProgress()
        done = self.optimizer.steps_done
        self.file = MetricsFile(plan.output / "metrics.jsonl", done) if runtime.is_main else None
        self.samples = SamplesFile(plan.output, done) if runtime.is_main else None
        self.progress.begin(stage.name, done, self.optimizer.steps, stage.unit, plan.output)
        self.last_time = time.perf_counter()
        self.rate = 0.0
        self.notes: set[str] = set()
        self.evaluated_step = self.sampled_step = -1

    def advance(self, metrics: Mapping[str, float], weight: int) -> None:
        """Record an optimiser step of `weight` units."""
        now = time.perf_counter()
        seconds, self.last_time = now - self.last_time, now
        keeper, step = self.keeper, self.optimizer.steps_done
        keeper.seen += weight
        keeper.seconds += seconds
        new_rate = weight / max(seconds, 1e-9)
        self.rate = 0.9 * self.rate + 0.1 * new_rate if self.rate else new_rate
        headline = {name: metrics[key] for name, key in self.stage.headline.items()}
        self.progress.advance(
            StepReport(step, self.optimizer.steps, keeper.seen, self.rate, metrics, headline)
        )
        times = {"seen": keeper.seen, "seconds": keeper.seconds, "per_second": new_rate}
        self._write({**metrics, **times})

    def evaluate(self) -> None:
        """Measure the stage on held-out data, at most once after each step.

        The measurement changes nothing in the training.
        """
        if self.evaluated_step == self.optimizer.steps_done:
            return
        self.evaluated_step = self.optimizer.steps_done
        make_room()
        metrics = aside(self.stage, self.runtime, self.stage.evaluate)
        if metrics:
            self.progress.evaluated(self.optimizer.steps_done, metrics)
            self._write(metrics)
        self.last_time = time.perf_counter()

    def sample(self) -> None:
        """Let the stage answer its sample prompts, at most once after each step.

        That changes nothing in the training.
        """
        step = self.optimizer.steps_done
        if self.sampled_step == step:
            return
        self.sampled_step = step
        make_room()
        found = aside(self.stage, self.runtime, self.stage.samples)
        if self.samples is not None and not self.samples.has(step):
            self.samples.write(step, found)
        self.last_time = time.perf_counter()

    def note_once(self, text: str | None) -> None:
        """Show a message to the user unless it was shown before; None is no message."""
        if text is not None and text not in self.notes:
            self.notes.add(text)
            self.progress.note(text)

    def close(self) -> None:
        """End the display and close the file, also after an error."""
        self.progress.end()
        if self.file is not None:
            self.file.close()
        if self.samples is not None:
            self.samples.close()

    def _write(self, values: Mapping[str, float]) -> None:
        if self.file is not None:
            self.file.write(self.optimizer.steps_done, values)


def aside(stage: Stage[BatchT], runtime: Runtime, measure: Callable[[], Found]) -> Found:
    """Run a measurement in eval mode without gradients; restore random states and modes.

    Weights are gathered meanwhile, so processes need not run the same forward passes.
    """
    training = [module for module in stage.trained.modules() if module.training]
    before = random_state()
    stage.trained.eval()
    with torch.no_grad(), runtime.autocast(), runtime.gathered(stage.trained):
        found = measure()
    for module in training:
        module.training = True
    set_random_state(before)
    return found
