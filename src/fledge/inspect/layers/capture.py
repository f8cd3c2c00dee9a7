"""Activations read from a model, and changed in it, by hooks that do not outlive the work."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Literal, cast, final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from fledge.errors import ConfigError
from fledge.model.attention import Attention
from fledge.model.gpt import GPT, Block

Part = Literal["layer", "attention", "feed_forward", "head"]
Change = Callable[[Tensor], Tensor]


@final
@dataclass(frozen=True, slots=True)
class Site:
    """A part of the model; `layer` and `head` count from 1.

    "layer" is both branches that a layer adds to the residual stream, "attention" and
    "feed_forward" one of them, "head" one attention head before the output matrix.
    """

    layer: int
    part: Part = "layer"
    head: int | None = None

    def __str__(self) -> str:
        if self.part == "head":
            return f"layer {self.layer}, head {self.head}"
        return f"layer {self.layer}" + ("" if self.part == "layer" else f", {self.part}")

    def check(self, model: GPT) -> None:
        """Check that the model has this part.

        Raises:
            ConfigError: it has not; the message says how many layers and heads there are.
        """
        check_number("layer", self.layer, model.config.num_layers)
        if (self.part == "head") != (self.head is not None):
            raise ConfigError(f"a head needs a number, and only a head has one; found {self!r}")
        if self.head is not None:
            check_number("head", self.head, model.config.num_heads)


def check_number(name: str, number: int, most: int) -> None:
    """Check a number that counts from 1.

    Raises:
        ConfigError: it is out of range.
    """
    if not 1 <= number <= most:
        raise ConfigError(f"--{name} {number} does not exist: the model's go from 1 to {most}")


def block_of(model: GPT, layer: int) -> Block:
    """Return a layer, counted from 1."""
    return cast(Block, model.blocks[layer - 1])


@torch.inference_mode()
def residuals(model: GPT, ids: Int[Tensor, "B T"]) -> Float[Tensor, "L1 B T D"]:
    """Return the residual stream: row 0 enters the first layer, row l leaves layer l."""
    stream: list[Tensor] = []
    with ExitStack() as hooks:
        first = model.blocks[0]
        hooks.enter_context(_removed(first.register_forward_pre_hook(_keep_input(stream))))
        for block in model.blocks:
            hooks.enter_context(_removed(block.register_forward_hook(_keep_output(stream))))
        model.hidden(ids)
    return torch.stack(stream)


@torch.inference_mode()
def outputs(model: GPT, ids: Int[Tensor, "B T"], site: Site) -> list[Float[Tensor, "B T any"]]:
    """Return what a part puts out: one tensor, of a "layer" that of attention and feed-forward."""
    found: list[Tensor] = []

    def keep(value: Tensor) -> Tensor:
        found.append(value.clone())
        return value

    with changed(model, site, [keep, keep]):
        model.hidden(ids)
    return found


@contextmanager
def changed(model: GPT, site: Site, changes: list[Change]) -> Iterator[None]:
    """Pass the outputs of a part through functions within the block.

    A "layer" takes two, for attention and feed-forward; another part takes the first.
    """
    site.check(model)
    block = block_of(model, site.layer)
    attention = block.attention
    with ExitStack() as hooks:
        if site.head is not None:
            hook = _change_head(site.head - 1, attention.head_width, changes[0])
            handle = attention.output.register_forward_pre_hook(hook)
            hooks.enter_context(_removed(handle))
        if site.part in ("layer", "attention"):
            handle = attention.register_forward_hook(_change_output(changes[0]))
            hooks.enter_context(_removed(handle))
        if site.part in ("layer", "feed_forward"):
            hook_ = _change_output(changes[-1])
            hooks.enter_context(_removed(block.feed_forward.register_forward_hook(hook_)))
        yield


@contextmanager
def changed_residual(model: GPT, layer: int, change: Change) -> Iterator[None]:
    """Pass the residual stream that enters a layer (from 1) through a function."""

    def hook(module: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        return change(inputs[0]), *inputs[1:]

    with _removed(block_of(model, layer).register_forward_pre_hook(hook)):
        yield


def attention_inputs(model: GPT, ids: Int[Tensor, "1 T"], layer: int) -> tuple[object, ...]:
    """Return the arguments with which a layer (from 1) calls its attention."""
    found: list[tuple[object, ...]] = []

    def hook(module: nn.Module, inputs: tuple[object, ...]) -> None:
        found.append(inputs)

    attention: Attention = block_of(model, layer).attention
    with _removed(attention.register_forward_pre_hook(hook)):
        model.hidden(ids)
    return found[0]


@contextmanager
def _removed(handle: torch.utils.hooks.RemovableHandle) -> Iterator[None]:
    try:
        yield
    finally:
        handle.remove()


def _keep_input(stream: list[Tensor]) -> Callable[[nn.Module, tuple[Any, ...]], None]:
    def hook(module: nn.Module, inputs: tuple[Any, ...]) -> None:
        stream.append(inputs[0])

    return hook


def _keep_output(stream: list[Tensor]) -> Callable[[nn.Module, object, Tensor], None]:
    def hook(module: nn.Module, inputs: object, output: Tensor) -> None:
        stream.append(output)

    return hook


def _change_output(change: Change) -> Callable[[nn.Module, object, Tensor], Tensor]:
    def hook(module: nn.Module, inputs: object, output: Tensor) -> Tensor:
        return change(output)

    return hook


def _change_head(
    head: int, width: int, change: Change
) -> Callable[[nn.Module, tuple[Any, ...]], tuple[Any, ...]]:
    def hook(module: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        heads = inputs[0].reshape(*inputs[0].shape[:2], -1, width).clone()  # → B T H d
        heads[:, :, head] = change(heads[:, :, head])
        return (heads.flatten(2),)

    return hook
