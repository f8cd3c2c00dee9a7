"""KL divergence of a policy from its reference over whole answers."""

from collections.abc import Collection, Sequence

import torch

from fledge.data.answer_rows import answer_rows
from fledge.evaluate.answers import Answered
from fledge.evaluate.replies import Reply
from fledge.model.gpt import GPT
from fledge.model.policy import exact_kl, policy_logits

ROWS = 32
"""Answers of one forward pass, at most; they have no effect on the result."""
LOGITS = 2**25
"""Logits of one forward pass, at most, but for a single longer answer."""


@torch.inference_mode()
def kl_per_answer(
    policy: GPT,
    reference: GPT,
    answered: Sequence[Answered | Reply],
    temperature: float = 1.0,
    banned_ids: Collection[int] = (),
) -> float:
    """Return the KL in nats summed over each answer, averaged over answers drawn from `policy`.

    Each position adds the exact Σ π log(π/π_ref) over the vocabulary. It has the expectation of
    log π − log π_ref of the sampled token and a smaller variance.
    """
    device, banned = policy.token_embedding.weight.device, sorted(banned_ids)
    total = 0.0
    longest = max((len(each.answer_ids) for each in answered), default=1)
    rows = rows_at_once(longest * policy.config.vocabulary_size)
    for start in range(0, len(answered), rows):
        part = answered[start : start + rows]
        ids, mask = answer_rows(
            [each.prompt_ids for each in part], [each.answer_ids for each in part], pad_id=0
        )
        inputs, mask = ids[:, :-1].to(device), mask.to(device)
        ours, theirs = (
            policy_logits(model, inputs, mask, temperature, banned) for model in (policy, reference)
        )
        total += float(exact_kl(ours, theirs).sum())
    return total / len(answered)


def rows_at_once(logits: int) -> int:
    """Return the number of answers of one forward pass, by the logits of the longest."""
    return max(1, min(ROWS, LOGITS // max(1, logits)))
