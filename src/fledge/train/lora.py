"""Adapters in a stage: where they go, and from which numbers."""

import torch

from fledge.model.gpt import GPT
from fledge.model.lora import adapt
from fledge.runtime import random
from fledge.train.stage import StageContext


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
