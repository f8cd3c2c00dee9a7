"""Metrics of PPO; docs/rlhf.md defines each."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from fledge.stages.ppo.advantages import AllSum, masked_mean, masked_sum
from fledge.stages.ppo.kl import k1, k3
from fledge.stages.ppo.losses import explained_variance, surrogate_is_clipped
from fledge.stages.ppo.rollout import Experience

HEADLINE: Mapping[str, str] = {"reward": "objective/scores", "KL": "objective/kl", "loss": "loss"}
"""Metrics on the progress bar: mean reward and KL per answer of the current rollout, and loss."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A rollout's log-probabilities under policy and reference, its values and its scores.

    `raw_scores` come from the reward; `scores` are clipped, and the missing-end rule is applied.
    """

    log_probs: Float[Tensor, "B T"]
    reference_log_probs: Float[Tensor, "B T"]
    entropy: Float[Tensor, "B T"]
    values: Float[Tensor, "B T"]
    raw_scores: Float[Tensor, "B"]
    scores: Float[Tensor, "B"]
    ended: Bool[Tensor, "B"]


def answer_metrics(judged: Judged, mask: Bool[Tensor, "B T"], all_sum: AllSum) -> dict[str, float]:
    """Average over the answers of all processes; KL and entropy are per answer, in nats.

    `objective/kl_error` is the standard error of the mean KL.
    """
    kl = k1(judged.log_probs, judged.reference_log_probs).sum(dim=1)
    kl_k3 = k3(judged.log_probs, judged.reference_log_probs).sum(dim=1)
    return {
        "objective/kl": answer_mean(kl, all_sum),
        "objective/kl_error": _deviation(kl, all_sum) / _count(kl, all_sum) ** 0.5,
        "objective/kl_k3": answer_mean(kl_k3, all_sum),
        "objective/entropy": answer_mean(-judged.log_probs.sum(dim=1), all_sum),
        "objective/scores": answer_mean(judged.scores, all_sum),
        "objective/scores_deviation": _deviation(judged.scores, all_sum),
        "policy/entropy_avg": float(masked_mean(judged.entropy, mask, all_sum)),
        "val/num_eos_tokens": float(all_sum(judged.ended.sum())),
        "val/eos_rate": answer_mean(judged.ended.float(), all_sum),
        "val/answer_length": answer_mean(mask.sum(dim=1).float(), all_sum),
    }


def rollout_metrics(
    judged: Judged, experience: Experience, kl_coefficient: float, all_sum: AllSum
) -> dict[str, float]:
    """Measure the policy that wrote the rollout and the critic that valued it."""
    mask = experience.rollout.response_mask
    means = answer_metrics(judged, mask, all_sum)
    penalty = kl_coefficient * means["objective/kl"]
    changed = (judged.raw_scores != judged.scores) & judged.ended
    explained = explained_variance(experience.values, experience.returns, mask, all_sum)
    return means | {
        "objective/non_score_reward": -penalty,
        "objective/rlhf_reward": means["objective/scores"] - penalty,
        "objective/kl_coefficient": kl_coefficient,
        "objective/clipped_scores": answer_mean(changed.float(), all_sum),
        "val/explained_variance": float(explained),
    }


def update_metrics(
    experience: Experience,
    log_probs: Float[Tensor, "B T"],
    values: Float[Tensor, "B T"],
    surrogate: Float[Tensor, "B T"],
    value_error: Float[Tensor, "B T"],
    clip: float,
) -> dict[str, Tensor]:
    """Sum over the response tokens of a micro-batch; the loop turns sums into means."""
    mask = experience.rollout.response_mask
    difference = log_probs - experience.old_log_probs
    ratio = difference.exp()
    is_clipped = surrogate_is_clipped(ratio, experience.advantages, clip)
    value_is_clipped = value_error > 0.5 * (values - experience.returns) ** 2
    per_token = {
        "loss/policy_avg": -surrogate,
        "loss/value_avg": value_error,
        "policy/approxkl_avg": 0.5 * difference**2,
        "policy/clipfrac_avg": is_clipped.float(),
        "val/clipfrac_avg": value_is_clipped.float(),
        "val/ratio": ratio,
        "val/ratio_var": (ratio - 1) ** 2,
    }
    return {name: masked_sum(terms.detach(), mask) for name, terms in per_token.items()}


def answer_mean(values: Float[Tensor, "B"], all_sum: AllSum) -> float:
    """Average over the answers of all processes."""
    return float(all_sum(values.float().sum())) / _count(values, all_sum)


def _count(values: Float[Tensor, "B"], all_sum: AllSum) -> float:
    return float(all_sum(torch.ones_like(values).sum()))


def _deviation(values: Float[Tensor, "B"], all_sum: AllSum) -> float:
    mean = answer_mean(values, all_sum)
    return math.sqrt(answer_mean((values - mean) ** 2, all_sum))
