"""Batches in a shuffled order that is the same on any number of processes, and can be resumed."""

from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar, runtime_checkable

import numpy as np
from jaxtyping import Int

from fledge.errors import ConfigError, DataError

Row = TypeVar("Row")
RowOut = TypeVar("RowOut", covariant=True)
BatchOut = TypeVar("BatchOut")


@runtime_checkable
class Rows(Protocol[RowOut]):
    """Rows to load: a list, the windows of a corpus, packed chats."""

    def __len__(self) -> int:
        """Number of rows."""

    def __getitem__(self, index: int, /) -> RowOut:
        """Return the row at `index`, 0 to len - 1."""


class Loader(Generic[Row, BatchOut]):
    """An endless iterator of shuffled batches; every epoch sees each row once.

    Batch n holds `examples` rows over all processes: the next rows of one global order, made from
    (seed, epoch) alone. Process `rank` takes every `world_size`-th of them, so the number of
    processes changes only where a row is computed. A batch may reach over the end of an epoch.
    """

    def __init__(
        self,
        rows: Rows[Row] | Callable[[int], Rows[Row]],
        collate: Callable[[list[Row]], BatchOut],
        *,
        examples: int,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        """`rows` may be a function of the epoch, as `Tokens.epoch_windows` makes.

        Raises:
            ConfigError: `examples` does not divide by `world_size`.
            DataError: there is no row.
        """
        if examples < 1 or examples % world_size:
            raise ConfigError(
                f"batch.examples is {examples}, which does not divide by {world_size} processes"
            )
        self._rows_of: Callable[[int], Rows[Row]] = rows if callable(rows) else lambda _: rows
        self._collate = collate
        self._examples = examples
        self._seed = seed
        self._rank = rank
        self._world_size = world_size
        self._enter(epoch=0, position=0)

    def __iter__(self) -> Iterator[BatchOut]:
        return self

    def __next__(self) -> BatchOut:
        rows = [self._next_row(self._is_mine(place)) for place in range(self._examples)]
        return self._collate([row for found in rows for row in found])

    @property
    def epoch(self) -> int:
        """Passes over all rows that are complete."""
        return self._epoch

    def state_dict(self) -> dict[str, object]:
        """Return the place of the next batch, which is the same on every process."""
        return {"epoch": self._epoch, "position": self._position, "rows": len(self._order)}

    def load_state_dict(self, state: dict[str, object]) -> None:
        """Go on with the batch that was next when `state_dict` was taken.

        Raises:
            DataError: the data has another number of rows than it had then.
        """
        epoch, position, rows = state["epoch"], state["position"], state["rows"]
        assert isinstance(epoch, int) and isinstance(position, int)
        self._enter(epoch, position)
        if rows != len(self._order):
            raise DataError(
                f"the data has {len(self._order):,} rows, but {rows:,} when the run was saved; "
                "resume with the same files and settings, or start in another output directory"
            )

    def _is_mine(self, place: int) -> bool:
        return place % self._world_size == self._rank

    def _next_row(self, wanted: bool) -> list[Row]:
        if self._position == len(self._order):
            self._enter(self._epoch + 1, position=0)
        row = [self._rows[int(self._order[self._position])]] if wanted else []
        self._position += 1
        return row

    def _enter(self, epoch: int, position: int) -> None:
        self._epoch, self._position = epoch, position
        self._rows = self._rows_of(epoch)
        if len(self._rows) == 0:
            raise DataError("there is no row to train on; the data is shorter than one window")
        self._order = shuffled(len(self._rows), self._seed, epoch)


def shuffled(count: int, seed: int, epoch: int) -> Int[np.ndarray, "N"]:
    """Shuffle the numbers 0 to `count` - 1 as (seed, epoch) say, by numpy's Philox."""
    return philox(seed, epoch).permutation(count)


def philox(seed: int, epoch: int) -> np.random.Generator:
    """Return the random stream of one epoch of one run, independent of every other."""
    return np.random.Generator(
        np.random.Philox(key=np.array([seed % 2**64, epoch], dtype=np.uint64))
    )


def in_order(
    rows: Rows[Row], collate: Callable[[list[Row]], BatchOut], *, examples: int
) -> Iterator[BatchOut]:
    """Yield every row once, for evaluation, in batches of at most `examples`.

    Each process takes all of them: sharded models need every process to run as many batches.
    """
    for start in range(0, len(rows), examples):
        stop = min(start + examples, len(rows))
        yield collate([rows[index] for index in range(start, stop)])
