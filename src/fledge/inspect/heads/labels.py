"""Labels of attention heads by their habits, measured on repeated random tokens."""

from dataclasses import dataclass
from typing import Literal, final, get_args

import torch
from jaxtyping import Float, Int
from torch import Tensor

from fledge.checkpoint.model_files import LoadedModel
from fledge.errors import GenerationError
from fledge.inspect.attention import self_attention
from fledge.inspect.grid import Grid
from fledge.inspect.table import Table

Label = Literal["previous", "itself", "same", "first", "induction"]
LABELS: tuple[Label, ...] = get_args(Label)
LEAST = 0.5
"""Share of attention from which a head has a label: at least half. The highest score names it."""
LENGTH = 25
"""Random tokens before they are repeated."""
SEQUENCES = 4
"""Number of random sequences over which scores are averaged."""


@final
@dataclass(frozen=True, slots=True)
class HeadLabels:
    """Scores of every head, each the mean share of attention on one kind of token, in [0, 1].

    The text is random tokens R, written twice. "previous" is the attention on the token before,
    "itself" on the own token, and "first" on the first token of all, from each token but the first.
    "same" and "induction" look from the second R at the first: "same" at the equal token, and
    "induction" at the token *after* the equal one, which is what comes next (Olsson et al. 2022,
    arXiv:2209.11895, "In-context learning and induction heads").
    """

    scores: Float[Tensor, "L H five"]

    def score(self, label: Label) -> Float[Tensor, "L H"]:
        """Return one kind's scores by layer and head, which count from 0 as tensors do."""
        return self.scores[:, :, LABELS.index(label)]

    def label(self, layer: int, head: int) -> Label | None:
        """Return the label of a head, both numbers from 1; None if no score reaches a half."""
        scores = self.scores[layer - 1, head - 1]
        best = int(scores.argmax())
        return LABELS[best] if float(scores[best]) >= LEAST else None

    def grid(self, label: Label) -> Grid:
        """Return one kind's scores as a map of layers by heads."""
        layers, heads = self.scores.shape[:2]
        return Grid(
            f"Heads: {label}",
            "share of attention",
            tuple(f"layer {layer}" for layer in range(1, layers + 1)),
            tuple(f"head {head}" for head in range(1, heads + 1)),
            self.score(label),
        )

    def table(self) -> Table:
        """Return a row for each head."""
        layers, heads = self.scores.shape[:2]
        rows = tuple(
            (layer, head, self.label(layer, head), *self.scores[layer - 1, head - 1].tolist())
            for layer in range(1, layers + 1)
            for head in range(1, heads + 1)
        )
        notes = ("Scores are shares of attention on random tokens, written twice.",)
        return Table("Heads", ("layer", "head", "label", *LABELS), rows, notes)

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def label_heads(loaded: LoadedModel, seed: int = 0, length: int = LENGTH) -> HeadLabels:
    """Measure what every head looks at, on `length` random tokens or as many as there is room for.

    Raises:
        GenerationError: the model's context has no room for two tokens, written twice.
    """
    opening = list(loaded.tokenizer.opening_ids)
    room = (loaded.model.config.context_length - len(opening)) // 2
    length = min(length, room)
    if length < 2:
        raise GenerationError(
            f"labels need a context of {4 + len(opening)} tokens or more; the model's has "
            f"{loaded.model.config.context_length}"
        )
    random = torch.Generator().manual_seed(seed)
    special = loaded.tokenizer.special_ids
    words = torch.tensor([i for i in range(loaded.tokenizer.vocabulary_size) if i not in special])
    device = loaded.model.token_embedding.weight.device
    scores = [
        head_scores(self_attention(loaded.model, ids.to(device)), length, len(opening))
        for ids in (_repeated(words, length, opening, random) for _ in range(SEQUENCES))
    ]
    return HeadLabels(torch.stack(scores).mean(dim=0).cpu())


def head_scores(
    weights: Float[Tensor, "L H T T"], length: int, opening: int = 0
) -> Float[Tensor, "L H five"]:
    """Score weights over `opening` tokens and then `length` tokens, written twice.

    The kinds are in the order of `LABELS`.
    """
    own = weights.diagonal(dim1=-2, dim2=-1)[..., 1:].mean(dim=-1)
    previous = weights.diagonal(offset=-1, dim1=-2, dim2=-1).mean(dim=-1)
    first = weights[..., 1:, 0].mean(dim=-1)
    second = weights[..., opening + length :, :]  # from the repeated tokens
    same = second[..., opening : opening + length].diagonal(dim1=-2, dim2=-1).mean(dim=-1)
    after = second[..., opening + 1 : opening + length + 1].diagonal(dim1=-2, dim2=-1)
    return torch.stack([previous, own, same, first, after.mean(dim=-1)], dim=-1)


def _repeated(
    words: Int[Tensor, " N"], length: int, opening: list[int], random: torch.Generator
) -> Int[Tensor, " T"]:
    """Draw tokens without repetition where there are enough, and write them twice."""
    order = torch.randperm(len(words), generator=random)[:length]
    chosen = words[order.repeat(-(-length // len(order)))[:length]]
    return torch.cat([torch.tensor(opening, dtype=torch.long), chosen, chosen])
