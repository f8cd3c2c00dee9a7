"""What one optimiser step of PPO sees: experience, and the pretraining rows mixed in."""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import torch
from jaxtyping import Float
from torch import Tensor

from fledge.data.batch import TokenBatch
from fledge.stages.ppo.rollout import Experience


@dataclass(frozen=True, slots=True)
class PPOBatch:
    """`pretraining` has no rows when nothing is mixed in.

    `pretraining_scale` is response tokens per pretraining token of the whole step, over all
    processes: the loop divides by response tokens, so it turns a sum over pretraining tokens into
    their mean. `is_first` marks batches that the policy has not been updated on since it wrote
    them: there π_θ / π_old must be 1.
    """

    experience: Experience
    pretraining: TokenBatch
    pretraining_scale: Float[Tensor, ""]
    is_first: bool

    @property
    def examples(self) -> int:
        return self.experience.examples

    @property
    def weight(self) -> Tensor:
        """Response tokens."""
        return self.experience.weight

    def to(self, device: torch.device) -> "PPOBatch":
        return PPOBatch(
            self.experience.to(device),
            self.pretraining.to(device),
            self.pretraining_scale.to(device),
            self.is_first,
        )

    def split(self, examples: int) -> "Iterator[PPOBatch]":
        """Micro-batches; each takes its share of the pretraining rows."""
        parts = list(self.experience.split(examples))
        shares = _shares(self.pretraining, len(parts))
        for experience, pretraining in zip(parts, shares, strict=True):
            yield PPOBatch(experience, pretraining, self.pretraining_scale, self.is_first)


def no_rows(like: Tensor) -> TokenBatch:
    """A pretraining batch with nothing in it, on the device of `like`."""
    ids = torch.zeros(0, 1, dtype=torch.long, device=like.device)
    return TokenBatch(ids, ids, ids.bool(), ids, ids)


def _shares(batch: TokenBatch, parts: int) -> Iterator[TokenBatch]:
    columns = (getattr(batch, field.name).tensor_split(parts) for field in fields(batch))
    return (TokenBatch(*share) for share in zip(*columns, strict=True))
