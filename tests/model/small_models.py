"""Toy models for the tests of this room and of others."""

import torch

from fledge.model.config import GPTConfig
from fledge.model.gpt import GPT

CONFIG = GPTConfig(
    vocabulary_size=64,
    context_length=32,
    width=16,
    num_layers=2,
    num_heads=4,
    num_key_value_heads=2,
    head_width=6,
    feed_forward_width=40,
    query_key_norm=True,
)
GPT2_LIKE = CONFIG.model_copy(
    update={
        "num_key_value_heads": 4,
        "head_width": 4,
        "feed_forward": "gelu",
        "norm": "layer",
        "rotary": None,
        "bias": "all",
        "query_key_norm": False,
    }
)


def make(config: GPTConfig = CONFIG, seed: int = 0, noise: float = 0.1) -> GPT:
    """In eval mode, every parameter off its initial value."""
    generator = torch.Generator().manual_seed(seed)
    model = GPT(config)
    model.initialise(generator)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += torch.randn(parameter.shape, generator=generator) * noise
    return model.eval()


def random_ids(rows: int = 3, length: int = 12, seed: int = 1) -> torch.Tensor:
    return torch.randint(0, 64, (rows, length), generator=torch.Generator().manual_seed(seed))
