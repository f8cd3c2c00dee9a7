"""Distance of the policy from its reference, and the control of its price β.

Estimators: Schulman, "Approximating KL divergence", http://joschu.net/blog/kl-approx.html.
Controllers: Ziegler et al. 2019, section 2.2 (arXiv:1909.08593).
"""

from abc import ABC, abstractmethod
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor


def k1(
    log_probs: Float[Tensor, "*shape"], reference_log_probs: Float[Tensor, "*shape"]
) -> Float[Tensor, "*shape"]:
    """Estimate KL(π‖π_ref) by log π − log π_ref, in nats: unbiased, can be negative."""
    return log_probs - reference_log_probs


def k2(
    log_probs: Float[Tensor, "*shape"], reference_log_probs: Float[Tensor, "*shape"]
) -> Float[Tensor, "*shape"]:
    """Estimate it by ½ (log π − log π_ref)²: biased, of small variance, never negative."""
    return 0.5 * (log_probs - reference_log_probs) ** 2


def k3(
    log_probs: Float[Tensor, "*shape"], reference_log_probs: Float[Tensor, "*shape"]
) -> Float[Tensor, "*shape"]:
    """Estimate it by (x − 1) − log x with x = π_ref / π: unbiased and never negative."""
    log_ratio = reference_log_probs - log_probs
    return torch.expm1(log_ratio) - log_ratio


class KLController(ABC):
    """Sets β, the penalty per nat of KL."""

    coefficient: float
    """The present β."""

    @abstractmethod
    def update(self, kl: float, answers: int) -> None:
        """Adjust β to the mean KL per answer, in nats, of a rollout of `answers` answers."""


@final
class FixedKL(KLController):
    """Keeps β fixed."""

    def __init__(self, coefficient: float) -> None:
        self.coefficient = coefficient

    def update(self, kl: float, answers: int) -> None:
        """Keep β."""


@final
class AdaptiveKL(KLController):
    """Proportional control towards a KL per answer: β ← β (1 + e·n/horizon).

    e = clip(KL / target − 1, ±0.2); `horizon` counts answers.
    """

    def __init__(self, coefficient: float, target: float, horizon: int) -> None:
        self.coefficient = coefficient
        self.target = target
        self.horizon = horizon

    def update(self, kl: float, answers: int) -> None:
        """Raise β if the KL is above the target, and lower it if below."""
        error = min(max(kl / self.target - 1, -0.2), 0.2)
        self.coefficient *= 1 + error * answers / self.horizon
