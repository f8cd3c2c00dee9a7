"""Settings that every run has, whatever its stage."""

from pathlib import Path

from pydantic import Field

from fledge.config import Config
from fledge.model.lora import LoRAConfig
from fledge.runtime import RuntimeConfig
from fledge.train.optimizer import OptimizerConfig
from fledge.train.stage import BatchConfig, SamplesConfig


class CheckpointConfig(Config):
    """Schedule of checkpoints; a run is also saved at its end and when it is interrupted."""

    every: int | None = Field(500, ge=1)
    """Optimiser steps between checkpoints; none saves only at the end."""
    keep: int = Field(2, ge=1)
    """Number of checkpoints to keep, the newest ones."""


class EvaluationConfig(Config):
    """Schedule of evaluations on held-out data; a run is always evaluated at its end."""

    every: int | None = Field(None, ge=1)
    """Optimiser steps between evaluations; none evaluates only at the end."""


class Plan(Config):
    """Settings that `fit` needs besides a stage."""

    output: Path
    """Directory of the run: `metrics.jsonl` and its checkpoints."""
    seed: int = 0
    """Seed of every random choice; the same seed gives the same run."""
    batch: BatchConfig = BatchConfig()
    """Examples of a step."""
    optimizer: OptimizerConfig = OptimizerConfig()
    """Update rule and learning rate."""
    lora: LoRAConfig | None = None
    """Train adapters beside frozen weights (sft, reward, ppo); none trains all weights."""
    checkpoint: CheckpointConfig = CheckpointConfig()
    """Schedule of checkpoints."""
    evaluation: EvaluationConfig = EvaluationConfig()
    """Schedule of measurements on held-out data."""
    samples: SamplesConfig = SamplesConfig()
    """Answers to the same held-out prompts, as training goes on."""
    runtime: RuntimeConfig = RuntimeConfig()
    """Device and number format."""
    tensorboard: bool = False
    """Write curves to `tensorboard` in the output (needs the extra `tensorboard`)."""
