"""Turn a paper-style Transformer into the Marian that computes the same.

The paper's positions stand sine, cosine, sine, cosine, …; Marian's all sines first. Every layer
treats the dimensions of the residual stream alike, so renumbering them everywhere changes nothing.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from fledge.errors import CheckpointError
from fledge.model.transformer_config import TransformerConfig

READS = ("query.weight", "key.weight", "value.weight", "up.weight", "token_embedding.weight")
"""Matrices whose columns are dimensions of the residual stream."""
WRITES = ("output.weight", "output.bias", "down.weight", "down.bias", "norm.weight", "norm.bias")
"""Tensors whose rows are dimensions of the residual stream."""


def halves(
    config: TransformerConfig, state: Mapping[str, Tensor]
) -> tuple[TransformerConfig, dict[str, Tensor]]:
    """Return the same model with positions in halves, as Marian has them.

    Raises:
        CheckpointError: it is pre-norm, which Marian does not compute.
    """
    if config.norm_position == "pre":
        raise CheckpointError(
            "the model is pre-norm, which no Marian is: transformers cannot open it; train with "
            'norm_position = "post" to export'
        )
    if config.positions == "halves":
        return config, dict(state)
    width = config.width
    order = torch.cat([torch.arange(0, width, 2), torch.arange(1, width, 2)])
    return (
        config.model_copy(update={"positions": "halves"}),
        {name: _reordered(name, tensor, order) for name, tensor in state.items()},
    )


def _reordered(name: str, tensor: Tensor, order: Tensor) -> Tensor:
    if name.endswith(READS):
        return tensor[:, order]
    return tensor[order] if name.endswith(WRITES) else tensor
