"""Rewards spread over tokens, and advantages (Schulman et al. 2016, arXiv:1506.02438)."""

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

AllSum = Callable[[Tensor], Tensor]
"""Sums a tensor over all processes; the identity on one."""


def one_process(tensor: Tensor) -> Tensor:
    """The sum over a single process."""
    return tensor


def masked_sum(values: Float[Tensor, "*shape"], mask: Bool[Tensor, "*shape"]) -> Float[Tensor, ""]:
    """Sum where `mask` is True; what stands elsewhere does not matter, not even NaN."""
    return values.masked_fill(~mask, 0.0).sum()


def masked_mean(
    values: Float[Tensor, "*shape"],
    mask: Bool[Tensor, "*shape"],
    all_sum: AllSum = one_process,
) -> Float[Tensor, ""]:
    """Mean where `mask` is True, over all processes; 0 if it is True nowhere."""
    count = all_sum(mask.sum()).clamp(min=1)
    return all_sum(masked_sum(values, mask)) / count


def last_token(mask: Bool[Tensor, "B T"]) -> Int[Tensor, "B"]:
    """Index of each row's last True; rows need at least one."""
    assert bool(mask.any(dim=1).all()), "every answer has at least one token"
    positions = torch.arange(mask.shape[1], device=mask.device)
    return (positions * mask).amax(dim=1)


def at_last_token(scores: Float[Tensor, "B"], mask: Bool[Tensor, "B T"]) -> Float[Tensor, "B T"]:
    """Each answer's score on its last token, zero elsewhere: the answer is judged when it ends."""
    zeros = torch.zeros(mask.shape, dtype=scores.dtype, device=scores.device)
    return zeros.scatter(1, last_token(mask)[:, None], scores[:, None])


def generalized_advantages(
    rewards: Float[Tensor, "B T"],
    values: Float[Tensor, "B T"],
    mask: Bool[Tensor, "B T"],
    gamma: float,
    gae_lambda: float,
) -> Float[Tensor, "B T"]:
    """Â_t = δ_t + γλ Â_{t+1} with δ_t = r_t + γ V(s_{t+1}) − V(s_t), equation 16.

    t + 1 is the next position where `mask` is True, so tokens that the policy did not write (a
    tool's answer in the middle) are skipped. V and Â are 0 after the last one: an answer ends
    there, whether by its end token or by the length limit. The result is 0 outside `mask`.
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


def whiten(
    values: Float[Tensor, "B T"],
    mask: Bool[Tensor, "B T"],
    all_sum: AllSum = one_process,
) -> Float[Tensor, "B T"]:
    """Mean 0 and variance 1 over every True of `mask` on every process; 0 elsewhere.

    The variance is divided by n, as in OpenAI's code (TRL: by n − 1).
    """
    mean = masked_mean(values, mask, all_sum)
    return (values - mean) * _inverse_deviation(values, mean, mask, all_sum) * mask


def scale_to_unit_variance(
    values: Float[Tensor, "B T"],
    mask: Bool[Tensor, "B T"],
    all_sum: AllSum = one_process,
) -> Float[Tensor, "B T"]:
    """Whitening of rewards: variance 1, mean kept. Subtracting it would change the objective."""
    mean = masked_mean(values, mask, all_sum)
    scale = _inverse_deviation(values, mean, mask, all_sum)
    return ((values - mean) * scale + mean) * mask


def _inverse_deviation(
    values: Float[Tensor, "B T"],
    mean: Float[Tensor, ""],
    mask: Bool[Tensor, "B T"],
    all_sum: AllSum,
) -> Float[Tensor, ""]:
    variance = masked_mean((values - mean) ** 2, mask, all_sum)
    return torch.rsqrt(variance + 1e-8)
