"""Multi-head attention: equation 1 and Figure 2 of "Attention is all you need" (arXiv:1706.03762),
with grouped queries (Ainslie et al. 2023, arXiv:2305.13245) and normalised q and k (Qwen3)."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from fledge.model.cache import LayerCache
from fledge.model.config import GPTConfig
from fledge.model.layers import RMSNorm
from fledge.model.masks import causal
from fledge.model.positions import Rotation, rotate
from fledge.native import attention as native

SHORT = 128
"""Most queries that torch attends in fp32 on a CPU where the model computes in bfloat16: in
bfloat16 its backward pass is half as fast at T 32, as fast from T 256 on (torch 2.13)."""


class Kernel(Protocol):
    """Function that computes equation 1; a mask of None is causal, `dropout` the weights' rate."""

    def __call__(
        self,
        q: Float[Tensor, "B H T d"],
        k: Float[Tensor, "B G S d"],
        v: Float[Tensor, "B G S d"],
        mask: Bool[Tensor, "#B 1 #T S"] | None,
        dropout: float,
    ) -> Float[Tensor, "B H T d"]: ...


AttentionMaps = list[Float[Tensor, "B H T S"]]
"""Weights of every attention in the order they ran: one a layer for each forward pass."""


class Attends(nn.Module):
    """Base of the attentions: `kernel` computes softmax(QKᵀ/√d) V.

    It is torch's fused one unless `record_attention` is on.
    """

    kernel: Kernel


class Attention(Attends):
    """Figure 2 with a causal mask."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.heads = (config.num_heads, config.num_key_value_heads, config.num_key_value_heads)
        self.head_width = config.head_width
        # One matrix for q, k and v: one product, not three.
        self.query_key_value = nn.Linear(
            config.width, sum(self.heads) * config.head_width, bias=config.bias != "none"
        )
        self.output = nn.Linear(
            config.num_heads * config.head_width, config.width, bias=config.bias == "all"
        )
        self.query_norm: RMSNorm | None = None
        self.key_norm: RMSNorm | None = None
        if config.query_key_norm:
            self.query_norm = RMSNorm(config.head_width, eps=config.norm_epsilon)
            self.key_norm = RMSNorm(config.head_width, eps=config.norm_epsilon)
        self.dropout = nn.Dropout(config.dropout)
        self.kernel = fused_scaled_dot_product

    def forward(
        self,
        x: Float[Tensor, "B T D"],
        mask: Bool[Tensor, "#B 1 #T S"] | None,
        rotation: Rotation | None,
        cache: LayerCache | None = None,
    ) -> Float[Tensor, "B T D"]:
        q, k, v = self._project(x, rotation)  # B T H d, B T G d, B T G d
        q, k, v = q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)  # → B H T d
        if cache is not None:
            k, v = cache.append(k, v)  # B G T d → B G S d
        dropout = self.dropout.p if self.training else 0.0
        heads = self.kernel(q.type_as(k), k, v, mask, dropout).type_as(q)
        output: Tensor = self.output(heads.transpose(1, 2).flatten(2))  # B H T d → B T (H d)
        return output

    def _project(
        self, x: Float[Tensor, "B T D"], rotation: Rotation | None
    ) -> tuple[Float[Tensor, "B T H d"], Float[Tensor, "B T G d"], Float[Tensor, "B T G d"]]:
        heads = self.query_key_value(x).unflatten(-1, (-1, self.head_width))
        q, k, v = heads.split(self.heads, dim=2)
        if self.query_norm is not None and self.key_norm is not None:
            q, k = self.query_norm(q), self.key_norm(k)
        if rotation is not None:
            # Turned together: decoding one token costs what its many small operations cost.
            turned = rotate(torch.cat((q, k), dim=2), rotation)
            q, k = turned.tensor_split((q.shape[2],), dim=2)
        return q, k, v


def fused_scaled_dot_product(
    q: Float[Tensor, "B H T d"],
    k: Float[Tensor, "B G S d"],
    v: Float[Tensor, "B G S d"],
    mask: Bool[Tensor, "#B 1 #T S"] | None,
    dropout: float,
) -> Float[Tensor, "B H T d"]:
    """Compute equation 1 by torch's fused kernels, which never hold the weights as a whole.

    A query whose mask is all False gives zeros. On a CPU whole texts in bfloat16 are fledge's own
    kernel's, with and without gradients alike: PPO's first ratio is 1 only if both round alike.
    """
    if native.takes(q, k, mask, dropout):
        return native.attend(q, k, v, mask)
    if q.dtype == torch.bfloat16 and _is_short_on_cpu(q):
        with torch.autocast("cpu", enabled=False):
            heads = fused_scaled_dot_product(q.float(), k.float(), v.float(), mask, dropout)
        return heads.type_as(q)
    if q.shape[2] == 1 and mask is not None:
        # One new token: the queries of a group become rows over the same keys, which are then read
        # once (on a CPU 2 times as fast in fp32, 9 in bf16, at B 64, S 128, H 8, G 2).
        grouped = q.reshape(q.shape[0], k.shape[1], -1, q.shape[3])  # B H 1 d → B G (H/G) d
        return F.scaled_dot_product_attention(grouped, k, v, mask, dropout).reshape(q.shape)
    return F.scaled_dot_product_attention(
        q,
        k,
        v,
        attn_mask=mask,
        dropout_p=dropout,
        is_causal=mask is None,
        enable_gqa=q.shape[1] != k.shape[1],
    )


def _is_short_on_cpu(q: Float[Tensor, "B H T d"]) -> bool:
    return q.device.type == "cpu" and q.shape[2] <= SHORT


def scaled_dot_product(
    q: Float[Tensor, "B H T d"],
    k: Float[Tensor, "B G S d"],
    v: Float[Tensor, "B G S d"],
    mask: Bool[Tensor, "#B 1 #T S"],
) -> tuple[Float[Tensor, "B H T d"], Float[Tensor, "B H T S"]]:
    """Compute softmax(QKᵀ/√d_k) V, equation 1, and the softmax: how much of each key was taken.

    A query whose mask is all False gives zeros and takes nothing.
    """
    group = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(group, dim=1), v.repeat_interleave(group, dim=1)  # G → H
    scores = torch.einsum("bhtd,bhsd->bhts", q, k).float() / math.sqrt(q.shape[-1])
    # The lowest finite number, not -inf: a row of -inf has no softmax.
    scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    weights = scores.softmax(dim=-1) * mask
    return torch.einsum("bhts,bhsd->bhtd", weights.type_as(v), v), weights


@contextmanager
def record_attention(model: nn.Module) -> Iterator[AttentionMaps]:
    """Append the weights of every attention of `model` to the yielded list, within the block.

    The numbers are those of the fused kernel up to rounding, without dropout on the weights.

    Example:
        `with record_attention(model) as maps: model(ids)`, then `maps[0]` is the first layer's.
    """
    maps: AttentionMaps = []

    def recording(
        q: Float[Tensor, "B H T d"],
        k: Float[Tensor, "B G S d"],
        v: Float[Tensor, "B G S d"],
        mask: Bool[Tensor, "#B 1 #T S"] | None,
        dropout: float,
    ) -> Float[Tensor, "B H T d"]:
        mask = causal(q.shape[2], q.device) if mask is None else mask
        output, weights = scaled_dot_product(q, k, v, mask)
        maps.append(weights.detach())
        return output

    attentions = [module for module in model.modules() if isinstance(module, Attends)]
    kernels = [attention.kernel for attention in attentions]
    try:
        for attention in attentions:
            attention.kernel = recording
        yield maps
    finally:
        for attention, kernel in zip(attentions, kernels, strict=True):
            attention.kernel = kernel
