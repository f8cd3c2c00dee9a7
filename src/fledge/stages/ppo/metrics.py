"""Metrics of PPO; docs/rlhf.md defines each."""

from collections.abc import Mapping
from dataclasses import dataclass

from jaxtyping import Bool, Float, Shaped
from torch import Tensor

from fledge.stages.ppo.advantages import masked_mean, masked_sum
from fledge.stages.ppo.kl import k1, k3
from fledge.stages.ppo.losses import explained_variance, surrogate_is_clipped
from fledge.stages.ppo.rollout import Experience

HEADLINE: Mapping[str, str] = {"reward": "objective/scores", "KL": "objective/kl", "loss": "loss"}
"""Metrics on the progress bar: mean reward and KL per answer of the current rollout, and loss."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A rollout's log-probabilities under policy and reference, its values and its scores.

    `raw_scores` come from the reward; `scores` are clipped, and the missing-end rule is applied.
    `gold` are a second reward's scores, where there is one; nothing learns from them.
    """

    log_probs: Float[Tensor, "B T"]
    reference_log_probs: Float[Tensor, "B T"]
    entropy: Float[Tensor, "B T"]
    values: Float[Tensor, "B T"]
    raw_scores: Float[Tensor, "B"]
    scores: Float[Tensor, "B"]
    ended: Bool[Tensor, "B"]
    gold: Float[Tensor, "B"] | None = None


def answer_metrics(judged: Judged, mask: Bool[Tensor, "B T"]) -> dict[str, float]:
    """Average over the answers; KL and entropy are per answer, in nats.

    `objective/kl_error` is the standard error of the mean KL.
    """
    kl = k1(judged.log_probs, judged.reference_log_probs).sum(dim=1)
    kl_k3 = k3(judged.log_probs, judged.reference_log_probs).sum(dim=1)
    metrics = {
        "objective/kl": _mean(kl),
        "objective/kl_error": _deviation(kl) / len(kl) ** 0.5,
        "objective/kl_k3": _mean(kl_k3),
        "objective/entropy": _mean(-judged.log_probs.sum(dim=1)),
        "objective/scores": _mean(judged.scores),
        "objective/scores_deviation": _deviation(judged.scores),
        "policy/entropy_avg": float(masked_mean(judged.entropy, mask)),
        "val/num_eos_tokens": float(judged.ended.sum()),
        "val/eos_rate": _mean(judged.ended),
        "val/answer_length": _mean(mask.sum(dim=1)),
    }
    return metrics if judged.gold is None else metrics | {"objective/gold": _mean(judged.gold)}


def rollout_metrics(
    judged: Judged, experience: Experience, kl_coefficient: float
) -> dict[str, float]:
    """Measure the policy that wrote the rollout and the critic that valued it."""
    mask = experience.rollout.response_mask
    means = answer_metrics(judged, mask)
    penalty = kl_coefficient * means["objective/kl"]
    changed = (judged.raw_scores != judged.scores) & judged.ended
    explained = explained_variance(experience.values, experience.returns, mask)
    return means | {
        "objective/non_score_reward": -penalty,
        "objective/rlhf_reward": means["objective/scores"] - penalty,
        "objective/kl_coefficient": kl_coefficient,
        "objective/clipped_scores": _mean(changed),
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


def _mean(values: Shaped[Tensor, "B"]) -> float:
    return float(values.float().mean())


def _deviation(values: Float[Tensor, "B"]) -> float:
    return float(values.float().std(correction=0))
