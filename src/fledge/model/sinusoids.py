"""Sinusoidal positions: section 3.5 of "Attention is all you need" (arXiv:1706.03762)."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor


def sinusoids(
    length: int, width: int, order: Literal["interleaved", "halves"] = "interleaved"
) -> Float[Tensor, "T D"]:
    """PE(pos, 2i) = sin(pos / 10000^(2i/D)), PE(pos, 2i+1) its cosine, in fp32.

    "halves" holds the same numbers with all sines first, as Marian and Hugging Face order them.
    """
    # fp64: at position 500 fp32 angles are off by more than a bf16 step. The CPU is named so that a
    # model built on the meta device has a real table.
    positions = torch.arange(length, device="cpu", dtype=torch.float64)
    exponents = torch.arange(0, width, 2, device="cpu", dtype=torch.float64) / width
    angles = torch.outer(positions, 10_000.0**-exponents)  # T ⌈D/2⌉
    sines, cosines = angles.sin(), angles.cos()[:, : width // 2]
    if order == "halves":
        return torch.cat([sines, cosines], dim=1).float()
    table = torch.empty(length, width, device="cpu", dtype=torch.float64)
    table[:, 0::2], table[:, 1::2] = sines, cosines
    return table.float()
