"""Distribution of the next token as rollouts sample it, and the divergence of two of them."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from fledge.model.gpt import GPT


def policy_logits(
    policy: GPT,
    inputs: Int[Tensor, "B T"],
    mask: Bool[Tensor, "B T"],
    temperature: float,
    banned_ids: Sequence[int],
) -> Float[Tensor, "N V"]:
    """Return the logits of the rollout's own distribution where `mask` is True, row after row.

    Temperature and bans are those of sampling: otherwise π_θ / π_old is not 1 before the first
    step, and the KL to the reference can turn negative.
    """
    hidden = policy.hidden(inputs)[mask]  # B T D → N D; the answer only, V is wide
    logits = policy.logits(hidden[None])[0].float() / temperature  # fp32: bf16 loses the tail
    banned = torch.tensor(list(banned_ids), dtype=torch.long, device=logits.device)
    return logits.index_fill(-1, banned, float("-inf"))


def exact_kl(
    logits: Float[Tensor, "*shape V"], reference_logits: Float[Tensor, "*shape V"]
) -> Float[Tensor, "*shape"]:
    """Compute KL(π‖π_ref) of the next token, summed over the vocabulary, in nats.

    A token that neither can write (both −inf) adds nothing.
    """
    log_probs = logits.float().log_softmax(dim=-1)
    reference_log_probs = reference_logits.float().log_softmax(dim=-1)
    impossible = log_probs.isneginf()
    difference = (log_probs - reference_log_probs).masked_fill(impossible, 0.0)
    return (log_probs.exp() * difference).sum(dim=-1)
