"""Alignment of heads: attention compared with the influence of each source word.

Attention shows where a head looks, not whether it matters. Here every source word is hidden once.
The drop of each target word's log probability is the prediction difference (Li et al. 2019, "On
the Word Alignment from Neural Machine Translation"). A head aligns if it looks where this is large.
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
"""Number of sources with a hidden word in one forward pass; no effect on the result."""
HABITUAL = 0.5
"""A head has a habit if at least this share of its attention goes there."""
FEWEST_WORDS_FOR_HABITS = 4
"""Shortest text with habits; a shorter one leaves too few other words to look at."""

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
    """Measure the nats by which hiding a source word lowers log p of a target word; at least 0.

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
    """Rate how much of its attention each head gives to influential words, in [0, 1].

    The score is Σ w·i / Σ max i over all target and source words but the last of each, the end. A
    head at rest looks at the end of the sentence and scores 0. A target word counts as much as it
    depends on the source. A head that sees only the most influential words scores 1.
    """
    matters = influence[:-1, :-1]
    best = matters.max(dim=1).values.sum().clamp(min=torch.finfo(matters.dtype).tiny)
    return torch.einsum("lhts,ts->lh", weights[..., :-1, :-1], matters) / best


def selectivity_scores(weights: Float[Tensor, "L H T T"]) -> Float[Tensor, "L H"]:
    """Rate how much of its attention each head gives to one word of its choice, in [0, 1].

    The score is the mean over words of the largest weight. Weights on the first word, where heads
    rest, on the word itself and on the word before it, which need no choice, do not count.
    """
    length = weights.shape[-1]
    free = torch.ones(length, length, dtype=torch.bool, device=weights.device).tril(diagonal=-2)
    free[:, 0] = False
    if not free.any():
        return torch.zeros(weights.shape[:2], device=weights.device)
    rows = free.any(dim=1)
    return (weights * free).amax(dim=-1)[..., rows].mean(dim=-1)


def best_head(scores: Float[Tensor, "L H"]) -> Head:
    """Return the head of the highest score; the first of equals."""
    layer, head = divmod(int(scores.flatten().argmax()), scores.shape[1])
    return Head(layer, head, float(scores[layer, head]))


def habits(weights: Float[Tensor, "L H T S"], kind: Kind) -> list[list[Habit | None]]:
    """Name the place that gets half of a head's attention whatever the words are; None without one.

    In self-attention this is the word before, the first word or the word itself; in
    cross-attention it is the end of the source.
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
    """Return log p of each target, with the source read under each mask."""
    rows = len(masks)
    logits: Tensor = model(source.expand(rows, -1), masks, inputs.expand(rows, -1))
    return logits.log_softmax(dim=-1)[:, torch.arange(len(targets)), targets]
