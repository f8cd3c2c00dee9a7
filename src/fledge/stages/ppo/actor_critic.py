"""The two networks that PPO trains, and the log-probabilities of the policy's tokens."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from fledge.model.gpt import GPT
from fledge.model.lora import without_adapters
from fledge.model.policy import policy_logits
from fledge.model.scalar import ScalarModel


def score_tokens(
    policy: GPT,
    inputs: Int[Tensor, "B T"],
    targets: Int[Tensor, "B T"],
    mask: Bool[Tensor, "B T"],
    temperature: float,
    banned_ids: Sequence[int],
) -> tuple[Float[Tensor, "B T"], Float[Tensor, "B T"]]:
    """Compute log π(target) and the entropy of π, both in nats and 0 outside `mask`."""
    return chosen_log_probs(
        policy_logits(policy, inputs, mask, temperature, banned_ids), targets, mask
    )


def chosen_log_probs(
    logits: Float[Tensor, "N V"], targets: Int[Tensor, "B T"], mask: Bool[Tensor, "B T"]
) -> tuple[Float[Tensor, "B T"], Float[Tensor, "B T"]]:
    """Compute log softmax(logits)[target] and the entropy, in nats; 0 outside `mask`.

    The N rows of `logits` are the positions where `mask` is True, row by row.
    """
    log_probs = logits.log_softmax(dim=-1)
    chosen = log_probs.gather(-1, targets[mask][:, None])[:, 0]
    with torch.no_grad():  # a metric, never a loss
        entropy = -(log_probs.exp() * log_probs.masked_fill(log_probs.isneginf(), 0.0)).sum(dim=-1)
    zeros = torch.zeros(mask.shape, device=mask.device)
    return zeros.masked_scatter(mask, chosen), zeros.masked_scatter(mask, entropy)


class Reference(nn.Module):
    """The frozen SFT model: a copy of its own, or the policy without its adapters.

    Create it before the policy is adapted, since it freezes the model it is given.
    """

    def __init__(self, policy: GPT, temperature: float, banned_ids: Sequence[int]) -> None:
        super().__init__()
        self.policy = policy.eval().requires_grad_(False)
        self.temperature = temperature
        self.banned_ids = tuple(banned_ids)

    def forward(
        self, inputs: Int[Tensor, "B T"], mask: Bool[Tensor, "B T"]
    ) -> Float[Tensor, "N V"]:
        """Compute the logits of π_ref where `mask` is True, as `policy_logits` does."""
        with without_adapters(self.policy):
            return policy_logits(self.policy, inputs, mask, self.temperature, self.banned_ids)

    def train(self, mode: bool = True) -> "Reference":
        """Stay in evaluation mode."""
        return super().train(False)


class ActorCritic(nn.Module):
    """Policy and value model, as two separate networks (Ouyang et al. 2022, C.4)."""

    def __init__(
        self, policy: GPT, critic: ScalarModel, temperature: float, banned_ids: Sequence[int]
    ) -> None:
        super().__init__()
        self.policy = policy
        self.critic = critic
        self.temperature = temperature
        self.banned_ids = tuple(banned_ids)
        self.eval()

    def forward(
        self,
        inputs: Int[Tensor, "B T"],
        targets: Int[Tensor, "B T"],
        mask: Bool[Tensor, "B T"],
    ) -> tuple[Float[Tensor, "B T"], Float[Tensor, "B T"], Float[Tensor, "B T"]]:
        """Compute log π(target), entropy, and V before the target; all are 0 outside `mask`."""
        log_probs, entropy = score_tokens(
            self.policy, inputs, targets, mask, self.temperature, self.banned_ids
        )
        return log_probs, entropy, self.critic(inputs).float() * mask

    def train(self, mode: bool = True) -> "ActorCritic":
        """Stay in evaluation mode: with dropout, π_θ / π_old would not start at 1."""
        return super().train(False)
