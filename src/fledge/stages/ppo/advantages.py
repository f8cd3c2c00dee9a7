"""Rewards per token, and advantages (Schulman et al. 2016, arXiv:1506.02438)."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


def masked_sum(values: Float[Tensor, "*shape"], mask: Bool[Tensor, "*shape"]) -> Float[Tensor, ""]:
    """Sum where `mask` is True; other values do not matter, not even NaN."""
    return values.masked_fill(~mask, 0.0).sum()


def masked_mean(values: Float[Tensor, "*shape"], mask: Bool[Tensor, "*shape"]) -> Float[Tensor, ""]:
    """Average where `mask` is True; 0 if it is True nowhere."""
    return masked_sum(values, mask) / mask.sum().clamp(min=1)


def last_token(mask: Bool[Tensor, "B T"]) -> Int[Tensor, "B"]:
    """Return the index of each row's last True; every row needs one."""
    assert bool(mask.any(dim=1).all()), "every answer has at least one token"
    positions = torch.arange(mask.shape[1], device=mask.device)
    return (positions * mask).amax(dim=1)


def at_last_token(scores: Float[Tensor, "B"], mask: Bool[Tensor, "B T"]) -> Float[Tensor, "B T"]:
    """Put each answer's score on its last token, 0 elsewhere: an answer is judged when it ends."""
    zeros = torch.zeros(mask.shape, dtype=scores.dtype, device=scores.device)
    return zeros.scatter(1, last_token(mask)[:, None], scores[:, None])


def generalized_advantages(
    rewards: Float[Tensor, "B T"],
    values: Float[Tensor, "B T"],
    mask: Bool[Tensor, "B T"],
    gamma: float,
    gae_lambda: float,
) -> Float[Tensor, "B T"]:
    """Compute Â_t = δ_t + γλ Â_{t+1} with δ_t = r_t + γ V(s_{t+1}) − V(s_t), equation 16.

    t + 1 is the next position where `mask` is True, so tokens that the policy did not write, such
    as a tool's answer, are skipped. V and Â are 0 after the last one: an answer ends there, by its
    end token or by the length limit. The result is 0 outside `mask`.
    """
    advantage = torch.zeros_like(rewards[:, 0])
    next_value = torch.zeros_like(advantage)
    advantages = []
    columns = (tensor.unbind(dim=1) for tensor in (rewards, values, mask))
    for reward, value, counts in reversed(list(zip(*columns, strict=True))):
        delta = reward + gamma * next_value - value
        advantage = torch.where(counts, delta + gamma * gae_lambda * advantage, advantage)
        next_value = torch.where(counts, value, next_value)
        advantages.append(advantage)
    return torch.stack(advantages[::-1], dim=1) * mask


def whiten(values: Float[Tensor, "B T"], mask: Bool[Tensor, "B T"]) -> Float[Tensor, "B T"]:
    """Shift and scale to mean 0 and variance 1 where `mask` is True.

    The result is 0 elsewhere. The variance divides by n, as in OpenAI's code (TRL: by n − 1).
    """
    mean = masked_mean(values, mask)
    return (values - mean) * _inverse_deviation(values, mean, mask) * mask


def scale_to_unit_variance(
    values: Float[Tensor, "B T"], mask: Bool[Tensor, "B T"]
) -> Float[Tensor, "B T"]:
    """Whiten rewards to variance 1, but keep their mean: shifting it changes the objective."""
    mean = masked_mean(values, mask)
    scale = _inverse_deviation(values, mean, mask)
    return ((values - mean) * scale + mean) * mask


def _inverse_deviation(
    values: Float[Tensor, "B T"], mean: Float[Tensor, ""], mask: Bool[Tensor, "B T"]
) -> Float[Tensor, ""]:
    variance = masked_mean((values - mean) ** 2, mask)
    return torch.rsqrt(variance + 1e-8)
