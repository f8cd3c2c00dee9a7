"""LoRA: small matrices learn beside frozen ones (Hu et al. 2021, arXiv:2106.09685), by `peft`.

y = W x + α/r · B A x, with W frozen, A of r rows and B of r columns; B starts at 0, and so the
model at what it was. `peft` is loaded when a model is adapted and not before.
"""

import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from fledge.config import Config
from fledge.errors import ConfigError
from fledge.model.gpt import GPT

if TYPE_CHECKING:
    from peft.tuners.lora import LoraLayer

Target = Literal["query_key_value", "output", "up", "down"]
ADAPTER = "default"
"""`peft`'s own name for the only adapter of a model."""
MODULES: dict[Target, tuple[str, ...]] = {
    "query_key_value": ("attention.query_key_value",),
    "output": ("attention.output",),
    "up": ("feed_forward.up", "feed_forward.gate_up"),
    "down": ("feed_forward.down",),
}


class LoRAConfig(Config):
    """Train small matrices beside the model's frozen ones: little memory, a small checkpoint."""

    rank: int = Field(16, ge=1)
    """r, rows of A and columns of B. q, k and v share their A, as do gate and up."""
    alpha: float = Field(32.0, gt=0.0)
    """α: the product B A counts α/r times."""
    dropout: float = Field(0.0, ge=0.0, lt=1.0)
    """Dropout rate on the input of A; never in PPO."""
    targets: tuple[Target, ...] = Field(("query_key_value", "output", "up", "down"), min_length=1)
    """Matrices of every layer that are adapted: those of attention, and of the feed-forward layer
    (up is gate and up where there is a gate)."""


@dataclass(frozen=True, slots=True)
class Matrices:
    """The two matrices of one adapted linear layer."""

    a: Float[Tensor, "r I"]
    b: Float[Tensor, "O r"]


def adapt(
    model: GPT, config: LoRAConfig, generator: torch.Generator, frozen: torch.dtype | None = None
) -> None:
    """Put adapters into `model`, in place, and freeze the rest; its output stays the same.

    A is uniform as in `nn.Linear`, from `generator`; B is 0. If the format `frozen` is given, the
    adapted matrices are kept in it. Where products run in that format anyway, this halves their
    bytes and changes no number.

    Raises:
        ConfigError: `peft` is not installed.
    """
    try:
        import peft
    except ImportError as error:
        raise ConfigError(
            f"LoRA needs the package peft ({error}): pip install 'fledge[lora]'"
        ) from error
    targets = [name for target in config.targets for name in MODULES[target]]
    settings = peft.LoraConfig(
        r=config.rank,
        lora_alpha=config.alpha,  # type: ignore[arg-type]  # a real number does as well
        lora_dropout=config.dropout,
        target_modules=targets,
    )
    peft.inject_adapter_in_model(settings, model, adapter_name=ADAPTER)
    for layer in _layers(model).values():
        a = _a(layer)
        noise = torch.rand(a.shape, generator=generator, device=generator.device)
        with torch.no_grad():
            a.copy_((2 * noise - 1) / math.sqrt(a.shape[1]))
        if frozen is not None:
            cast(nn.Linear, layer.get_base_layer()).to(frozen)


@contextmanager
def without_adapters(model: nn.Module) -> Iterator[None]:
    """Let `model` compute, within the block, as before it was adapted; gradients are off."""
    layers = list(_layers(model).values())
    try:
        with torch.no_grad():
            for layer in layers:
                layer.enable_adapters(False)
            yield
    finally:
        for layer in layers:
            layer.enable_adapters(True)


def matrices(model: nn.Module) -> dict[str, Matrices]:
    """Return A and B of each adapted layer, by the layer's name."""
    return {
        name: Matrices(_a(layer).detach(), _b(layer).detach())
        for name, layer in _layers(model).items()
    }


def trained_state(module: nn.Module) -> dict[str, Tensor]:
    """Return `state_dict()` without the frozen weights, which the parent checkpoint has."""
    frozen = {name for name, parameter in module.named_parameters() if not parameter.requires_grad}
    return {name: tensor for name, tensor in module.state_dict().items() if name not in frozen}


def _layers(model: nn.Module) -> "dict[str, LoraLayer]":
    """Return the adapted layers by name."""
    if not _is_loaded():
        return {}
    from peft.tuners.lora import LoraLayer

    return {name: one for name, one in model.named_modules() if isinstance(one, LoraLayer)}


def _a(layer: "LoraLayer") -> Tensor:
    return cast(nn.Linear, layer.lora_A[ADAPTER]).weight


def _b(layer: "LoraLayer") -> Tensor:
    return cast(nn.Linear, layer.lora_B[ADAPTER]).weight


def _is_loaded() -> bool:
    """Return whether `peft` has been imported: without it no model has adapters."""
    return "peft" in sys.modules
