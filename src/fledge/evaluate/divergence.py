"""KL divergence of a policy from its reference over whole answers."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from fledge.data.answer_rows import answer_rows
from fledge.evaluate.answers import Answered
from fledge.evaluate.replies import Reply
from fledge.model.gpt import GPT
from fledge.model.policy import exact_kl, policy_logits

ROWS = 32
"""Answers of one forward pass, at most; they have no effect on the result."""
LOGITS = 2**25
"""Logits of one forward pass, at most, but for a single longer answer."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """KL(π‖π_ref) in nats summed over an answer, averaged over answers drawn from π.

    `exact` sums each position over the vocabulary. `k1` and `k3` see the sampled tokens only
    (Schulman 2020, "Approximating KL divergence"): log π/π_ref, and r − 1 − log r with r = π_ref/π.
    All three have one expectation. k3 is far above where a few sampled tokens were unlikely before.
    """

    exact: float
    k1: float
    k3: float


def kl_per_answer(
    policy: GPT,
    reference: GPT,
    answered: Sequence[Answered | Reply],
    temperature: float = 1.0,
    banned_ids: Collection[int] = (),
) -> float:
    """Return the exact KL in nats summed over each answer, as `divergence` estimates it."""
    return divergence(policy, reference, answered, temperature, banned_ids).exact


@torch.inference_mode()
def divergence(
    policy: GPT,
    reference: GPT,
    answered: Sequence[Answered | Reply],
    temperature: float = 1.0,
    banned_ids: Collection[int] = (),
) -> Divergence:
    """Estimate the KL of a policy from its reference over answers that the policy drew."""
    device, banned = policy.token_embedding.weight.device, sorted(banned_ids)
    totals = torch.zeros(3, dtype=torch.float64)
    longest = max((len(each.answer_ids) for each in answered), default=1)
    rows = rows_at_once(longest * policy.config.vocabulary_size)
    for start in range(0, len(answered), rows):
        part = answered[start : start + rows]
        ids, mask = answer_rows(
            [each.prompt_ids for each in part], [each.answer_ids for each in part], pad_id=0
        )
        inputs, targets, mask = ids[:, :-1].to(device), ids[:, 1:].to(device), mask.to(device)
        ours, theirs = (
            policy_logits(model, inputs, mask, temperature, banned) for model in (policy, reference)
        )
        log_ratio = _chosen(theirs, targets[mask]) - _chosen(ours, targets[mask])  # log π_ref/π
        parts = (exact_kl(ours, theirs), -log_ratio, log_ratio.exp() - 1 - log_ratio)
        totals += torch.stack([each.double().sum().cpu() for each in parts])
    return Divergence(*(totals / len(answered)).tolist())


def _chosen(logits: Float[Tensor, "N V"], targets: Int[Tensor, " N"]) -> Float[Tensor, " N"]:
    """Return the log-probability of each target."""
    return logits.log_softmax(dim=-1).gather(-1, targets[:, None])[:, 0]


def rows_at_once(logits: int) -> int:
    """Return the number of answers of one forward pass, by the logits of the longest."""
    return max(1, min(ROWS, LOGITS // max(1, logits)))
