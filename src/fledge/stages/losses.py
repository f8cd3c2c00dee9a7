"""Cross-entropy and log-probabilities of target tokens."""

import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

IGNORED = -100
"""Label of targets that the loss leaves out."""


def cross_entropy_sum(
    logits: Float[Tensor, "B T V"], targets: Int[Tensor, "B T"], mask: Bool[Tensor, "B T"]
) -> Float[Tensor, ""]:
    """Sum −log softmax(logits)[target] where `mask` is True, in nats; 0 if it is True nowhere."""
    labels = targets.masked_fill(~mask, IGNORED)
    # fp32: bf16 loses the tail of the softmax over V.
    return F.cross_entropy(
        logits.float().flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="sum"
    )


def token_log_probs(
    logits: Float[Tensor, "B T V"], targets: Int[Tensor, "B T"], temperature: float = 1.0
) -> Float[Tensor, "B T"]:
    """Compute log softmax(logits / temperature)[target] at every position, in nats."""
    scaled = logits.float() / temperature
    losses = F.cross_entropy(scaled.flatten(0, 1), targets.flatten(), reduction="none")
    return -losses.view_as(targets)
