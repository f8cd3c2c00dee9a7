"""Gradient checkpointing: a block forgets what it computed, and computes it anew when asked."""

from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint


def recompute(block: nn.Module) -> None:
    """Keep, for the backward pass of `block`, its inputs alone (Chen et al. 2016).

    Random numbers are drawn again as they were, so gradients stay the same. Without gradients
    nothing is kept anyway, and nothing changes.
    """
    forward = block.forward

    def recomputed(*arguments: Any) -> Any:
        if torch.is_grad_enabled():
            return checkpoint(forward, *arguments, use_reentrant=False)
        return forward(*arguments)

    block.forward = recomputed
