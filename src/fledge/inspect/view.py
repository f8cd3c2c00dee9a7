"""The map of a recording to show: one head, a mean of heads, or the one that aligns best."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from jaxtyping import Float
from torch import Tensor

from fledge.errors import ConfigError
from fledge.inspect.alignment import best_head
from fledge.inspect.attention import Kind
from fledge.inspect.recording import Recording

Choice = Literal["best", "mean"]
BEST: Mapping[Kind, str] = MappingProxyType({"cross": "best aligned", "self": "most selective"})


@dataclass(frozen=True, slots=True)
class View:
    """One map of a recording, and its name in words."""

    label: str
    weights: Float[Tensor, "T S"]


def choose(
    recording: Recording,
    choice: Choice | None = None,
    layer: int | None = None,
    head: int | None = None,
) -> View:
    """Choose one map. `layer` and `head`, counted from 1, name a head.

    Without a head, `choice` takes the best head or the mean of the `layer`, or of the whole model
    if there is no layer. None is the mean of a layer or a text, the best head of a translation.

    Raises:
        ConfigError: there is no such layer or head, or a head without its layer.
    """
    maps, scores = recording.maps, recording.scores
    layers, heads = scores.shape
    _check_number("layer", layer, layers)
    _check_number("head", head, heads)
    if head is not None and layer is None:
        raise ConfigError(f"--head {head} needs a --layer, from 1 to {layers}")
    if choice is None:
        choice = "best" if maps.kind == "cross" and layer is None else "mean"
    if layer is not None and head is not None:
        return View(place(layer - 1, head - 1, scores), maps.weights[layer - 1, head - 1])
    first, last = (0, layers) if layer is None else (layer - 1, layer)
    if choice == "mean":
        where = (
            f"{layers} layers × {heads} heads"
            if layer is None
            else f"layer {layer}'s {heads} heads"
        )
        return View(f"mean of {where}", maps.weights[first:last].mean(dim=(0, 1)))
    best = best_head(scores[first:last])
    label = f"{place(first + best.layer, best.head, scores)}, {BEST[maps.kind]}"
    return View(f"{label} ({best.score:.2f})", maps.weights[first + best.layer, best.head])


def place(layer: int, head: int, scores: Float[Tensor, "L H"]) -> str:
    """Name a head among all of them; both numbers count from 1."""
    layers, heads = scores.shape
    return f"layer {layer + 1} of {layers}, head {head + 1} of {heads}"


def _check_number(name: str, number: int | None, most: int) -> None:
    if number is not None and not 1 <= number <= most:
        raise ConfigError(f"--{name} {number} does not exist: the model's go from 1 to {most}")


def picture_format(path: Path) -> Literal["png", "svg"]:
    """Read the format of a picture from its file's name.

    Raises:
        ConfigError: the name ends in neither .png nor .svg.
    """
    suffix = path.suffix.lower()
    if suffix == ".png":
        return "png"
    if suffix == ".svg":
        return "svg"
    raise ConfigError(f"{path}: a picture's name ends in .png or .svg, found {suffix or 'neither'}")
