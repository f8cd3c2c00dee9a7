"""The stage, which the loop trains: its batches, its loss, its measurements and its model."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Generic, TypeVar

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from fledge.config import Config
from fledge.data.batch import Batch
from fledge.model.gpt import GPT
from fledge.model.lora import LoRAConfig, adapt
from fledge.runtime import Runtime, random
from fledge.train.progress import Preparing, in_silence

BatchT = TypeVar("BatchT", bound=Batch)


class BatchConfig(Config):
    """Examples of an optimiser step, and how many of them go through the model at once."""

    examples: int = Field(32, ge=1)
    """Rows, prompts or rollouts of one optimiser step, over all processes."""
    microbatch: int | None = Field(None, ge=1)
    """Rows of one forward and backward pass, to save memory; none takes all at once. It does not
    change the result."""


class SamplesConfig(Config):
    """Sample answers to the same few held-out prompts, for `samples.jsonl`."""

    prompts: int = Field(4, ge=0)
    """Held-out prompts to answer before the first step, during training and at its end (ppo, sft);
    0 writes none."""
    every: int | None = Field(10, ge=1)
    """Rollouts of ppo between samples; none leaves out those between. Sft samples with every
    evaluation."""


@dataclass(frozen=True, slots=True)
class StageContext:
    """Surroundings that a stage is built in: the parts of its run that are not its own settings."""

    output: Path
    seed: int
    batch: BatchConfig
    runtime: Runtime
    steps: int | None
    """Optimiser steps of the run if the run file sets them; None asks `Stage.natural_steps`."""
    preparing: Preparing = in_silence
    """Shows lengthy work before the first step; the main process calls it."""

    lora: LoRAConfig | None = None
    """Settings of the adapters; None trains whole models."""
    samples: SamplesConfig = field(default_factory=SamplesConfig)
    """Settings of the sample answers."""

    @property
    def examples_per_process(self) -> int:
        """Rows of a step's batch that this process takes."""
        return self.batch.examples // self.runtime.world_size


@dataclass(frozen=True, slots=True)
class Sources:
    """Origins of a stage's knowledge, for the lineage: checkpoints by role, hashes by file."""

    parents: Mapping[str, Path] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LossTerms:
    """The loss and metrics of one micro-batch, as sums; the loop divides them by the weight."""

    total: Float[Tensor, ""]
    metrics: dict[str, Tensor] = field(default_factory=dict)
    maxima: Mapping[str, float] = field(default_factory=dict)
    """Metrics whose maximum is taken, over micro-batches and processes, instead of the mean."""


class Stage(ABC, Generic[BatchT]):
    """One kind of training, as the loop sees it; time, devices and checkpoints belong to `fit`."""

    name: str = "stage"
    """Name in run files, logs and lineage."""

    trained: nn.Module
    """Parameters to train: one module, or a `ModuleDict` of the modules that are called."""

    unit: str = "tokens"
    """Unit that `Batch.weight` counts, for the progress bar."""

    headline: Mapping[str, str] = MappingProxyType({"loss": "loss"})
    """Metrics to watch, by the words that the progress bar shows."""

    parts: tuple[str, ...] = ()
    """Directories of further models in a checkpoint, where `save_model` writes them; each gets the
    lineage, too."""

    tokens_per_step: int | None = None
    """Tokens that a process reads in each step; None where batches vary in shape."""

    @abstractmethod
    def batches(self) -> Iterator[BatchT]:
        """Yield this process's batches, from where `load_state_dict` left off."""

    @abstractmethod
    def loss(self, batch: BatchT) -> LossTerms:
        """Return the summed loss of a micro-batch and the sums behind its metrics."""

    def step_metrics(self) -> Mapping[str, float]:
        """Return metrics of the current step as a whole; they are the same on every process."""
        return {}

    @abstractmethod
    def save_model(self, directory: Path) -> None:
        """Write the model in Hugging Face layout: config, weights, tokenizer, template."""

    def natural_steps(self) -> int | None:
        """Return the steps of a run that sets none, from epochs and data; None if unknown."""
        return None

    def sources(self) -> Sources:
        """Return parent checkpoints and data files, for the lineage."""
        return Sources()

    @property
    def wants_to_stop(self) -> bool:
        """Whether to finish before the schedule ends."""
        return False

    def learning_rate_factors(self) -> Mapping[str, float]:
        """Return learning-rate factors by prefix of parameter names, as PPO's for the critic."""
        return {}

    def on_step(self, metrics: Mapping[str, float]) -> None:
        """Note an optimiser step by its mean metrics; the loop calls this after each one."""

    def evaluate(self) -> dict[str, float]:
        """Measure on held-out data; the modules are in eval mode. Without such data, return {}."""
        return {}

    def samples(self) -> Sequence[Mapping[str, object]]:
        """Answer a few held-out prompts, the same way each time; without such, return nothing.

        Every process takes all of them. The modules are in eval mode.
        """
        return ()

    def samples_are_due(self, evaluated: bool) -> bool:
        """Tell whether to sample after this step; `evaluated` is True if it was measured, too."""
        return evaluated

    @abstractmethod
    def state_dict(self) -> dict[str, object]:
        """Return all that the next batch depends on: tensors, numbers, strings, nests of them."""

    @abstractmethod
    def load_state_dict(self, state: dict[str, object]) -> None:
        """Resume exactly where `state_dict` was taken."""


def adapt_for(model: GPT, context: StageContext, role: str) -> None:
    """Add adapters to `model` if the run asks for them; `role` names their random numbers.

    Raises:
        ConfigError: as `adapt` raises it.
    """
    if context.lora is None:
        return
    # Sharding takes tensors of one number format only.
    alone = context.runtime.world_size == 1
    frozen = context.runtime.dtype if alone else torch.float32
    adapt(model, context.lora, random(context.seed, "lora", role), frozen)
