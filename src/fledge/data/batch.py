"""Batches of a training step.

Every per-token tensor is as long as `targets`: index t is about predicting `targets[:, t]` from
`inputs[:, : t + 1]`. In a mask, True counts.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from operator import itemgetter
from typing import Any, ClassVar, Protocol, TypeVar, runtime_checkable

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from fledge.data.preferences import better_than

# typing.Self would do, but the tests' shape checks cannot resolve it inside a protocol.
Same = TypeVar("Same", bound="Batch")


@runtime_checkable
class Fields(Protocol):
    """A dataclass, as type checkers see it."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


Tensors = TypeVar("Tensors", bound=Fields)
"""A dataclass whose fields are tensors, or dataclasses of tensors."""


@runtime_checkable
class Batch(Protocol):
    """Batches of every stage, as the loop sees them."""

    @property
    def examples(self) -> int:
        """Rows that `split` can cut between."""

    @property
    def weight(self) -> Tensor:
        """Number of loss terms, a scalar; the loop divides the summed loss by it."""

    def to(self: Same, device: torch.device) -> Same:
        """Return the same batch on `device`."""

    def split(self: Same, examples: int) -> Iterator[Same]:
        """Cut the batch into micro-batches of at most `examples` rows, in order."""


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
        return to_device(self, device)

    def split(self, examples: int) -> "Iterator[TokenBatch]":
        return split_rows(self, examples)


@dataclass(frozen=True, slots=True)
class ComparisonBatch:
    """K ranked answers to each prompt; a row is one prompt with all its pairs.

    `ids` holds prompt and answer, right-padded, and `lengths` their true lengths (0 where a prompt
    has fewer than K answers). Rank 0 is best, equal ranks are ties, -1 marks a missing answer.
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
        return to_device(self, device)

    def split(self, examples: int) -> "Iterator[ComparisonBatch]":
        return split_rows(self, examples)


@dataclass(frozen=True, slots=True)
class PromptBatch:
    """Prompts to answer: ids up to and including the assistant's header, not padded.

    Among the prompts of all processes these are number `first` and every `stride`-th after it.
    """

    prompts: tuple[tuple[int, ...], ...]
    first: int = 0
    stride: int = 1

    def seeds(self, seed: int) -> list[int]:
        """Draw a seed for each prompt by its number among those of all processes."""
        count = self.stride * len(self.prompts)
        drawn = torch.randint(2**31, (count,), generator=torch.Generator().manual_seed(seed))
        return drawn[self.first :: self.stride].tolist()


def each_tensor(batch: Tensors, function: Callable[[Tensor], Tensor]) -> Tensors:
    """Apply `function` to every tensor of a batch, nested ones included; other fields stay."""
    changed: dict[str, object] = {}
    for field in fields(batch):
        value = getattr(batch, field.name)
        if isinstance(value, Tensor):
            changed[field.name] = function(value)
        elif is_dataclass(value) and not isinstance(value, type):
            changed[field.name] = each_tensor(value, function)
    return replace(batch, **changed)


def named_tensors(batch: Fields) -> dict[str, Tensor]:
    """List every tensor of a batch with the name of its field, nested ones included."""
    found: dict[str, Tensor] = {}
    for field in fields(batch):
        value = getattr(batch, field.name)
        if isinstance(value, Tensor):
            found[field.name] = value
        elif is_dataclass(value) and not isinstance(value, type):
            found |= named_tensors(value)
    return found


def to_device(batch: Tensors, device: torch.device) -> Tensors:
    """Move every tensor of a batch."""
    return each_tensor(batch, lambda tensor: tensor.to(device))


def split_rows(batch: Tensors, examples: int) -> Iterator[Tensors]:
    """Cut a batch into parts of at most `examples` rows, in order; an empty one is one part."""
    rows = next(iter(named_tensors(batch).values())).shape[0]
    for start in range(0, max(1, rows), examples):
        yield each_tensor(batch, itemgetter(slice(start, start + examples)))
