"""Measure a rollout of PPO: a few answers are sampled and judged, with the models of the run."""

from dataclasses import dataclass

import torch

from fledge.data.batch import PromptBatch
from fledge.model.counting import cache_bytes
from fledge.runs.estimate.step_cost import Line
from fledge.runtime import Runtime
from fledge.runtime.live_bytes import LiveBytes
from fledge.runtime.probe import seconds_of
from fledge.stages.ppo.answering import longest_text, rows_at_once
from fledge.stages.ppo.batch import PPOBatch
from fledge.stages.ppo.minibatches import minibatches
from fledge.stages.ppo.stage import PPO

FEW, MORE = 4, 16
"""Answers of the two rollouts that are timed."""


@dataclass(frozen=True, slots=True)
class RolloutCost:
    """Costs of the answers of one rollout, by their number, and a batch of what it taught.

    `judging` are the bytes of the networks that judge rows at the same time, `cache` those of the
    keys and values of the answers that are sampled at the same time.
    """

    seconds: Line
    judging: Line
    cache: int
    batch: PPOBatch


def measure_rollout(stage: PPO, runtime: Runtime) -> RolloutCost:
    """Take two small rollouts; the stage's state is that of a run that has begun afterwards.

    So this is for a stage that is thrown away.
    """
    prompts = stage.world.prompts(0).prompts
    few, more = min(FEW, len(prompts)), min(MORE, len(prompts))

    def collect(rows: int) -> None:
        with runtime.autocast():
            stage.collect(PromptBatch(prompts[:rows]))

    collect(few)  # warms up
    small = seconds_of(lambda: collect(few), device=runtime.device, budget=0.5, most=3)
    large = seconds_of(lambda: collect(more), device=runtime.device, budget=1.0, most=3)
    experience = stage.state.experience
    assert experience is not None
    judging = [judging_bytes(stage, rows, runtime) for rows in (few, more)]
    batch = next(minibatches(experience, stage.state, stage.world, stage.config.epochs))
    return RolloutCost(
        seconds=Line.through((few, small), (more, large)),
        judging=Line.through((few, judging[0]), (more, judging[1])),
        cache=sampling_bytes(stage, prompts),
        batch=batch,
    )


@torch.no_grad()
def judging_bytes(stage: PPO, rows: int, runtime: Runtime) -> int:
    """Return the bytes of the tensors that judging `rows` answers at once takes."""
    experience = stage.state.experience
    assert experience is not None
    part = next(experience.rollout.split(rows))
    count = LiveBytes()
    with count, runtime.autocast():
        stage.judge(part)
    return count.peak


def sampling_bytes(stage: PPO, prompts: tuple[tuple[int, ...], ...]) -> int:
    """Return the bytes of the cache while a whole rollout is sampled on a CPU."""
    config = stage.trained.policy.config
    length = longest_text(config, prompts, stage.config.rollout.max_new_tokens)
    return cache_bytes(config, min(rows_at_once(config, length), len(prompts)), length)
