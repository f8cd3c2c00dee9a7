"""The surroundings of PPO: sampling, scoring, prompts and saving."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from fledge.data.batch import PromptBatch, TokenBatch
from fledge.model.gpt import GPT
from fledge.model.scalar import ScalarModel
from fledge.runtime.random import random
from fledge.stages.ppo.reward_functions import Score
from fledge.stages.ppo.rollout import Rollout
from fledge.stages.ppo.samples import Sampled
from fledge.train.stage import Sources

Respond = Callable[[PromptBatch, int], Rollout]
"""Samples the policy's answers at the rollout's temperature, without banned ids, on its device.

One seed gives one text."""


def alone(tensor: Tensor) -> Tensor:
    """Sum or join over a single process: return the tensor."""
    return tensor


Watched = Callable[[], Float[Tensor, "N"]]
"""Judges the policy's answers to held-out prompts, one score each; the same policy gives the same
scores."""

SaveModels = Callable[[GPT, ScalarModel, Path], None]


@dataclass(frozen=True, slots=True)
class World:
    """Collaborators of PPO, which it calls without knowing how they work.

    `prompts(n)` are this process's prompts of rollout n, and `pretraining(n)` its rows to mix into
    optimiser step n. Both give the same for the same n, so they need no saving. `minibatch` counts
    answers of all processes, `rows_per_forward` limits the memory of scoring, and
    `natural_rollouts` is one pass over the prompts. `all_sum` sums a tensor over all processes, and
    `rows_of_all` joins their rows: row i of process r becomes row i · `world_size` + r. `watched`
    lets the policy answer the monitor's prompts, on every process alike, and judges the answers.
    """

    respond: Respond
    score: Score
    prompts: Callable[[int], PromptBatch]
    stop_ids: tuple[int, ...]
    minibatch: int
    save: SaveModels
    seed: int = 0
    rows_per_forward: int = 32
    gold: Score | None = None
    held_out: PromptBatch | None = None
    watched: Watched | None = None
    sampled: Sampled | None = None
    pretraining: Callable[[int], TokenBatch] | None = None
    rank: int = 0
    world_size: int = 1
    all_sum: Callable[[Tensor], Tensor] = alone
    rows_of_all: Callable[[Tensor], Tensor] = alone
    natural_rollouts: int | None = None
    sources: Sources = field(default_factory=Sources)

    def answer(self, prompts: PromptBatch, *purpose: str | int) -> Rollout:
        """Let the policy respond with random numbers of its own for each `purpose`."""
        seed = torch.randint(2**31, (), generator=random(self.seed, *purpose))
        return self.respond(prompts, int(seed))

    def natural_steps(self, answers: int, epochs: int) -> int | None:
        """Count the optimiser steps of one pass over the prompts; None if its length is unknown.

        A rollout has `answers`, over all processes.
        """
        if self.natural_rollouts is None:
            return None
        per_epoch = -(-answers // self.minibatch)
        return self.natural_rollouts * epochs * per_epoch
