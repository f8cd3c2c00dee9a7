"""Probabilities of given tokens, with the logits of a few positions at a time."""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from fledge.model.gpt import GPT

POSITIONS_AT_ONCE = 512
"""Positions whose logits exist at the same time: 100 MB with a vocabulary of 49,152."""


@torch.no_grad()
def target_log_probs(
    model: GPT, hidden: Float[Tensor, "B T D"], targets: Int[Tensor, "B T"]
) -> Float[Tensor, "B T"]:
    """Compute log p(target) at every position from `GPT.hidden`, in nats and without gradients."""
    rows = zip(
        torch.split(hidden.flatten(0, 1), POSITIONS_AT_ONCE),
        torch.split(targets.flatten(), POSITIONS_AT_ONCE),
        strict=True,
    )
    losses = [
        F.cross_entropy(model.logits(part), chosen, reduction="none") for part, chosen in rows
    ]
    return -torch.cat(losses).view_as(targets)
