"""The settings that every run has, whatever its stage."""

from pathlib import Path

from pydantic import Field

from fledge.config import Config
from fledge.model.lora import LoRAConfig
from fledge.runtime import RuntimeConfig
from fledge.train.optimizer import OptimizerConfig
from fledge.train.stage import BatchConfig


class CheckpointConfig(Config):
    """Saving. A run is always saved at its end, and when it is interrupted."""

    every: int | None = Field(500, ge=1)
    """Optimiser steps between checkpoints; None saves only at the end."""
    keep: int = Field(2, ge=1)
    """Newest checkpoints that are kept."""


class EvaluationConfig(Config):
    """Measuring on held-out data. A run is always measured at its end."""

    every: int | None = Field(None, ge=1)
    """Optimiser steps between evaluations."""


class Plan(Config):
    """Everything that `fit` needs beside a stage."""

    output: Path
    """Directory of the run: `metrics.jsonl` and its checkpoints."""
    seed: int = 0
    """Names every random choice of the run; the same seed gives the same run."""
    batch: BatchConfig = BatchConfig()
    """Sizes of a step's batch."""
    optimizer: OptimizerConfig = OptimizerConfig()
    """Update rule and learning rate."""
    lora: LoRAConfig | None = None
    """Train adapters beside frozen weights (sft, reward, ppo); none trains all weights."""
    checkpoint: CheckpointConfig = CheckpointConfig()
    """When checkpoints are written, and which are kept."""
    evaluation: EvaluationConfig = EvaluationConfig()
    """When held-out data are measured."""
    runtime: RuntimeConfig = RuntimeConfig()
    """Device and number format."""
    tensorboard: bool = False
    """Write curves to `tensorboard` in the output, too (extra `tensorboard`)."""
