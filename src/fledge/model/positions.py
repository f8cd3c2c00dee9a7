"""Rotary positions (Su et al. 2021, arXiv:2104.09864) and sinusoidal ones (arXiv:1706.03762).

Rotary ones are in Hugging Face's order of dimensions: pair i is dimensions (i, i + d/2) of a head,
turned by `position · base^(-2i/d)`.
"""

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from fledge.errors import ConfigError
from fledge.model.config import RotaryConfig


class Rotation(NamedTuple):
    """The turn of every token, in fp32; one for all layers and heads.

    As wide as a head: [cos, cos] and [−sin, sin], so that turning takes three operations.
    """

    cosine: Float[Tensor, "#B T d"]
    sine: Float[Tensor, "#B T d"]


class Rotary(nn.Module):
    """Looks the turns of positions up in a table of `context_length` rows.

    The table is no part of the state: it follows from the settings, and stays fp32 when the model
    is cast (bf16 has 8 bits: it could not tell position 257 from 258).
    """

    cosine: Tensor
    sine: Tensor

    def __init__(self, config: RotaryConfig, head_width: int, context_length: int) -> None:
        super().__init__()
        self.config = config
        self.head_width = head_width
        self.context_length = context_length
        # The CPU is named so that a model built on the meta device has a real table.
        self._fill(torch.device("cpu"))

    def forward(self, positions: Int[Tensor, "#B T"]) -> Rotation:
        return Rotation(self.cosine[positions], self.sine[positions])

    def _fill(self, device: torch.device) -> None:
        positions = torch.arange(self.context_length, device="cpu", dtype=torch.float32)
        angles = torch.outer(positions, frequencies(self.config, self.head_width))
        cosine, sine = angles.cos(), angles.sin()
        cosine, sine = torch.cat((cosine, cosine), dim=1), torch.cat((-sine, sine), dim=1)
        self.register_buffer("cosine", cosine.to(device), persistent=False)
        self.register_buffer("sine", sine.to(device), persistent=False)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "Rotary":
        # Every cast and move of a module ends here; after it, a fresh fp32 table on the device.
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self._fill(self.cosine.device)
        return self


def sinusoids(
    length: int, width: int, order: Literal["interleaved", "halves"] = "interleaved"
) -> Float[Tensor, "T D"]:
    """Table of PE(pos, 2i) = sin(pos / 10000^(2i/D)), PE(pos, 2i+1) its cosine, in fp32.

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


def rotate(x: Float[Tensor, "B T H d"], rotation: Rotation) -> Float[Tensor, "B T H d"]:
    """Turn each pair of dimensions of each head by its token's angle."""
    cosine, sine = rotation.cosine[:, :, None], rotation.sine[:, :, None]
    full = x.float()
    swapped = full.roll(x.shape[-1] // 2, dims=-1)  # [x₁, x₂] → [x₂, x₁]
    return torch.addcmul(full * cosine, swapped, sine).type_as(x)


def frequencies(config: RotaryConfig, head_width: int) -> Float[Tensor, " half"]:
    """Return the radians per position of each pair, after `scaling`.

    Raises:
        ConfigError: the scaling's type is none of those implemented, or lacks a number above 0.
    """
    exponents = torch.arange(0, head_width, 2, device="cpu", dtype=torch.float32) / head_width
    plain = 1.0 / (config.base**exponents)
    kind = scaling_type(config)
    if kind not in SCALINGS:
        known = ", ".join(sorted(SCALINGS))
        raise ConfigError(f"rope scaling {kind!r} is not implemented; known are {known}")
    return SCALINGS[kind](plain, config.scaling or {})


def scaling_type(config: RotaryConfig) -> str:
    """Return the scaling's name in Hugging Face's terms, "default" for none."""
    scaling = config.scaling or {}
    return str(scaling.get("rope_type", scaling.get("type", "default")))


Scaling = dict[str, float | str]


def _unscaled(plain: Float[Tensor, " half"], scaling: Scaling) -> Float[Tensor, " half"]:
    return plain


def _linear(plain: Float[Tensor, " half"], scaling: Scaling) -> Float[Tensor, " half"]:
    """Squeeze positions by `factor` (Chen et al. 2023, arXiv:2306.15595)."""
    return plain / _number(scaling, "factor")


def _dynamic(plain: Float[Tensor, " half"], scaling: Scaling) -> Float[Tensor, " half"]:
    """Change nothing: fledge stays within the context the model was trained for.

    Elsewhere the waves slow down once a text grows longer than that context.
    """
    _number(scaling, "factor")
    return plain


def _llama3(plain: Float[Tensor, " half"], scaling: Scaling) -> Float[Tensor, " half"]:
    """Slow the slow waves by `factor`, keep the fast ones, blend those between (Llama 3.1)."""
    factor = _number(scaling, "factor")
    slowest = _number(scaling, "low_freq_factor")
    fastest = _number(scaling, "high_freq_factor")
    turns = _number(scaling, "original_max_position_embeddings") * plain / (2 * math.pi)
    kept = ((turns - slowest) / (fastest - slowest)).clamp(0, 1)
    return kept * plain + (1 - kept) * plain / factor


def _number(scaling: Scaling, name: str) -> float:
    value = scaling.get(name)
    if not isinstance(value, int | float) or value <= 0:
        raise ConfigError(f"rope scaling needs a number {name!r} above 0, found {value!r}")
    return float(value)


SCALINGS = {"default": _unscaled, "linear": _linear, "dynamic": _dynamic, "llama3": _llama3}
