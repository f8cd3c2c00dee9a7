"""Rows in which the answers to one prompt share it, so that a model reads it once."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from fledge.data.batch import ComparisonBatch


@dataclass(frozen=True, slots=True)
class SharedPrompts:
    """A row is what the K answers have in common, then the rest of each, right-padded.

    `segments` numbers the parts of a row from 1, as `masks.branching` takes them. `last` holds the
    place of each answer's last token; where an answer is missing it means nothing.
    """

    ids: Int[Tensor, "B L"]
    positions: Int[Tensor, "B L"]
    segments: Int[Tensor, "B L"]
    last: Int[Tensor, "B K"]


def shared_lengths(batch: ComparisonBatch) -> Int[Tensor, " B"]:
    """Return the number of tokens with which all answers of a row begin.

    The last token of the shortest is not among them: every answer keeps one of its own.
    """
    is_answer, longest = batch.lengths > 0, batch.ids.shape[2]
    shortest = batch.lengths.masked_fill(~is_answer, longest).amin(dim=1)
    alike = (batch.ids == batch.ids[:, :1]) | ~is_answer[:, :, None]  # B K T
    before_end = torch.arange(1, longest + 1, device=batch.ids.device) < shortest[:, None]
    return (alike.all(dim=1) & before_end).long().cumprod(dim=1).sum(dim=1)


def is_worth_sharing(batch: ComparisonBatch, shared: Int[Tensor, " B"]) -> bool:
    """Tell whether shared rows have fewer tokens than rows of their own, and no more pairs of them.

    Attention computes all pairs of a row, masked or not; of long answers most would be masked.
    """
    together, alone = shared_shape(batch, shared), own_shape(batch)
    pairs, own_pairs = (rows * length**2 for rows, length in (together, alone))
    return math.prod(together) < math.prod(alone) and pairs <= own_pairs


def num_places(batch: ComparisonBatch) -> int:
    """Count the tokens of the rows that the model reads, padding included."""
    shared = shared_lengths(batch)
    if is_worth_sharing(batch, shared):
        return math.prod(shared_shape(batch, shared))
    return math.prod(own_shape(batch))


def shared_shape(batch: ComparisonBatch, shared: Int[Tensor, " B"]) -> tuple[int, int]:
    """Return the rows of `share_prompts` and their length."""
    own = (batch.lengths - shared[:, None]).clamp(min=0).sum(dim=1)
    return len(shared), int((shared + own).max())


def own_shape(batch: ComparisonBatch) -> tuple[int, int]:
    """Return the number of answers and the length of the longest."""
    return int((batch.lengths > 0).sum()), int(batch.lengths.max())


def share_prompts(batch: ComparisonBatch, shared: Int[Tensor, " B"]) -> SharedPrompts:
    """Lay the answers of each row behind their first `shared` tokens.

    No row lacks its first answer.
    """
    rows, answers, longest = batch.ids.shape
    places = torch.arange(longest, device=batch.ids.device)
    answer = torch.arange(answers, device=batch.ids.device)[:, None]
    is_own = places >= shared[:, None, None]  # B 1 T
    is_kept = (places < batch.lengths[:, :, None]) & (is_own | (answer == 0))  # B K T
    slots = is_kept.flatten(1).cumsum(dim=1) - 1  # B (K T)
    length = int(slots.max()) + 1
    targets = slots.masked_fill(~is_kept.flatten(1), length)

    def lay_out(values: Int[Tensor, "B K T"]) -> Int[Tensor, "B L"]:
        row = values.new_zeros(rows, length + 1)
        return row.scatter(1, targets, values.flatten(1))[:, :length]

    ends = (batch.lengths - 1).clamp(min=0)[:, :, None]
    return SharedPrompts(
        ids=lay_out(batch.ids),
        positions=lay_out(places.expand_as(batch.ids)),
        segments=lay_out(torch.where(is_own, answer + 2, 1)),
        last=slots.view(rows, answers, longest).gather(2, ends)[:, :, 0],
    )
