"""Tensors of a GGUF file under Hugging Face's names, their blocks made numbers when asked for."""

from collections.abc import Iterator, Mapping
from typing import final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fledge.checkpoint.gguf.header import Place
from fledge.checkpoint.gguf.names import pairs_apart
from fledge.checkpoint.naming import DamagedFile

PLAIN = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
"""Number formats of the file that torch has, too."""
SLAB = 2**20
"""Numbers that are taken out of their blocks at a time, in fp32."""


@final
class GGUFTensors(Mapping[str, Tensor]):
    """Hugging Face's names to tensors, each read when asked for; none is kept in memory."""

    def __init__(
        self,
        places: Mapping[str, Place],
        precisions: Mapping[str, torch.dtype],
        rotated_heads: Mapping[str, int],
    ) -> None:
        """`rotated_heads` counts the heads of the matrices whose rows are reordered, by name."""
        self._places, self._precisions = places, precisions
        self._rotated_heads = rotated_heads

    def __getitem__(self, name: str) -> Tensor:
        tensor = read_numbers(self._places[name], self._precisions[name])
        heads = self._rotated_heads.get(name)
        return tensor if heads is None else pairs_apart(tensor, heads)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def read_numbers(place: Place, precision: torch.dtype = torch.float32) -> Tensor:
    """Read a tensor; a scale that is NaN or infinite gives numbers that are.

    Raises:
        DamagedFile: the file became shorter.
    """
    if place.kind.name in PLAIN:
        stored = torch.from_numpy(_bytes(place, 0, place.num_bytes))
        return stored.view(PLAIN[place.kind.name]).view(place.shape).to(precision)
    numbers = torch.empty(place.shape, dtype=precision)
    rows = numbers.view(-1, place.shape[-1])
    row_bytes = place.shape[-1] // place.kind.numbers * place.kind.size
    step = max(1, SLAB // place.shape[-1])
    for first in range(0, len(rows), step):
        slab = rows[first : first + step]
        blocks = _bytes(place, first * row_bytes, len(slab) * row_bytes)
        slab.copy_(torch.from_numpy(_dequantised(blocks.reshape(len(slab), -1), place.kind.name)))
    return numbers


def _dequantised(blocks: npt.NDArray[np.uint8], kind: str) -> npt.NDArray[np.float32]:
    from gguf import GGMLQuantizationType
    from gguf.quants import dequantize

    with np.errstate(all="ignore"):
        numbers: npt.NDArray[np.float32] = dequantize(blocks, GGMLQuantizationType[kind])
    return numbers


def _bytes(place: Place, offset: int, count: int) -> npt.NDArray[np.uint8]:
    content = np.fromfile(place.path, np.uint8, count, offset=place.offset + offset)
    if len(content) < count:
        raise DamagedFile(f"{place.path}: shorter than it was a moment ago; copy it again")
    return content
