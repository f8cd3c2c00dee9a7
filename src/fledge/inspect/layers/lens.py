"""The logit lens: what each layer would say next (nostalgebraist 2020, "interpreting GPT")."""

from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from fledge.checkpoint.model_files import LoadedModel
from fledge.inspect.grid import Grid
from fledge.inspect.layers.capture import residuals
from fledge.inspect.reading import Reading, piece
from fledge.inspect.table import Cell, Table
from fledge.model.gpt import GPT


@final
@dataclass(frozen=True, slots=True)
class LogitLens:
    """The best token after each position, layer by layer; row 0 is the embedding.

    `true_probability` is that of the token which does follow in the text; the last position has
    none, so it has one column fewer.
    """

    pieces: tuple[str, ...]
    top_ids: Int[Tensor, "L1 T"]
    top_pieces: tuple[tuple[str, ...], ...]
    top_probability: Float[Tensor, "L1 T"]
    true_probability: Float[Tensor, "L1 T1"]

    @property
    def layers(self) -> tuple[str, ...]:
        """Label of each row."""
        return ("embedding", *(f"layer {layer}" for layer in range(1, len(self.top_ids))))

    def grid(self) -> Grid:
        """Return the best tokens and their probabilities as a map."""
        title = "Logit lens: the best next token after each token"
        return Grid(
            title, "probability", self.layers, self.pieces, self.top_probability, self.top_pieces
        )

    def table(self) -> Table:
        """Return a row for each layer and position."""
        rows: list[tuple[Cell, ...]] = []
        for row, layer in enumerate(self.layers):
            for column, text in enumerate(self.pieces):
                has_next = column + 1 < len(self.pieces)
                rows.append(
                    (
                        *(layer, column + 1, text, self.top_pieces[row][column]),
                        float(self.top_probability[row, column]),
                        self.pieces[column + 1] if has_next else None,
                        float(self.true_probability[row, column]) if has_next else None,
                    )
                )
        columns = ("layer", "position", "after", "best", "probability", "true", "p(true)")
        return Table("Logit lens", columns, tuple(rows))

    def _repr_html_(self) -> str:
        return self.grid().table()._repr_html_()


@torch.inference_mode()
def logit_lens(loaded: LoadedModel, reading: Reading) -> LogitLens:
    """Read every layer's residual stream through the final norm and the output matrix."""
    model = loaded.model
    ids = reading.tensor(model.token_embedding.weight.device)
    best, probabilities, true = [], [], []
    for stream in residuals(model, ids):
        chances = lens_logits(model, stream)[0].softmax(dim=-1)  # T V, one layer at a time
        top = chances.max(dim=-1)
        best.append(top.indices)
        probabilities.append(top.values)
        true.append(chances[:-1].gather(-1, ids[0, 1:, None])[:, 0])
    top_ids = torch.stack(best)
    names = tuple(tuple(piece(loaded.tokenizer, id_) for id_ in row) for row in top_ids.tolist())
    return LogitLens(reading.pieces, top_ids, names, torch.stack(probabilities), torch.stack(true))


def lens_logits(model: GPT, stream: Float[Tensor, "*any D"]) -> Float[Tensor, "*any V"]:
    """Return the logits of a residual stream, as if no layer came after it."""
    return model.logits(model.final_norm(stream))
