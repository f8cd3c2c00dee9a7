"""The losses of PPO: clipped surrogate, clipped value error, and pretraining mix.

Source of the first: Schulman et al. 2017, arXiv:1707.06347.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from fledge.model.gpt import GPT
from fledge.model.masks import block_diagonal
from fledge.stages.losses import cross_entropy_sum
from fledge.stages.ppo.advantages import masked_mean
from fledge.stages.ppo.batch import PPOBatch


def clipped_surrogate(
    ratio: Float[Tensor, "B T"], advantages: Float[Tensor, "B T"], clip: float
) -> Float[Tensor, "B T"]:
    """Compute min(ρ Â, clip(ρ, 1 ± ε) Â), equation 7, to be maximised."""
    clipped_ratio = ratio.clamp(1 - clip, 1 + clip)
    return torch.minimum(ratio * advantages, clipped_ratio * advantages)


def surrogate_is_clipped(
    ratio: Float[Tensor, "B T"], advantages: Float[Tensor, "B T"], clip: float
) -> Bool[Tensor, "B T"]:
    """Mark tokens where the minimum is the clipped term, which has no gradient."""
    return ratio.clamp(1 - clip, 1 + clip) * advantages < ratio * advantages


def clipped_value_error(
    values: Float[Tensor, "B T"],
    old_values: Float[Tensor, "B T"],
    returns: Float[Tensor, "B T"],
    clip: float | None,
) -> Float[Tensor, "B T"]:
    """Compute max((V − R̂)², (V_old + clip(V − V_old, ±ε) − R̂)²), or (V − R̂)² if `clip` is None.

    Source: OpenAI baselines' ppo2. The caller applies the weight ½.
    """
    error = (values - returns) ** 2
    if clip is None:
        return error
    clipped_values = old_values + (values - old_values).clamp(-clip, clip)
    return torch.maximum(error, (clipped_values - returns) ** 2)


def pretraining_loss(policy: GPT, batch: PPOBatch) -> Float[Tensor, ""]:
    """Sum −log π(token) over the mixed-in text (Ouyang et al. 2022, eq. 2), scaled by the batch.

    Divided by the step's response tokens, it is the mean over the step's pretraining tokens.
    """
    rows = batch.pretraining
    logits = policy(rows.inputs, rows.positions, block_diagonal(rows.segments))
    return batch.pretraining_scale * cross_entropy_sum(logits, rows.targets, rows.loss_mask)


def explained_variance(
    values: Float[Tensor, "B T"],
    returns: Float[Tensor, "B T"],
    mask: Bool[Tensor, "B T"],
) -> Float[Tensor, ""]:
    """Compute 1 − Var(R̂ − V) / Var(R̂).

    It is 1 for a perfect critic, 0 for a constant one, and negative for a worse one.
    """
    spread = _variance(returns, mask)
    return 1 - _variance(returns - values, mask) / spread.clamp(min=1e-8)


def _variance(values: Float[Tensor, "B T"], mask: Bool[Tensor, "B T"]) -> Float[Tensor, ""]:
    mean = masked_mean(values, mask)
    return masked_mean((values - mean) ** 2, mask)
