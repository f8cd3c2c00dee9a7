"""Layers between the attentions: norms and feed-forward layers."""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from fledge.model.config import GPTConfig


class RMSNorm(nn.RMSNorm):
    """x / √(mean(x²) + ε) · weight (Zhang and Sennrich 2019, arXiv:1910.07467), fp32 inside."""

    def forward(self, x: Float[Tensor, "*any D"]) -> Float[Tensor, "*any D"]:
        weight = self.weight.float()
        return F.rms_norm(x.float(), self.normalized_shape, weight, self.eps).type_as(x)


class LayerNorm(nn.LayerNorm):
    """Layer normalisation (Ba et al. 2016, arXiv:1607.06450), fp32 inside."""

    def forward(self, x: Float[Tensor, "*any D"]) -> Float[Tensor, "*any D"]:
        weight, bias = self.weight.float(), self.bias.float()
        return F.layer_norm(x.float(), self.normalized_shape, weight, bias, self.eps).type_as(x)


class GeluFeedForward(nn.Module):
    """GPT-2's feed-forward: GELU in its tanh form (Hendrycks and Gimpel 2016, arXiv:1606.08415)."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        bias = config.bias == "all"
        self.up = nn.Linear(config.width, config.feed_forward_width, bias=bias)
        self.down = nn.Linear(config.feed_forward_width, config.width, bias=bias)

    def forward(self, x: Float[Tensor, "B T D"]) -> Float[Tensor, "B T D"]:
        down: Tensor = self.down(F.gelu(self.up(x), approximate="tanh"))
        return down


class SwiGLUFeedForward(nn.Module):
    """down(silu(gate x) · up x) (Shazeer 2020, arXiv:2002.05202)."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        bias = config.bias == "all"
        # One matrix for gate and up: one product, not two.
        self.gate_up = nn.Linear(config.width, 2 * config.feed_forward_width, bias=bias)
        self.down = nn.Linear(config.feed_forward_width, config.width, bias=bias)

    def forward(self, x: Float[Tensor, "B T D"]) -> Float[Tensor, "B T D"]:
        gate, up = self.gate_up(x).chunk(2, dim=-1)
        down: Tensor = self.down(F.silu(gate) * up)
        return down


def set_dropout(model: nn.Module, rate: float) -> None:
    """Use this rate in every dropout of `model` from now on."""
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = rate


def make_norm(config: GPTConfig) -> RMSNorm | LayerNorm:
    """Make the norm of width D that the settings choose."""
    norm = RMSNorm if config.norm == "rms" else LayerNorm
    return norm(config.width, eps=config.norm_epsilon)


def make_feed_forward(config: GPTConfig) -> GeluFeedForward | SwiGLUFeedForward:
    """Make the feed-forward layer that the settings choose."""
    return (GeluFeedForward if config.feed_forward == "gelu" else SwiGLUFeedForward)(config)
