"""How far a policy has moved from its reference: the KL divergence over whole answers."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from fledge.evaluate.answers import Answered
from fledge.model.gpt import GPT

ROWS = 32
"""Answers of one forward pass; has no effect on the result."""


@torch.inference_mode()
def kl_per_answer(
    policy: GPT, reference: GPT, answered: Sequence[Answered], temperature: float = 1.0
) -> float:
    """Mean over answers, drawn from `policy` at this temperature, of the summed KL in nats.

    Each position adds the exact Σ π log(π/π_ref) over the vocabulary, which has the expectation of
    log π − log π_ref of the sampled token and a smaller variance.
    """
    device = policy.token_embedding.weight.device
    total = 0.0
    for start in range(0, len(answered), ROWS):
        part = answered[start : start + ROWS]
        ids, mask = _rows(part)
        ids = ids.to(device)
        kl = token_kl(policy(ids) / temperature, reference(ids) / temperature)  # B T
        total += float((kl * mask.to(device)).sum())
    return total / len(answered)


def token_kl(
    logits: Float[Tensor, "B T V"], reference_logits: Float[Tensor, "B T V"]
) -> Float[Tensor, "B T"]:
    """Σ π log(π/π_ref) over the vocabulary at every position, in nats."""
    log_probs, reference_log_probs = logits.log_softmax(-1), reference_logits.log_softmax(-1)
    return (log_probs.exp() * (log_probs - reference_log_probs)).sum(-1)


def _rows(answered: Sequence[Answered]) -> tuple[Int[Tensor, "B T"], Float[Tensor, "B T"]]:
    """Right-padded ids without their last, and 1 where the next token is the answer's."""
    rows = [[*each.prompt_ids, *each.answer_ids] for each in answered]
    length = max(map(len, rows)) - 1
    ids = torch.zeros(len(rows), length, dtype=torch.long)
    mask = torch.zeros(len(rows), length)
    for row, (each, tokens) in enumerate(zip(answered, rows, strict=True)):
        ids[row, : len(tokens) - 1] = torch.tensor(tokens[:-1])
        mask[row, len(each.prompt_ids) - 1 : len(tokens) - 1] = 1
    return ids, mask
