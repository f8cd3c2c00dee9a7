"""Time PPO on a GPU: samples per second of whole iterations and of their phases."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

from _gpu_setting import Finding, Setting, Speed, halving_rows
from _steps import Iterations, Parts, Shape
from _work import ppo_iteration, ppo_judging, ppo_learning
from torch import Tensor

from fledge.data.batch import PromptBatch
from fledge.model.config import GPTConfig
from fledge.stages.ppo.reward_functions import Score
from fledge.stages.ppo.rollout import Rollout
from fledge.stages.ppo.world import Respond

ITERATIONS = 2
"""Iterations that are timed, after one that warms up."""
PHASES = ("answers", "judging by four models", "updates")


@dataclass(slots=True)
class Laps:
    """Times at which the device was done with a phase; one list an iteration."""

    setting: Setting
    each: list[list[float]] = field(default_factory=list)

    def begin(self) -> None:
        self.each.append([])
        self.end()

    def end(self) -> None:
        self.setting.wait()
        self.each[-1].append(time.perf_counter())

    def seconds(self) -> list[float]:
        """Return the median seconds of each phase, without the first iteration."""
        timed = [[later - earlier for earlier, later in pairwise(one)] for one in self.each[1:]]
        return [statistics.median(phase) for phase in zip(*timed, strict=True)]


def ppo(compiles: bool) -> Callable[[Setting], list[Finding]]:
    """Return the part that times iterations and their phases, with fewer prompts if it must."""

    def measure(setting: Setting) -> list[Finding]:
        count = setting.sizes.answers
        return halving_rows(count, lambda prompts: iterate(setting, prompts, compiles), setting)

    return measure


def iterate(setting: Setting, prompts: int, compiles: bool) -> list[Finding]:
    tokens, config = setting.sizes.tokens, setting.sizes.models["125M"]
    shape = Shape(prompts, tokens, tokens, minibatches=min(4, prompts))
    runtime, laps = setting.fast_runtime(compiles), Laps(setting)
    parts = Parts(
        respond=lambda usual: answers_timed(usual, laps),
        score=lambda usual: scores_timed(usual, laps),
    )
    iterations = Iterations.of(config, runtime, shape, parts)
    metrics: dict[str, float] = {}
    for _ in range(1 + ITERATIONS):
        laps.begin()
        metrics = iterations.iterate()
        laps.end()
    word = "compiled" if runtime.is_compiled(iterations.stage.trained) else "uncompiled"
    kind = str(runtime.dtype).removeprefix("torch.")
    return speeds(f"PPO 125M, {word}", config, shape, kind, laps, metrics["val/ratio_first"])


def answers_timed(usual: Respond, laps: Laps) -> Respond:
    """End a lap after the answers."""

    def respond(prompts: PromptBatch, seed: int) -> Rollout:
        rollout = usual(prompts, seed)
        laps.end()
        return rollout

    return respond


def scores_timed(usual: Score, laps: Laps) -> Score:
    """End a lap after the reward model, which is the last to read the answers."""

    def score(rollout: Rollout) -> Tensor:
        scores = usual(rollout)
        laps.end()
        return scores

    return score


def speeds(
    what: str, config: GPTConfig, shape: Shape, kind: str, laps: Laps, first_ratio: float
) -> list[Finding]:
    """Return the whole iteration, then its phases; writing answers waits for memory instead."""
    seconds = laps.seconds()
    sizes = (config, shape.prompts, shape.prompt, shape.answer)
    amounts = (None, ppo_judging(*sizes), ppo_learning(*sizes, shape.epochs))
    whole = Speed(
        what=what,
        seconds=sum(seconds),
        units=shape.prompts,
        unit="samples",
        amount=ppo_iteration(*sizes, shape.epochs),
        kind=kind,
        memory_bytes=laps.setting.peak_memory(),
        note=(
            f"{shape.prompts} prompts and answers of {shape.answer} tokens, {shape.epochs} epochs "
            f"of {shape.minibatches} minibatches, first ratio within {first_ratio:.1g} of 1"
        ),
    )
    phases = zip(PHASES, seconds, amounts, strict=True)
    return [
        whole,
        *(
            Speed(f"{what}: {name}", each, shape.prompts, "samples", amount, kind)
            for name, each, amount in phases
        ),
    ]
