"""llama2.c's model files, read as a Llama: `.bin` of version 0 (legacy) and 1, in fp32.

Version 0 is seven int32 and the tensors; a negative vocabulary means that the output matrix is not
the embedding. Version 1 has a header of 256 bytes. In both, layers of one kind stand together, and
queries and keys are rotated in pairs of neighbours.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import final

import numpy as np
import torch
from torch import Tensor

from fledge.checkpoint.gguf.names import pairs_apart
from fledge.errors import CheckpointError
from fledge.model.huggingface.settings import MOST_LAYERS

MAGIC = 0x616B3432
HEADER_BYTES = 256
NORM_EPSILON = 1e-5
"""Epsilon of llama2.c's norms, which its files do not give."""


@dataclass(frozen=True, slots=True)
class Header:
    """Sizes of a model, and the place where its tensors begin."""

    width: int
    feed_forward_width: int
    num_layers: int
    num_heads: int
    num_key_value_heads: int
    vocabulary_size: int
    context_length: int
    is_tied: bool
    version: int
    start: int
    """Bytes before the first tensor."""

    @property
    def head_width(self) -> int:
        """Numbers of each head, d."""
        return self.width // self.num_heads


@dataclass(frozen=True, slots=True)
class Place:
    """Place of a tensor: `offset` in bytes, and the number of heads whose rows are reordered."""

    offset: int
    shape: tuple[int, ...]
    rotated_heads: int = 0


@final
class Llama2cTensors(Mapping[str, Tensor]):
    """Hugging Face's names to tensors, each read when asked for."""

    def __init__(self, path: Path, header: Header) -> None:
        self._path = path
        self._places = dict(_places(header))

    def __getitem__(self, name: str) -> Tensor:
        place = self._places[name]
        numbers = np.fromfile(self._path, "<f4", prod(place.shape), offset=place.offset)
        tensor = torch.from_numpy(numbers).reshape(place.shape)
        return pairs_apart(tensor, place.rotated_heads) if place.rotated_heads else tensor

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def read_llama2c(path: Path) -> tuple[dict[str, object], Llama2cTensors]:
    """Read a `.bin` as config.json and tensors of a Llama.

    Raises:
        CheckpointError: it is cut off, quantised, or no llama2.c model.
    """
    header = read_header(path)
    places = dict(_places(header))
    expected = max(place.offset + 4 * prod(place.shape) for place in places.values())
    # Version 0 keeps the rotary tables, which follow from the sizes, between the tensors.
    found = path.stat().st_size
    if found < expected:
        lost = next(n for n, p in places.items() if p.offset + 4 * prod(p.shape) > found)
        raise CheckpointError(
            f"{path}: cut off: {found:,} of {expected:,} bytes, without tensor {lost}; "
            "copy it again"
        )
    return _config(header), Llama2cTensors(path, header)


def read_header(path: Path) -> Header:
    """Read the sizes of a model.

    Raises:
        CheckpointError: as `read_llama2c`.
    """
    with path.open("rb") as file:
        start = file.read(HEADER_BYTES)
    if len(start) < HEADER_BYTES:
        raise CheckpointError(f"{path}: {len(start)} bytes are no llama2.c model; copy it again")
    magic, version = struct.unpack_from("<Ii", start)
    if magic != MAGIC:
        sizes = struct.unpack_from("<7i", start)
        return _header(path, sizes, is_tied=sizes[5] > 0, version=0, start=4 * len(sizes))
    if version != 1:
        raise CheckpointError(
            f"{path}: llama2.c's version {version} is quantised; fledge reads versions 0 and 1. "
            "Export it again with `python export.py --version 1`"
        )
    sizes = struct.unpack_from("<7i", start, 8)
    is_tied = bool(start[36])
    return _header(path, sizes, is_tied=is_tied, version=1, start=HEADER_BYTES)


def _header(
    path: Path, sizes: tuple[int, ...], *, is_tied: bool, version: int, start: int
) -> Header:
    width, feed_forward, layers, heads, key_value_heads, vocabulary, context = sizes
    vocabulary = abs(vocabulary)
    counts = (width, feed_forward, layers, heads, key_value_heads, vocabulary, context)
    largest = max(counts) > 2**24 or layers > MOST_LAYERS
    if min(counts) < 1 or largest or width % heads or heads % key_value_heads:
        raise CheckpointError(
            f"{path}: not a llama2.c model: width, feed-forward width, layers, heads, key-value "
            f"heads, vocabulary and context would be {', '.join(map(str, sizes))}. A .bin of "
            "torch is a pickle, which is never read"
        )
    return Header(*counts, is_tied=is_tied, version=version, start=start)


def _config(header: Header) -> dict[str, object]:
    return {
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        "vocab_size": header.vocabulary_size,
        "max_position_embeddings": header.context_length,
        "hidden_size": header.width,
        "intermediate_size": header.feed_forward_width,
        "num_hidden_layers": header.num_layers,
        "num_attention_heads": header.num_heads,
        "num_key_value_heads": header.num_key_value_heads,
        "rms_norm_eps": NORM_EPSILON,
        "rope_theta": 10_000.0,
        "tie_word_embeddings": header.is_tied,
    }


def _places(header: Header) -> Iterator[tuple[str, Place]]:
    """Yield names and places in the order of the file."""
    offset = header.start
    for name, shape, heads in _order(header):
        if name:
            yield name, Place(offset, shape, heads)
        offset += 4 * prod(shape)


def _order(header: Header) -> Iterator[tuple[str, tuple[int, ...], int]]:
    """Yield name ("" for tables to skip), shape, and number of rotated heads."""
    width, feed_forward = header.width, header.feed_forward_width
    keys = header.num_key_value_heads * header.head_width
    embedding = ("model.embed_tokens.weight", (header.vocabulary_size, width), 0)
    attention_norms = _layers(header, "input_layernorm", (width,))
    feed_forward_norms = _layers(header, "post_attention_layernorm", (width,))
    final_norm = ("model.norm.weight", (width,), 0)
    if header.version == 1:
        yield from (*attention_norms, *feed_forward_norms, final_norm, embedding)
    else:
        yield from (embedding, *attention_norms)
    yield from _layers(header, "self_attn.q_proj", (width, width), header.num_heads)
    yield from _layers(header, "self_attn.k_proj", (keys, width), header.num_key_value_heads)
    yield from _layers(header, "self_attn.v_proj", (keys, width))
    yield from _layers(header, "self_attn.o_proj", (width, width))
    if header.version == 0:
        yield from feed_forward_norms
    yield from _layers(header, "mlp.gate_proj", (feed_forward, width))
    yield from _layers(header, "mlp.down_proj", (width, feed_forward))
    yield from _layers(header, "mlp.up_proj", (feed_forward, width))
    if header.version == 0:
        yield from (final_norm, ("", (header.context_length, header.head_width), 0))
    if not header.is_tied:
        yield ("lm_head.weight", (header.vocabulary_size, width), 0)


def _layers(
    header: Header, name: str, shape: tuple[int, ...], heads: int = 0
) -> list[tuple[str, tuple[int, ...], int]]:
    return [(f"model.layers.{i}.{name}.weight", shape, heads) for i in range(header.num_layers)]
