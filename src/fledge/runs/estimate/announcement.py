"""The line before a long run: how long it takes and what it needs, said once."""

import logging
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

from fledge.runs.estimate.advice import warnings
from fledge.runs.estimate.assemble import estimate_stage, steps_per_rollout, typical_batch
from fledge.runs.estimate.disk import disk_parts
from fledge.runs.estimate.step_cost import FEWEST_TOKENS, pass_over, rows_of, tokens_of
from fledge.runs.estimate.words import each, line, size
from fledge.runs.open_settings import AnyStage
from fledge.runtime import Runtime
from fledge.runtime.memory import peak_memory_bytes
from fledge.runtime.probe import seconds_of, undisturbed
from fledge.stages.ppo.stage import PPO
from fledge.train.plan import Plan
from fledge.train.progress import Progress, StepReport, in_words
from fledge.train.stage import Stage

logger = logging.getLogger(__name__)

LONG = 20.0
"""Seconds from which a run is worth a line."""
SHARE = 0.02
"""Largest share of a run that measuring it beforehand may take."""
PASSES = 8
"""Passes over the fewest rows that measuring takes, updates counted in."""
FIRST_STEPS = 3
"""Steps to measure where nothing was measured beforehand; the one before them warms up."""


@final
class Announcement(Progress):
    """Says the estimate before the first step, or after a few where measuring would cost too much.

    That is so in short runs, in PPO, whose rollouts take long, with several processes, and where
    blocks are compiled.
    """

    def __init__(self, stage: Stage[Any], settings: AnyStage, plan: Plan, runtime: Runtime) -> None:
        self.stage = stage
        self.settings = settings
        self.plan = plan
        self.runtime = runtime
        self.said = False
        self._first_step, self._begun = 0, 0.0

    def begin(self, name: str, steps_done: int, steps: int, unit: str, output: Path) -> None:
        """Say the estimate if the run is long, and measuring it is cheap."""
        self._first_step, self._begun = steps_done + 1, time.perf_counter()
        left = steps - steps_done
        budget = measuring_budget(self.stage, self.plan, self.runtime, left)
        if budget is None:
            return
        self.said = True
        estimate = estimate_stage(self.stage, self.plan, self.runtime, left, budget)
        if estimate.total_seconds >= LONG:
            logger.info("%s", line(estimate))
        for warning in warnings(estimate, self.plan, self.settings):
            logger.warning("%s", warning)

    def advance(self, report: StepReport) -> None:
        """Say what the first steps show, unless it was said before."""
        if self.said:
            return
        done = report.step - self._first_step + 1
        if isinstance(self.stage, PPO):
            # A rollout and all updates on it; the next begins with the step after.
            needed = steps_per_rollout(self.stage)
        else:
            needed = 1 + FIRST_STEPS
            if done == 1:
                self._begun = time.perf_counter()
        if done >= needed:
            self.said = True
            counted = done if isinstance(self.stage, PPO) else done - 1
            self._say((time.perf_counter() - self._begun) / counted, report)

    def _say(self, seconds: float, report: StepReport) -> None:
        left = seconds * (report.steps - report.step)
        if left < LONG:
            return
        disk = sum(disk_parts(self.stage, self.plan, report.steps).values())
        logger.info(
            "%s: about %s more, %s of memory so far, %s on disk; %d steps, %s each",
            self.stage.name,
            in_words(left),
            size(peak_memory_bytes() or 0),
            size(disk),
            report.steps,
            each(seconds),
        )

    def evaluated(self, step: int, metrics: Mapping[str, float]) -> None:
        pass

    def note(self, text: str) -> None:
        pass

    def end(self) -> None:
        pass


def measuring_budget(stage: Stage[Any], plan: Plan, runtime: Runtime, steps: int) -> float | None:
    """Return the seconds to measure a stage for; None if that is too much for its run.

    A row is tried, twice; nothing at all is in runs of too few rows.
    """
    rows = steps * plan.batch.examples
    if (
        isinstance(stage, PPO)
        or runtime.world_size > 1
        or runtime.is_compiled(stage.trained)
        or rows * SHARE < PASSES
    ):
        return None
    batch = typical_batch(stage)[0].to(runtime.device)
    row_tokens = tokens_of(batch) / batch.examples
    fewest = min(math.ceil(batch.examples / 2), max(1, math.ceil(FEWEST_TOKENS / row_tokens)))
    row = rows_of(batch, fewest)
    with undisturbed():
        pass_over(stage, row, runtime)
        seconds = seconds_of(lambda: pass_over(stage, row, runtime), budget=0.0)
        stage.trained.zero_grad(set_to_none=True)
    whole = steps * batch.examples / fewest * seconds
    if whole < LONG or SHARE * whole < PASSES * seconds:
        return None
    return float(min(2.0, SHARE * whole / 2))
