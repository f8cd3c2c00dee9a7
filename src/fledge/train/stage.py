"""A stage is two things: the batches it sees and the loss it takes."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
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
    """How many examples an optimiser step sees, and how many at once fit in memory."""

    examples: int = Field(32, ge=1)
    """Rows, prompts or rollouts of one optimiser step, over all processes."""
    microbatch: int | None = Field(None, ge=1)
    """Rows of one forward and backward pass; None takes all at once. No effect on the result."""


@dataclass(frozen=True, slots=True)
class StageContext:
    """What a stage is built in: the parts of its run that are not its own settings."""

    output: Path
    seed: int
    batch: BatchConfig
    runtime: Runtime
    steps: int | None
    """Optimiser steps of the run if the run file says; None asks `Stage.natural_steps`."""
    preparing: Preparing = in_silence
    """Shows the user what takes its time before the first step; the main process calls it."""

    lora: LoRAConfig | None = None
    """How to adapt the models that are trained; None trains them whole."""

    @property
    def examples_per_process(self) -> int:
        """Rows of this process's part of a step's batch."""
        return self.batch.examples // self.runtime.world_size


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a stage's knowledge comes from, for lineage: checkpoints by role, files by hash."""

    parents: Mapping[str, Path] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LossTerms:
    """The loss of one micro-batch: sums over its terms; the loop divides by the weight."""

    total: Float[Tensor, ""]
    metrics: dict[str, Tensor] = field(default_factory=dict)
    maxima: Mapping[str, float] = field(default_factory=dict)
    """Metrics of which the largest counts, over micro-batches and processes."""


class Stage(ABC, Generic[BatchT]):
    """What a stage tells the loop; time, devices, checkpoints and logging belong to `fit`."""

    name: str = "stage"
    """What it is called in run files, logs and lineage."""

    trained: nn.Module
    """Everything the optimiser moves, as one module, or a `ModuleDict` of the modules called."""

    unit: str = "tokens"
    """What `Batch.weight` counts, for the progress bar."""

    headline: Mapping[str, str] = MappingProxyType({"loss": "loss"})
    """The few metrics to watch, by the words the progress bar shows them under."""

    tokens_per_step: int | None = None
    """Tokens a process reads in every step, if all batches have one shape; None where they vary."""

    @abstractmethod
    def batches(self) -> Iterator[BatchT]:
        """This process's batches from where `load_state_dict` left off, to the end of the run."""

    @abstractmethod
    def loss(self, batch: BatchT) -> LossTerms:
        """The summed loss of a micro-batch and the sums behind its metrics."""

    def step_metrics(self) -> Mapping[str, float]:
        """Metrics of the step at hand that no micro-batch adds to; the same on every process."""
        return {}

    @abstractmethod
    def save_model(self, directory: Path) -> None:
        """Write the hand-off in Hugging Face layout: config, weights, tokenizer, template."""

    def natural_steps(self) -> int | None:
        """Optimiser steps if `optimizer.steps` is not set (epochs over the data); None: unknown."""
        return None

    def sources(self) -> Sources:
        """Parent checkpoints and data files, for the lineage."""
        return Sources()

    @property
    def wants_to_stop(self) -> bool:
        """Whether to end before the schedule does, as if it were over."""
        return False

    def learning_rate_factors(self) -> Mapping[str, float]:
        """Learning-rate factors by parameter-name prefix (PPO's critic has its own rate)."""
        return {}

    def on_step(self, metrics: Mapping[str, float]) -> None:
        """Called after every optimiser step with its mean metrics."""

    def evaluate(self) -> dict[str, float]:
        """Metrics on held-out data; runs in eval mode."""
        return {}

    @abstractmethod
    def state_dict(self) -> dict[str, object]:
        """Tensors, numbers, strings and nests of them: all that the next batch depends on."""

    @abstractmethod
    def load_state_dict(self, state: dict[str, object]) -> None:
        """Go on exactly where `state_dict` was taken."""


def adapt_for(model: GPT, context: StageContext, role: str) -> None:
    """Adapt `model` if the run says so; `role` names its random numbers.

    Raises:
        ConfigError: as `adapt`.
    """
    if context.lora is None:
        return
    # Processes share out tensors of one format only.
    alone = context.runtime.world_size == 1
    frozen = context.runtime.dtype if alone else torch.float32
    adapt(model, context.lora, random(context.seed, "lora", role), frozen)
