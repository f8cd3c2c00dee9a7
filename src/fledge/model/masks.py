"""Attention masks: True where a query (a row) may look at a key (a column)."""

import torch
from jaxtyping import Bool, Int
from torch import Tensor


def causal(length: int, device: torch.device | None = None) -> Bool[Tensor, "1 1 T T"]:
    """Let each token see itself and those before it.

    A model given no mask behaves so, faster; this one is for combining with the others.
    """
    return torch.ones(length, length, dtype=torch.bool, device=device).tril()[None, None]


def key_padding(is_token: Bool[Tensor, "B S"]) -> Bool[Tensor, "B 1 1 S"]:
    """Let every query see the keys that are tokens, and none see padding."""
    return is_token[:, None, None, :]


def padded(is_token: Bool[Tensor, "B T"]) -> Bool[Tensor, "B 1 T T"]:
    """Mask rows with padding on either side causally; a padding query sees nothing."""
    length = is_token.shape[1]
    return causal(length, is_token.device) & key_padding(is_token) & is_token[:, None, :, None]


def padded_positions(is_token: Bool[Tensor, "B T"]) -> Int[Tensor, "B T"]:
    """Count positions over tokens only, from 0; padding before the first token gets 0.

    Without them a left-padded row is another text to a model with learned positions.
    """
    return (is_token.long().cumsum(dim=1) - 1).clamp(min=0)


def block_diagonal(segments: Int[Tensor, "B T"]) -> Bool[Tensor, "B 1 T T"]:
    """Mask causally within each packed document of a row.

    `segments` numbers the documents from 1; 0 is padding, which sees nothing and is not seen.
    """
    same = segments[:, None, :, None] == segments[:, None, None, :]
    tokens = (segments > 0)[:, None, :, None]
    return same & tokens & causal(segments.shape[1], segments.device)


def branching(segments: Int[Tensor, "B T"]) -> Bool[Tensor, "B 1 T T"]:
    """Mask rows of a shared prefix and its continuations, which do not see each other.

    `segments` numbers the prefix, which stands first, 1 and each continuation differently; 0 is
    padding, which sees nothing and is not seen.
    """
    prefix = segments[:, None, None, :] == 1
    same = segments[:, None, :, None] == segments[:, None, None, :]
    tokens = (segments > 0)[:, None, :, None]
    return (same | prefix) & tokens & causal(segments.shape[1], segments.device)


def segment_positions(segments: Int[Tensor, "B T"]) -> Int[Tensor, "B T"]:
    """Restart positions at 0 with every packed document, and with the padding."""
    index = torch.arange(segments.shape[1], device=segments.device).expand_as(segments)
    starts = torch.ones_like(segments, dtype=torch.bool)
    starts[:, 1:] = segments[:, 1:] != segments[:, :-1]
    return index - torch.where(starts, index, 0).cummax(dim=1).values


def cached(lengths: Int[Tensor, " B"], new: int, capacity: int) -> Bool[Tensor, "B 1 T S"]:
    """Mask `new` tokens a row that follow `lengths` cached ones, among `capacity` slots.

    Query t of a row sits in slot `lengths + t`; it sees that slot and the ones before.
    """
    slots = torch.arange(capacity, device=lengths.device)
    queries = lengths[:, None] + torch.arange(new, device=lengths.device)  # B T
    return (slots <= queries[:, :, None])[:, None]
