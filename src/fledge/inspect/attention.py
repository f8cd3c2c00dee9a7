"""Attention weights of one text, recorded as the model computes them and merged into words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from fledge.inspect.words import Word
from fledge.model.attention import record_attention
from fledge.model.gpt import GPT
from fledge.model.transformer import Transformer
from fledge.model.transformer_layers import DecoderLayer

Kind = Literal["cross", "self"]


@dataclass(frozen=True, slots=True)
class AttentionMaps:
    """Attention between the tokens or words of a text, by layer and head.

    `weights[l, h, t, s]` is the share of target t's attention that goes to source s: rows sum to 1.
    In cross-attention the targets are the words being written, each at the step that predicts it.
    In self-attention both are the same text and s > t has weight 0.
    """

    kind: Kind
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    weights: Float[Tensor, "L H T S"]


@torch.inference_mode()
def cross_attention(
    model: Transformer, source: Int[Tensor, " S"], inputs: Int[Tensor, " T"]
) -> Float[Tensor, "L H T S"]:
    """Record the decoder's weights over the source, under teacher forcing.

    `source` ends with the end token; `inputs` is the target shifted right by one, so that row t
    is the step that predicts target t.
    """
    decoder = [cast(DecoderLayer, layer) for layer in model.decoder]
    with record_attention(nn.ModuleList([layer.cross_attention for layer in decoder])) as maps:
        model(source[None], torch.ones_like(source[None], dtype=torch.bool), inputs[None])
    return torch.cat(maps)  # L × (1 H T S) → L H T S


@torch.inference_mode()
def self_attention(model: GPT, ids: Int[Tensor, " T"]) -> Float[Tensor, "L H T T"]:
    """Record the weights of each token over itself and those before it."""
    with record_attention(model) as maps:
        model.hidden(ids[None])
    return torch.cat(maps)


def merged(
    weights: Float[Tensor, "L H T S"], targets: Sequence[Word], sources: Sequence[Word]
) -> Float[Tensor, "L H T2 S2"]:
    """Merge pieces into words: the sum over a source's pieces, the mean over a target's.

    A word receives the attention of all its pieces and gives their average, so rows still sum to 1.
    """
    columns = torch.stack([weights[..., one.start : one.end].sum(dim=-1) for one in sources], -1)
    rows = [columns[..., one.start : one.end, :].mean(dim=-2) for one in targets]
    return torch.stack(rows, dim=-2)


def word_maps(
    kind: Kind,
    weights: Float[Tensor, "L H T S"],
    targets: Sequence[Word],
    sources: Sequence[Word],
) -> AttentionMaps:
    """Make the maps of words from the weights of pieces."""
    return AttentionMaps(
        kind=kind,
        sources=tuple(word.text for word in sources),
        targets=tuple(word.text for word in targets),
        weights=merged(weights, targets, sources),
    )
