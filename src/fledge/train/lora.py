"""Adapters in a stage: where they go, from which numbers, and what is saved of a trained model."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

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


@contextmanager
def lent(module: nn.Module, weights: Mapping[str, Tensor]) -> Iterator[None]:
    """Within the block `module` has these weights, by parameter name, in place of its own."""
    parameters = dict(module.named_parameters())
    saved = {name: parameters[name].data for name in weights}
    for name, weight in weights.items():
        parameters[name].data = weight
    try:
        yield
    finally:
        for name, data in saved.items():
            parameters[name].data = data
