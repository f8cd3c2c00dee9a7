"""Weights in 8 bits: an integer from -127 to 127 for each, and one scale for each output.

Half the bytes of bfloat16 to read for each token; for answering, not for training.
Weights are rounded once, inputs are not (`fledge.native` takes them in 16 bits).
"""

from typing import final

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int, Int8
from torch import Tensor, nn

LARGEST = 127
ROWS_AT_A_TIME = 4096
"""Rows that are rounded at a time, in fp32."""


@final
class EightBitLinear(nn.Linear):
    """y = s · (W x) + b."""

    scale: Tensor

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__(
            linear.in_features, linear.out_features, linear.bias is not None, device="meta"
        )
        self.weight, scale = _rounded(linear.weight)
        self.register_buffer("scale", scale)
        self.bias = linear.bias

    def forward(self, input: Float[Tensor, "*any I"]) -> Float[Tensor, "*any O"]:
        output = (F.linear(input, self.weight.type_as(input)) * self.scale).type_as(input)
        return output if self.bias is None else output + self.bias


@final
class EightBitEmbedding(nn.Embedding):
    """Embedding that also scores tokens where it is tied to the head."""

    scale: Tensor

    def __init__(self, embedding: nn.Embedding) -> None:
        super().__init__(embedding.num_embeddings, embedding.embedding_dim, device="meta")
        self._format = embedding.weight.dtype
        self.weight, scale = _rounded(embedding.weight)
        self.register_buffer("scale", scale)

    def forward(self, input: Int[Tensor, "*any"]) -> Float[Tensor, "*any D"]:
        return (self.weight[input] * self.scale[input][..., None]).to(self._format)

    def scores(self, hidden: Float[Tensor, "*any D"]) -> Float[Tensor, "*any V"]:
        """Return the product of every token's vector with `hidden`."""
        return F.linear(hidden, self.weight.type_as(hidden)) * self.scale


def round_to_eight_bits(model: nn.Module) -> None:
    """Round the matrices of a model in place; norms, biases and learned positions stay."""
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.Linear:
                parent.register_module(name, EightBitLinear(child))
            elif type(child) is nn.Embedding and name == "token_embedding":
                parent.register_module(name, EightBitEmbedding(child))


@torch.no_grad()
def _rounded(weight: Float[Tensor, "O I"]) -> tuple[nn.Parameter, Float[Tensor, " O"]]:
    """Return a matrix in 8 bits and the scale of each row, its largest weight / 127."""
    scale = weight.abs().amax(dim=1).float() / LARGEST
    # A row of zeros has no scale to divide by.
    divisor = torch.where(scale > 0, scale, 1.0)[:, None]
    rounded: Int8[Tensor, "O I"] = torch.empty_like(weight, dtype=torch.int8)
    for start in range(0, len(weight), ROWS_AT_A_TIME):
        part = slice(start, start + ROWS_AT_A_TIME)
        rounded[part] = (weight[part].float() / divisor[part]).round_()
    return nn.Parameter(rounded, requires_grad=False), scale
