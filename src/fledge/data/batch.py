"""What a training step sees. Every per-token tensor is as long as `targets`: index t speaks of
predicting `targets[:, t]` from `inputs[:, : t + 1]`; a mask says what counts."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar, runtime_checkable

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from fledge.data.preferences import better_than

# Not typing.Self: the tests' shape checks cannot resolve it inside a protocol.
Same = TypeVar("Same", bound="Batch")


@runtime_checkable
class Batch(Protocol):
    """What the loop asks of a batch, whatever the stage."""

    @property
    def examples(self) -> int:
        """Rows that `split` can cut between."""

    @property
    def weight(self) -> Tensor:
        """Number of loss terms, a scalar; the loop divides the summed loss by it."""

    def to(self: Same, device: torch.device) -> Same:
        """The same batch on `device`."""

    def split(self: Same, examples: int) -> Iterator[Same]:
        """Micro-batches of at most `examples` rows, in order."""


@dataclass(frozen=True, slots=True)
class TokenBatch:
    """Rows of tokens for next-token prediction (pretraining, SFT, the pretraining mix of PPO).

    `segments` numbers the packed documents of a row from 1 (0 is padding); tokens attend only
    within their own. Positions restart at 0 with every segment (`positions`).
    """

    inputs: Int[Tensor, "B T"]
    targets: Int[Tensor, "B T"]
    loss_mask: Bool[Tensor, "B T"]
    segments: Int[Tensor, "B T"]
    positions: Int[Tensor, "B T"]

    @property
    def examples(self) -> int:
        return self.inputs.shape[0]

    @property
    def weight(self) -> Tensor:
        return self.loss_mask.sum()

    def to(self, device: torch.device) -> "TokenBatch":
        return TokenBatch(*(getattr(self, name).to(device) for name in self.__slots__))

    def split(self, examples: int) -> "Iterator[TokenBatch]":
        chunks = (getattr(self, name).split(examples) for name in self.__slots__)
        return (TokenBatch(*parts) for parts in zip(*chunks, strict=True))


@dataclass(frozen=True, slots=True)
class ComparisonBatch:
    """K answers to each prompt, with their ranks. One row is one prompt with all its pairs.

    `ids` holds prompt and answer, right-padded; `lengths` their true lengths (0 where a prompt has
    fewer than K answers); `ranks` 0 is best, equal ranks are ties, -1 marks a missing answer.
    """

    ids: Int[Tensor, "B K T"]
    lengths: Int[Tensor, "B K"]
    ranks: Int[Tensor, "B K"]

    @property
    def examples(self) -> int:
        return self.ids.shape[0]

    @property
    def weight(self) -> Tensor:
        """Prompts with at least one pair: ties have no loss (Ouyang et al. 2022, C.2)."""
        return better_than(self.ranks).any(dim=(1, 2)).sum()

    def to(self, device: torch.device) -> "ComparisonBatch":
        return ComparisonBatch(self.ids.to(device), self.lengths.to(device), self.ranks.to(device))

    def split(self, examples: int) -> "Iterator[ComparisonBatch]":
        chunks = (getattr(self, name).split(examples) for name in self.__slots__)
        return (ComparisonBatch(*parts) for parts in zip(*chunks, strict=True))


@dataclass(frozen=True, slots=True)
class PromptBatch:
    """Prompts to answer: ids up to and including the assistant's header, not padded.

    Of the prompts of all processes these are number `first` and every `stride`-th after it.
    """

    prompts: tuple[tuple[int, ...], ...]
    first: int = 0
    stride: int = 1

    def seeds(self, seed: int) -> list[int]:
        """One for each prompt, by its number among those of all processes, however many."""
        count = self.stride * len(self.prompts)
        drawn = torch.randint(2**31, (count,), generator=torch.Generator().manual_seed(seed))
        return drawn[self.first :: self.stride].tolist()
