"""Caches in the middle of decoding, and the step that torch computes from them, for these tests."""

import torch

from fledge.generate.native_decoder import NativeDecoder
from fledge.model.cache import KeyValueCache
from fledge.model.config import GPTConfig
from fledge.model.gpt import GPT

WIDE = GPTConfig(
    vocabulary_size=130,
    context_length=300,
    width=96,
    num_layers=2,
    num_heads=6,
    num_key_value_heads=2,
    head_width=64,
    feed_forward_width=160,
)
CHOICES = {
    "Llama": {},
    "Qwen2": {"bias": "query_key_value", "tied_embeddings": False},
    "Qwen3": {"query_key_norm": True, "head_width": 16},
    "GPT-2": {
        "feed_forward": "gelu",
        "norm": "layer",
        "rotary": None,
        "bias": "all",
        "num_key_value_heads": 6,
    },
    "odd sizes": {"width": 35, "head_width": 10, "feed_forward_width": 51, "num_heads": 2},
    "wide heads": {"head_width": 80, "num_heads": 2, "num_key_value_heads": 1},
}
CONFIGS = {name: WIDE.model_copy(update=choice) for name, choice in CHOICES.items()}
LENGTHS = [1, 200, 64, 7, 63, 129, 12]


def filled(config: GPTConfig, lengths: list[int], seed: int = 0) -> KeyValueCache:
    """Make a window of a larger cache: its strides are not those of its shape.

    Slots that no row has reached hold NaN.
    """
    generator = torch.Generator().manual_seed(seed)
    whole = KeyValueCache(config, len(lengths) + 3, config.context_length)
    whole.keys.copy_(torch.randn(whole.keys.shape, generator=generator))
    whole.values.copy_(torch.randn(whole.keys.shape, generator=generator))
    whole.advance(0)
    cache = whole.window(len(lengths), max(lengths) + 1, first_row=2)
    cache.set_lengths(torch.tensor(lengths))
    return cache


def copy_of(cache: KeyValueCache) -> KeyValueCache:
    return cache.taken(torch.arange(cache.rows))


def new_ids(config: GPTConfig, rows: int, seed: int = 2) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(config.vocabulary_size, (rows,), generator=generator)


def decoder_of(model: GPT) -> NativeDecoder:
    decoder = NativeDecoder.of(model)
    assert decoder is not None
    return decoder


@torch.no_grad()
def by_torch(model: GPT, ids: torch.Tensor, cache: KeyValueCache) -> torch.Tensor:
    return model(ids[:, None], cache=cache)[:, 0]


@torch.no_grad()
def natively(model: GPT | NativeDecoder, ids: torch.Tensor, cache: KeyValueCache) -> torch.Tensor:
    decoder = model if isinstance(model, NativeDecoder) else decoder_of(model)
    return decoder.step(ids, cache).clone()
