"""Rollouts of the policy, and the experience made of them.

A row is a prompt with its answer, padded on the right. Attention is causal, so padding cannot
affect the tokens before it. Rows need no padding mask or positions, and a batch gives each row what
it gets alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from operator import itemgetter

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from fledge.data.answer_rows import answer_rows
from fledge.data.batch import each_tensor, named_tensors, split_rows, to_device
from fledge.stages.ppo.advantages import last_token


@dataclass(frozen=True, slots=True)
class Rollout:
    """Prompts with sampled answers; `response_mask` is True where `targets` were sampled.

    The end token is part of an answer, since the policy must learn to stop.
    """

    inputs: Int[Tensor, "B T"]
    targets: Int[Tensor, "B T"]
    response_mask: Bool[Tensor, "B T"]

    @classmethod
    def join(
        cls,
        prompts: Sequence[Sequence[int]],
        answers: Sequence[Sequence[int]],
        pad_id: int,
    ) -> "Rollout":
        """Make rows of ids; every prompt and every answer has at least one token."""
        ids, mask = answer_rows(prompts, answers, pad_id)
        return cls(inputs=ids[:, :-1], targets=ids[:, 1:], response_mask=mask)

    @property
    def examples(self) -> int:
        return self.inputs.shape[0]

    @property
    def weight(self) -> Tensor:
        """Number of response tokens."""
        return self.response_mask.sum()

    @property
    def ids(self) -> Int[Tensor, "B S"]:
        """Whole rows: prompt, answer and padding."""
        return torch.cat([self.inputs[:, :1], self.targets], dim=1)

    @property
    def lengths(self) -> Int[Tensor, "B"]:
        """Tokens of each row of `ids`, without padding."""
        return last_token(self.response_mask) + 2

    def ended(self, stop_ids: Sequence[int]) -> Bool[Tensor, "B"]:
        """Tell whether the last token of each answer is a stop; the prompt is not searched."""
        last = last_token(self.response_mask)
        final_ids = self.targets.gather(1, last[:, None])[:, 0]
        return torch.isin(final_ids, torch.tensor(list(stop_ids), device=final_ids.device))

    def rows(self) -> Iterator[tuple[list[int], list[int]]]:
        """Yield prompt ids and answer ids of each row, without padding."""
        for ids, mask in zip(self.ids.tolist(), self.response_mask.tolist(), strict=True):
            start = mask.index(True) + 1
            end = len(mask) - mask[::-1].index(True) + 1
            yield ids[:start], ids[start:end]

    def to(self, device: torch.device) -> "Rollout":
        return to_device(self, device)

    def split(self, examples: int) -> "Iterator[Rollout]":
        return split_rows(self, examples)


@dataclass(frozen=True, slots=True)
class Experience:
    """A rollout with the numbers that its updates need, fixed for all epochs.

    For every response token: `old_log_probs` log π_old, `values` V before the token, `advantages`
    whitened Â, and `returns` Â + V before whitening. All are 0 outside the response.
    """

    rollout: Rollout
    old_log_probs: Float[Tensor, "B T"]
    values: Float[Tensor, "B T"]
    advantages: Float[Tensor, "B T"]
    returns: Float[Tensor, "B T"]

    @property
    def examples(self) -> int:
        return self.rollout.examples

    @property
    def weight(self) -> Tensor:
        """Number of response tokens, over which the loss is a mean."""
        return self.rollout.weight

    def to(self, device: torch.device) -> "Experience":
        return to_device(self, device)

    def split(self, examples: int) -> "Iterator[Experience]":
        return split_rows(self, examples)

    def minibatch(self, index: int, examples: int, random: torch.Generator) -> "Experience":
        """Take minibatch `index` of a pass over all rows, in an order drawn from `random`."""
        rows = torch.split(self._order(random), examples)[index]
        return each_tensor(self, itemgetter(rows))

    def share(self, rank: int, world_size: int) -> "Experience":
        """Take the rows of process `rank`: every `world_size`-th."""
        return each_tensor(self, itemgetter(slice(rank, None, world_size)))

    def state_dict(self) -> dict[str, object]:
        """Return all tensors by name."""
        return dict(named_tensors(self))

    @classmethod
    def from_state_dict(cls, state: dict[str, Tensor]) -> "Experience":
        """Make experience of the tensors that `state_dict` returned."""
        rollout = Rollout(*(state[field.name] for field in fields(Rollout)))
        own = (field.name for field in fields(cls) if field.name != "rollout")
        return cls(rollout, *(state[name] for name in own))

    def _order(self, random: torch.Generator) -> Int[Tensor, "B"]:
        return torch.randperm(self.examples, generator=random).to(self.old_log_probs.device)
