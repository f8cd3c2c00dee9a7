"""The batch of one optimiser step of PPO: experience, and pretraining rows mixed in."""

from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter

import torch
from jaxtyping import Float
from torch import Tensor

from fledge.data.batch import TokenBatch, each_tensor, to_device
from fledge.stages.ppo.rollout import Experience


@dataclass(frozen=True, slots=True)
class PPOBatch:
    """Experience with pretraining rows; these are none where nothing is mixed in.

    `pretraining_scale` is response tokens per pretraining token of the whole step, over all
    processes. The loop divides by response tokens, so this scale turns a sum over pretraining
    tokens into their mean. `is_first` marks a batch from before the first update on its rollout,
    where π_θ / π_old must be 1.
    """

    experience: Experience
    pretraining: TokenBatch
    pretraining_scale: Float[Tensor, ""]
    is_first: bool

    @classmethod
    def unmixed(cls, experience: Experience, is_first: bool) -> "PPOBatch":
        """Make a step of experience alone."""
        device = experience.old_log_probs.device
        ids = torch.zeros(0, 1, dtype=torch.long, device=device)
        no_rows = TokenBatch(ids, ids, ids.bool(), ids, ids)
        return cls(experience, no_rows, torch.zeros((), device=device), is_first)

    @property
    def examples(self) -> int:
        return self.experience.examples

    @property
    def weight(self) -> Tensor:
        """Number of response tokens."""
        return self.experience.weight

    def to(self, device: torch.device) -> "PPOBatch":
        return to_device(self, device)

    def split(self, examples: int) -> "Iterator[PPOBatch]":
        """Yield micro-batches, each with its share of the pretraining rows."""
        parts = list(self.experience.split(examples))
        shares = _shares(self.pretraining, len(parts))
        for experience, pretraining in zip(parts, shares, strict=True):
            yield PPOBatch(experience, pretraining, self.pretraining_scale, self.is_first)


def _shares(batch: TokenBatch, parts: int) -> Iterator[TokenBatch]:
    """Cut rows into `parts` of nearly equal size; some are empty where there are fewer rows."""
    for rows in torch.arange(batch.examples).tensor_split(parts):
        first = int(rows[0]) if len(rows) else 0
        yield each_tensor(batch, itemgetter(slice(first, first + len(rows))))
