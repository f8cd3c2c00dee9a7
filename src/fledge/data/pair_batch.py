"""Batches of sentence pairs, padded on the right, of about equal length and size."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from fledge.data.batch import split_rows, to_device
from fledge.data.loader import philox
from fledge.errors import ConfigError, DataError

Ids = Sequence[int]
POOL_BATCHES = 100
"""Batches whose pairs are sorted together: they need little padding, and are still well mixed."""


@dataclass(frozen=True, slots=True)
class SentencePairBatch:
    """Sources and targets, padded on the right.

    `inputs` is `targets` shifted right by one behind the start token (teacher forcing).
    """

    source: Int[Tensor, "B S"]
    source_mask: Bool[Tensor, "B S"]
    inputs: Int[Tensor, "B T"]
    targets: Int[Tensor, "B T"]
    loss_mask: Bool[Tensor, "B T"]

    @classmethod
    def collate(cls, pairs: Sequence[tuple[Ids, Ids]], pad_id: int) -> "SentencePairBatch":
        """Pad ids that end with the end token; padding also starts the decoder (Marian)."""
        source = _padded([source for source, _ in pairs], pad_id)
        targets = _padded([target for _, target in pairs], pad_id)
        lengths = torch.tensor([len(target) for _, target in pairs])
        sizes = torch.tensor([len(source) for source, _ in pairs])
        start = torch.full_like(targets[:, :1], pad_id)
        return cls(
            source=source,
            source_mask=torch.arange(source.shape[1]) < sizes[:, None],
            inputs=torch.cat([start, targets[:, :-1]], dim=1),
            targets=targets,
            loss_mask=torch.arange(targets.shape[1]) < lengths[:, None],
        )

    @property
    def examples(self) -> int:
        return self.source.shape[0]

    @property
    def weight(self) -> Tensor:
        """Number of target tokens, ends included."""
        return self.loss_mask.sum()

    def to(self, device: torch.device) -> "SentencePairBatch":
        return to_device(self, device)

    def split(self, examples: int) -> "Iterator[SentencePairBatch]":
        return split_rows(self, examples)


class PairLoader:
    """An endless iterator of batches of at most `tokens` padded target tokens (section 5.1).

    An epoch is shuffled, sorted by length within pools, cut into batches, and the batches are
    shuffled; all from (seed, epoch) alone. Process `rank` takes every `world_size`-th pair of a
    batch, so the number of processes changes only where a pair is computed.
    """

    def __init__(
        self,
        pairs: Sequence[tuple[Ids, Ids]],
        pad_id: int,
        *,
        tokens: int,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        """`pairs` hold ids that end with the end token.

        Raises:
            ConfigError: a sentence alone is longer than `tokens`.
            DataError: there is no pair.
        """
        longest = max((max(map(len, pair)) for pair in pairs), default=0)
        if longest > tokens:
            raise ConfigError(
                f"the longest sentence has {longest:,} tokens, more than the {tokens:,} of a "
                "batch; raise stage.batch_tokens"
            )
        if not pairs:
            raise DataError("there is no sentence pair to train on")
        self.pairs = pairs
        self.pad_id = pad_id
        self.tokens = tokens
        self.seed = seed
        self.rank, self.world_size = rank, world_size
        self._enter(epoch=0, position=0)

    def __iter__(self) -> Iterator[SentencePairBatch]:
        return self

    def __next__(self) -> SentencePairBatch:
        if self.position == len(self.order):
            self._enter(self.epoch + 1, position=0)
        chosen = self.order[self.position]
        self.position += 1
        mine = chosen[self.rank :: self.world_size]
        # Sharded models need every process to run as many forwards, so all have as many rows;
        # rows that fill up count for nothing.
        rows = math.ceil(len(chosen) / self.world_size)
        filled = [*mine, *chosen[: rows - len(mine)]]
        batch = SentencePairBatch.collate([self.pairs[index] for index in filled], self.pad_id)
        batch.loss_mask[len(mine) :] = False
        return batch

    @property
    def batches_per_epoch(self) -> int:
        """Batches in the present epoch."""
        return len(self.order)

    def state_dict(self) -> dict[str, object]:
        """Return the place of the next batch, which is the same on every process."""
        return {"epoch": self.epoch, "position": self.position, "pairs": len(self.pairs)}

    def load_state_dict(self, state: dict[str, object]) -> None:
        """Go on with the batch that was next when `state_dict` was taken.

        Raises:
            DataError: the data has another number of pairs than it had then.
        """
        epoch, position, pairs = state["epoch"], state["position"], state["pairs"]
        assert isinstance(epoch, int) and isinstance(position, int)
        if pairs != len(self.pairs):
            raise DataError(
                f"the data has {len(self.pairs):,} sentence pairs, but {pairs:,} when the run was "
                "saved; resume with the same files and settings, or start in another directory"
            )
        self._enter(epoch, position)

    def _enter(self, epoch: int, position: int) -> None:
        self.epoch, self.position = epoch, position
        self.order = self._batches(epoch)

    def _batches(self, epoch: int) -> list[list[int]]:
        random = philox(self.seed, epoch)
        shuffled = random.permutation(len(self.pairs)).tolist()
        mean = sum(len(target) for _, target in self.pairs) / len(self.pairs)
        pool = max(1, int(POOL_BATCHES * self.tokens / mean))
        batches: list[list[int]] = []
        for start in range(0, len(shuffled), pool):
            by_length = sorted(shuffled[start : start + pool], key=self._length)
            batches += _cut(by_length, self._length, self.tokens)
        return [batches[index] for index in random.permutation(len(batches))]

    def _length(self, index: int) -> int:
        source, target = self.pairs[index]
        return max(len(source), len(target))


def by_length(
    pairs: Sequence[tuple[Ids, Ids]], pad_id: int, tokens: int
) -> Iterator[SentencePairBatch]:
    """Yield every pair once, shortest first, for evaluation."""
    ordered = sorted(range(len(pairs)), key=lambda index: max(map(len, pairs[index])))
    for batch in _cut(ordered, lambda index: max(map(len, pairs[index])), tokens):
        yield SentencePairBatch.collate([pairs[index] for index in batch], pad_id)


def _cut(ordered: Sequence[int], length: Callable[[int], int], tokens: int) -> Iterator[list[int]]:
    """Group neighbours while their padded size is at most `tokens`."""
    batch: list[int] = []
    for index in ordered:
        # Lengths ascend, so the newest is the longest.
        if batch and (len(batch) + 1) * length(index) > tokens:
            yield batch
            batch = []
        batch.append(index)
    yield batch


def _padded(rows: Sequence[Ids], pad_id: int) -> Int[Tensor, "B T"]:
    longest = max(map(len, rows))
    return torch.tensor([[*row, *[pad_id] * (longest - len(row))] for row in rows])
