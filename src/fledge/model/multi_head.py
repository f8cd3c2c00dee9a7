"""Multi-head attention between two sequences: section 3.2.2 of "Attention is all you need"."""

from dataclasses import dataclass
from typing import final

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from fledge.model.attention import Attends, fused_scaled_dot_product
from fledge.model.masks import causal

SHORT = 64
"""Most queries and keys for which plain products beat torch's fused attention on a CPU: 8 times as
fast in bfloat16 at B 256, H 4, T 16, d 64, forward and backward; equal in fp32."""


@dataclass(slots=True)
class KeysValues:
    """Projected keys and values that queries look at, grown token by token while decoding."""

    keys: Float[Tensor, "B H S d"]
    values: Float[Tensor, "B H S d"]

    def append(self, other: "KeysValues") -> None:
        """Put the keys and values of new tokens behind the old."""
        self.keys = torch.cat([self.keys, other.keys], dim=2)
        self.values = torch.cat([self.values, other.values], dim=2)

    def reorder(self, rows: Int[Tensor, " N"]) -> None:
        """Let row i go on as the old row `rows[i]`."""
        self.keys, self.values = self.keys[rows], self.values[rows]


@dataclass(slots=True)
class DecoderCache:
    """Keys and values of one decoder layer while decoding; None before the first token."""

    target: KeysValues | None = None
    """Target tokens so far, for self-attention."""
    source: KeysValues | None = None
    """Encoder's output, for cross-attention."""

    def append(self, new: KeysValues) -> KeysValues:
        """Put the keys and values of new target tokens behind the old, and return all of them."""
        if self.target is None:
            self.target = new
        else:
            self.target.append(new)
        return self.target


def sentence_scaled_dot_product(
    q: Float[Tensor, "B H T d"],
    k: Float[Tensor, "B H S d"],
    v: Float[Tensor, "B H S d"],
    mask: Bool[Tensor, "#B 1 #T S"] | None,
    dropout: float,
) -> Float[Tensor, "B H T d"]:
    """Compute equation 1 for many short rows, for which the fused kernels are not made."""
    if max(q.shape[2], k.shape[2]) > SHORT:
        return fused_scaled_dot_product(q, k, v, mask, dropout)
    mask = causal(q.shape[2], q.device) if mask is None else mask
    scores = q @ k.transpose(2, 3) * q.shape[3] ** -0.5  # B H T S
    # The lowest finite number, not -inf: a row of padding alone has no softmax.
    scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    weights = scores.softmax(dim=-1, dtype=torch.float32).type_as(v)
    return F.dropout(weights, dropout) @ v


class MultiHeadAttention(Attends):
    """Figure 2, right: h heads of equation 1 side by side, with biases."""

    def __init__(self, width: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.output = nn.Linear(width, width)
        self.kernel = sentence_scaled_dot_product

    def attend(
        self,
        x: Float[Tensor, "B T D"],
        keys_values: KeysValues,
        mask: Bool[Tensor, "#B 1 #T S"] | None,
    ) -> Float[Tensor, "B T D"]:
        """Attend from each position of `x` to `keys_values`; a mask of None is causal."""
        q = self._heads(self.query(x))
        heads = self.kernel(q, keys_values.keys, keys_values.values, mask, 0.0)
        output: Tensor = self.output(heads.transpose(1, 2).flatten(2))  # B H T d → B T (H d)
        return output

    def keys_values(self, x: Float[Tensor, "B S D"]) -> KeysValues:
        """Project a sequence to the keys and values that others look at."""
        # Laid out once: a product would copy them at every step of decoding.
        keys, values = self._heads(self.key(x)), self._heads(self.value(x))
        return KeysValues(keys.contiguous(), values.contiguous())

    def _heads(self, x: Float[Tensor, "B T D"]) -> Float[Tensor, "B H T d"]:
        heads: Tensor = x.unflatten(-1, (self.num_heads, -1))  # type: ignore[no-untyped-call]
        return heads.transpose(1, 2)  # B T (H d) → B H T d


@final
class SelfAttention(MultiHeadAttention):
    """Queries, keys and values of one sequence."""

    def forward(
        self,
        x: Float[Tensor, "B T D"],
        mask: Bool[Tensor, "#B 1 #T T2"] | None,
        cache: DecoderCache | None = None,
    ) -> Float[Tensor, "B T D"]:
        """Attend from `x` to itself and to the tokens in `cache`, which takes those of `x` in."""
        keys_values = self.keys_values(x)
        if cache is not None:
            keys_values = cache.append(keys_values)
        return self.attend(x, keys_values, mask)


@final
class CrossAttention(MultiHeadAttention):
    """Queries of the target; keys and values of the encoder's output, `memory`.

    Each of A sources serves B / A neighbouring rows of the target, its beams.
    """

    def forward(
        self,
        x: Float[Tensor, "B T D"],
        memory: Float[Tensor, "A S D"],
        mask: Bool[Tensor, "A 1 1 S"],
        cache: DecoderCache | None = None,
    ) -> Float[Tensor, "B T D"]:
        """Attend from `x` to `memory`, whose keys and values are computed once for each cache."""
        # The beams of a source are further queries to the same keys.
        queries = x.reshape(len(memory), -1, x.shape[2])  # B T D → A (B/A T) D
        return self.attend(queries, self._source(memory, cache), mask).reshape(x.shape)

    def _source(self, memory: Float[Tensor, "A S D"], cache: DecoderCache | None) -> KeysValues:
        # Computed in this call and not before: where weights are sharded, they are whole only here.
        if cache is None:
            return self.keys_values(memory)
        if cache.source is None:
            cache.source = self.keys_values(memory)
        return cache.source
