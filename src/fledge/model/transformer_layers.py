"""Layers of the encoder-decoder: the two columns of Figure 1, arXiv:1706.03762."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import final

import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from fledge.model.layers import LayerNorm
from fledge.model.multi_head import CrossAttention, DecoderCache, SelfAttention
from fledge.model.transformer_config import TransformerConfig

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "swish": F.silu,
    "gelu": F.gelu,
}


@final
class PositionwiseFeedForward(nn.Module):
    """Computes max(0, x W1 + b1) W2 + b2, equation 2, or the same with Marian's activation."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.up = nn.Linear(config.width, config.feed_forward_width)
        self.down = nn.Linear(config.feed_forward_width, config.width)
        self.activation = ACTIVATIONS[config.activation]

    def forward(self, x: Float[Tensor, "B T D"]) -> Float[Tensor, "B T D"]:
        down: Tensor = self.down(self.activation(self.up(x)))
        return down


@final
class Residual(nn.Module):
    """The box Add & Norm of Figure 1: LayerNorm(x + Dropout(update))."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.norm = LayerNorm(config.width, eps=config.norm_epsilon)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self, x: Float[Tensor, "B T D"], update: Float[Tensor, "B T D"]
    ) -> Float[Tensor, "B T D"]:
        normed: Tensor = self.norm(self.add(x, update))
        return normed

    def add(
        self, x: Float[Tensor, "B T D"], update: Float[Tensor, "B T D"]
    ) -> Float[Tensor, "B T D"]:
        """Return x + Dropout(update); pre-norm applies `norm` to x, before the sublayer."""
        summed: Tensor = x + self.dropout(update)
        return summed


class EncoderLayer(nn.Module, ABC):
    """Parts of an encoder layer; the subclass places the norms."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.self_attention = SelfAttention(config.width, config.num_heads)
        self.feed_forward = PositionwiseFeedForward(config)
        self.self_attention_residual = Residual(config)
        self.feed_forward_residual = Residual(config)

    @abstractmethod
    def forward(
        self, x: Float[Tensor, "B S D"], mask: Bool[Tensor, "B 1 1 S"]
    ) -> Float[Tensor, "B S D"]:
        """Return the next layer's input; `mask` is True on tokens."""


@final
class PostNormEncoderLayer(EncoderLayer):
    """Left half of Figure 1, one of N: LayerNorm(x + Sublayer(x))."""

    def forward(
        self, x: Float[Tensor, "B S D"], mask: Bool[Tensor, "B 1 1 S"]
    ) -> Float[Tensor, "B S D"]:
        x = self.self_attention_residual(x, self.self_attention(x, mask))
        x = self.feed_forward_residual(x, self.feed_forward(x))
        return x


@final
class PreNormEncoderLayer(EncoderLayer):
    """Pre-norm (Xiong et al. 2020, arXiv:2002.04745), one of N: x + Sublayer(LayerNorm(x))."""

    def forward(
        self, x: Float[Tensor, "B S D"], mask: Bool[Tensor, "B 1 1 S"]
    ) -> Float[Tensor, "B S D"]:
        h = self.self_attention_residual.norm(x)
        x = self.self_attention_residual.add(x, self.self_attention(h, mask))
        h = self.feed_forward_residual.norm(x)
        x = self.feed_forward_residual.add(x, self.feed_forward(h))
        return x


class DecoderLayer(nn.Module, ABC):
    """Parts of a decoder layer; the subclass places the norms."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.self_attention = SelfAttention(config.width, config.num_heads)
        self.cross_attention = CrossAttention(config.width, config.num_heads)
        self.feed_forward = PositionwiseFeedForward(config)
        self.self_attention_residual = Residual(config)
        self.cross_attention_residual = Residual(config)
        self.feed_forward_residual = Residual(config)

    @abstractmethod
    def forward(
        self,
        x: Float[Tensor, "B T D"],
        memory: Float[Tensor, "A S D"],
        target_mask: Bool[Tensor, "#B 1 #T T2"] | None,
        source_mask: Bool[Tensor, "A 1 1 S"],
        cache: DecoderCache | None = None,
    ) -> Float[Tensor, "B T D"]:
        """Return the next layer's input.

        `memory` is the encoder's output, of A = B sources or fewer (see `CrossAttention`). A
        `target_mask` of None is causal. A `cache` adds the tokens of earlier calls to `x`.
        """


@final
class PostNormDecoderLayer(DecoderLayer):
    """Right half of Figure 1, one of N: LayerNorm(x + Sublayer(x))."""

    def forward(
        self,
        x: Float[Tensor, "B T D"],
        memory: Float[Tensor, "A S D"],
        target_mask: Bool[Tensor, "#B 1 #T T2"] | None,
        source_mask: Bool[Tensor, "A 1 1 S"],
        cache: DecoderCache | None = None,
    ) -> Float[Tensor, "B T D"]:
        x = self.self_attention_residual(x, self.self_attention(x, target_mask, cache))
        x = self.cross_attention_residual(x, self.cross_attention(x, memory, source_mask, cache))
        x = self.feed_forward_residual(x, self.feed_forward(x))
        return x


@final
class PreNormDecoderLayer(DecoderLayer):
    """Pre-norm (Xiong et al. 2020, arXiv:2002.04745), one of N: x + Sublayer(LayerNorm(x))."""

    def forward(
        self,
        x: Float[Tensor, "B T D"],
        memory: Float[Tensor, "A S D"],
        target_mask: Bool[Tensor, "#B 1 #T T2"] | None,
        source_mask: Bool[Tensor, "A 1 1 S"],
        cache: DecoderCache | None = None,
    ) -> Float[Tensor, "B T D"]:
        h = self.self_attention_residual.norm(x)
        x = self.self_attention_residual.add(x, self.self_attention(h, target_mask, cache))
        h = self.cross_attention_residual.norm(x)
        x = self.cross_attention_residual.add(
            x, self.cross_attention(h, memory, source_mask, cache)
        )
        h = self.feed_forward_residual.norm(x)
        x = self.feed_forward_residual.add(x, self.feed_forward(h))
        return x


def make_encoder_layer(config: TransformerConfig) -> EncoderLayer:
    """Make an encoder layer with its norms where the settings place them."""
    if config.norm_position == "post":
        return PostNormEncoderLayer(config)
    return PreNormEncoderLayer(config)


def make_decoder_layer(config: TransformerConfig) -> DecoderLayer:
    """Make a decoder layer with its norms where the settings place them."""
    if config.norm_position == "post":
        return PostNormDecoderLayer(config)
    return PreNormDecoderLayer(config)
