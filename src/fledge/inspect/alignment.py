"""Which head aligns: attention held against what the model could not do without.

Attention says where a head looks, not whether it matters. Here every source word is hidden once,
and each target word becomes less likely by so much: the prediction difference (Li et al. 2019,
"On the Word Alignment from Neural Machine Translation"). A head aligns as far as it looks there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from fledge.inspect.attention import Kind
from fledge.inspect.words import Word
from fledge.model.transformer import Transformer

ROWS_AT_A_TIME = 32
"""Sources with a hidden word that are read together; no effect on the result."""
HABITUAL = 0.5
"""A head has a habit if at least this share of its attention goes there."""
FEWEST_WORDS_FOR_HABITS = 4
"""With fewer there is too little to look elsewhere."""

Habit = Literal["previous", "first", "itself", "end"]


@dataclass(frozen=True, slots=True)
class Head:
    """One head, counted from 0, and its score."""

    layer: int
    head: int
    score: float


@torch.inference_mode()
def influence(
    model: Transformer,
    source: Int[Tensor, " S"],
    inputs: Int[Tensor, " T"],
    targets: Int[Tensor, " T"],
    target_words: Sequence[Word],
    source_words: Sequence[Word],
) -> Float[Tensor, "T2 S2"]:
    """Nats by which hiding a source word lowers log p of a target word; at least 0.

    A hidden word's pieces are masked in encoder and decoder; the positions of the others stay.
    """
    masks = torch.ones(len(source_words) + 1, len(source), dtype=torch.bool, device=source.device)
    for row, word in enumerate(source_words, start=1):
        masks[row, word.start : word.end] = False
    log_probs = torch.cat(
        [
            _log_probs(model, source, part, inputs, targets)
            for part in torch.split(masks, ROWS_AT_A_TIME)
        ]
    )
    drops = log_probs[0] - log_probs[1:]  # S2 T
    return torch.stack([drops[:, one.start : one.end].sum(dim=1) for one in target_words]).relu()


def alignment_scores(
    weights: Float[Tensor, "L H T S"], influence: Float[Tensor, "T S"]
) -> Float[Tensor, "L H"]:
    """How much of its attention each head gives to the words that matter, in [0, 1].

    Σ w·i / Σ max i over the target words but the last, the end, and the source words but the last:
    a head at rest looks at the end of the sentence and scores 0, and a target word counts as much
    as it depends on the source. 1 is a head that sees, of each, only the most influential word.
    """
    matters = influence[:-1, :-1]
    best = matters.max(dim=1).values.sum().clamp(min=torch.finfo(matters.dtype).tiny)
    return torch.einsum("lhts,ts->lh", weights[..., :-1, :-1], matters) / best


def selectivity_scores(weights: Float[Tensor, "L H T T"]) -> Float[Tensor, "L H"]:
    """How much of its attention each head gives to one word of its choice, in [0, 1].

    The mean over words of the largest weight, other than on the first word (where heads rest), on
    itself and on the word before (which need no choice).
    """
    length = weights.shape[-1]
    free = torch.ones(length, length, dtype=torch.bool, device=weights.device).tril(diagonal=-2)
    free[:, 0] = False
    if not free.any():
        return torch.zeros(weights.shape[:2], device=weights.device)
    rows = free.any(dim=1)
    return (weights * free).amax(dim=-1)[..., rows].mean(dim=-1)


def best_head(scores: Float[Tensor, "L H"]) -> Head:
    """The head of the highest score; the first of equals."""
    layer, head = divmod(int(scores.flatten().argmax()), scores.shape[1])
    return Head(layer, head, float(scores[layer, head]))


def habits(weights: Float[Tensor, "L H T S"], kind: Kind) -> list[list[Habit | None]]:
    """What each head does whatever the words are, if it does so with half of its attention.

    In self-attention: look at the word before, at the first one, or at the word itself; in
    cross-attention: rest on the end of the source.
    """
    if kind == "cross":
        shares: dict[Habit, Tensor] = {"end": weights[..., -1].mean(dim=-1)}
    elif weights.shape[-1] < FEWEST_WORDS_FOR_HABITS:
        shares = {}
    else:
        late = weights[..., 2:, :]  # where first, previous and itself are three words
        shares = {
            "previous": late.diagonal(1, -2, -1).mean(dim=-1),
            "first": late[..., 0].mean(dim=-1),
            "itself": late.diagonal(2, -2, -1).mean(dim=-1),
        }
    return [
        [
            next((name for name, share in shares.items() if share[layer, head] >= HABITUAL), None)
            for head in range(weights.shape[1])
        ]
        for layer in range(weights.shape[0])
    ]


def _log_probs(
    model: Transformer,
    source: Int[Tensor, " S"],
    masks: Bool[Tensor, "B S"],
    inputs: Int[Tensor, " T"],
    targets: Int[Tensor, " T"],
) -> Float[Tensor, "B T"]:
    """log p of each target, the source read under each mask."""
    rows = len(masks)
    logits: Tensor = model(source.expand(rows, -1), masks, inputs.expand(rows, -1))
    return logits.log_softmax(dim=-1)[:, torch.arange(len(targets)), targets]
