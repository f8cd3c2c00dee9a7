"""Activation patching: put one prompt's activations into another, and measure a logit difference.

As Wang et al. 2022 (arXiv:2211.00593), after the causal tracing of Meng et al. 2022
(arXiv:2202.05262).
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from fledge.checkpoint.model_files import LoadedModel
from fledge.errors import ConfigError
from fledge.inspect.grid import Grid
from fledge.inspect.layers.capture import (
    Change,
    Site,
    changed,
    changed_residual,
    outputs,
    residuals,
)
from fledge.inspect.reading import Reading, piece
from fledge.inspect.table import Table
from fledge.model.gpt import GPT

Stream = Literal["residual", "attention", "feed_forward"]
EQUAL = 1e-4
"""Relative difference up to which two logit differences are equal but for rounding."""
ROWS = 16
"""Number of positions patched in one pass of the model."""


@final
@dataclass(frozen=True, slots=True)
class Patching:
    """Effect of each patch on the logit difference of two answers.

    `differences[l, t]` is logit(answer) − logit(other) at the end of the corrupted prompt, with the
    clean prompt's activation at layer l and position t; `clean` and `corrupted` are those of the
    unchanged runs.
    """

    stream: Stream
    answer: str
    other: str
    clean_pieces: tuple[str, ...]
    corrupted_pieces: tuple[str, ...]
    clean: float
    corrupted: float
    differences: Float[Tensor, "L T"]

    @property
    def effects(self) -> Float[Tensor, "L T"]:
        """Share of the clean difference that is restored: 0 like corrupted, 1 like clean."""
        return (self.differences - self.corrupted) / (self.clean - self.corrupted)

    def grid(self) -> Grid:
        """Return the effects as a map of layers by positions."""
        pairs = zip(self.clean_pieces, self.corrupted_pieces, strict=True)
        columns = tuple(a if a == b else f"{b}←{a}" for a, b in pairs)
        rows = tuple(f"layer {layer}" for layer in range(1, len(self.differences) + 1))
        name = self.stream.replace("_", "-")
        return Grid(f"Patching the {name}", "share restored", rows, columns, self.effects)

    def table(self) -> Table:
        """Return the map as a table, with the differences of the unchanged prompts."""
        table = self.grid().table()
        note = (
            f"logit({self.answer!r}) − logit({self.other!r}): {self.clean:.3f} clean, "
            f"{self.corrupted:.3f} corrupted."
        )
        return Table(table.title, table.columns, table.rows, (note,))

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


@torch.inference_mode()
def patch(
    loaded: LoadedModel,
    clean: Reading,
    corrupted: Reading,
    stream: Stream = "residual",
    answer: int | None = None,
    other: int | None = None,
) -> Patching:
    """Put the clean prompt's activations into the corrupted one, one layer and position at a time.

    "residual" is the stream that enters the layer, the others are what attention or feed-forward
    add to it. `answer` and `other` are ids; None is the best next token of the clean and of the
    corrupted prompt.

    Raises:
        ConfigError: the prompts differ in their number of tokens, the answers are the same, or
            both prompts tell them apart equally.
    """
    model = loaded.model
    if len(clean.ids) != len(corrupted.ids):
        raise ConfigError(
            f"patching needs prompts of equal length: the clean one has {len(clean.ids)} tokens, "
            f"the corrupted one {len(corrupted.ids)}; replace a word by one with the same number "
            "of tokens"
        )
    device = model.token_embedding.weight.device
    clean_ids, corrupted_ids = clean.tensor(device), corrupted.tensor(device)
    clean_logits, corrupted_logits = _last(model, clean_ids), _last(model, corrupted_ids)
    right = int(clean_logits.argmax()) if answer is None else answer
    wrong = int(corrupted_logits.argmax()) if other is None else other
    label, other_label = piece(loaded.tokenizer, right), piece(loaded.tokenizer, wrong)
    if right == wrong:
        raise ConfigError(
            f"both answers are {label!r}, so their logits do not differ; name another with "
            "--answer or --other"
        )
    before = float(clean_logits[0, right] - clean_logits[0, wrong])
    after = float(corrupted_logits[0, right] - corrupted_logits[0, wrong])
    if abs(before - after) < EQUAL * max(abs(before), abs(after), 1.0):
        raise ConfigError(
            f"logit({label!r}) − logit({other_label!r}) is {before:.4f} for both prompts, so no "
            "effect can be measured; choose prompts or answers that differ"
        )
    rows = [
        _patched(model, corrupted_ids, values, layer, stream, right, wrong)
        for layer, values in enumerate(_activations(model, clean_ids, stream), start=1)
    ]
    return Patching(
        stream,
        label,
        other_label,
        clean.pieces,
        corrupted.pieces,
        before,
        after,
        torch.stack(rows),
    )


def _activations(model: GPT, ids: Int[Tensor, "1 T"], stream: Stream) -> list[Float[Tensor, "T D"]]:
    if stream == "residual":
        return [values[0] for values in residuals(model, ids)[:-1]]
    layers = range(1, model.config.num_layers + 1)
    return [outputs(model, ids, Site(layer, stream))[0][0] for layer in layers]


def _patched(
    model: GPT,
    ids: Int[Tensor, "1 T"],
    values: Float[Tensor, "T D"],
    layer: int,
    stream: Stream,
    right: int,
    wrong: int,
) -> Float[Tensor, " T"]:
    """Return the logit difference with each position of one layer patched; each has a row."""
    differences = []
    for positions in torch.split(torch.arange(ids.shape[1], device=ids.device), ROWS):
        with _patch_at(model, layer, stream, _placed(values, positions)):
            logits = _last(model, ids.expand(len(positions), -1))
        differences.append(logits[:, right] - logits[:, wrong])
    return torch.cat(differences)


def _patch_at(
    model: GPT, layer: int, stream: Stream, change: Change
) -> AbstractContextManager[None]:
    if stream == "residual":
        return changed_residual(model, layer, change)
    return changed(model, Site(layer, stream), [change])


def _placed(values: Float[Tensor, "T D"], positions: Int[Tensor, " B"]) -> Change:
    """Return a change that gives row b the value of `positions[b]` at that position."""

    def change(output: Tensor) -> Tensor:
        patched = output.clone()
        patched[torch.arange(len(positions), device=output.device), positions] = values[positions]
        return patched

    return change


def _last(model: GPT, ids: Int[Tensor, "B T"]) -> Float[Tensor, "B V"]:
    return model.logits(model.hidden(ids)[:, -1])
