"""Documents as rows of equal length: packed whole (SFT), or joined and cut (pretraining)."""

import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int, Integer
from torch import Tensor

from fledge.data.batch import TokenBatch
from fledge.data.loader import Loader
from fledge.data.tokens import Tokens
from fledge.errors import DataError
from fledge.text.conversation import RenderedChat


@dataclass(frozen=True, slots=True)
class TokenRows:
    """Rows of one batch, from which a `Loader` draws packed chats one by one."""

    batch: TokenBatch

    def __len__(self) -> int:
        return self.batch.examples

    def __getitem__(self, index: int, /) -> TokenBatch:
        if not 0 <= index < len(self):
            raise IndexError(f"row {index} of {len(self)}")
        here = slice(index, index + 1)
        whole = self.batch
        return TokenBatch(
            whole.inputs[here],
            whole.targets[here],
            whole.loss_mask[here],
            whole.segments[here],
            whole.positions[here],
        )


def join(batches: Sequence[TokenBatch]) -> TokenBatch:
    """Join batches of one length; the collate function for `TokenRows`."""
    return TokenBatch(
        torch.cat([batch.inputs for batch in batches]),
        torch.cat([batch.targets for batch in batches]),
        torch.cat([batch.loss_mask for batch in batches]),
        torch.cat([batch.segments for batch in batches]),
        torch.cat([batch.positions for batch in batches]),
    )


def pack(rendered: Sequence[RenderedChat], length: int, pad: int = 0) -> TokenBatch:
    """Pack chats whole into rows of `length` positions, as few rows as best-fit finds.

    A chat of n ids takes n - 1 positions: its last id is only a target, and its first id is no
    target, so nothing is predicted across a seam. Rows are in order of filling; shuffle them.

    Raises:
        DataError: a chat has more than `length` + 1 ids, or less than 2; or there is none.
    """
    if not rendered:
        raise DataError("there is no chat to pack; expected at least one demonstration")
    sizes = [len(chat.ids) - 1 for chat in rendered]
    for number, size in enumerate(sizes, start=1):
        if not 1 <= size <= length:
            raise DataError(
                f"chat {number} has {size + 1:,} ids; expected 2 to {length + 1:,}: "
                "render it for this length first"
            )
    bins = best_fit(sizes, length)
    batch = TokenBatch(
        inputs=torch.full((len(bins), length), pad),
        targets=torch.full((len(bins), length), pad),
        loss_mask=torch.zeros((len(bins), length), dtype=torch.bool),
        segments=torch.zeros((len(bins), length), dtype=torch.long),
        positions=torch.zeros((len(bins), length), dtype=torch.long),
    )
    for row, members in enumerate(bins):
        start = 0
        for segment, member in enumerate(members, start=1):
            _place(batch, row, start, segment, rendered[member])
            start += sizes[member]
    return batch


def best_fit(sizes: Sequence[int], capacity: int) -> list[list[int]]:
    """Fill bins with indices into `sizes`: largest first, into the fullest bin that has room.

    Best-fit decreasing needs at most 11/9 of the fewest bins possible (Johnson 1973).
    """
    bins: list[list[int]] = []
    # Pairs (room left, bin) of the open bins, least room first.
    rooms: list[tuple[int, int]] = []
    for index in sorted(range(len(sizes)), key=lambda i: (-sizes[i], i)):
        place = bisect.bisect_left(rooms, (sizes[index], -1))
        if place < len(rooms):
            room, chosen = rooms.pop(place)
        else:
            room, chosen = capacity, len(bins)
            bins.append([])
        bins[chosen].append(index)
        if room > sizes[index]:
            bisect.insort(rooms, (room - sizes[index], chosen))
    return bins


def concatenate_and_chunk(
    documents: Iterable[Sequence[int]], end_of_text: int, length: int
) -> TokenBatch:
    """Join documents, `end_of_text` after each, and cut them into rows; a short tail is dropped.

    Every token but the very first is predicted once, and nothing is padded.

    Raises:
        DataError: all documents together are shorter than one row.
    """
    ids = [id_ for document in documents for id_ in (*document, end_of_text)]
    rows = (len(ids) - 1) // length
    if rows < 1:
        raise DataError(
            f"the documents have {len(ids):,} tokens; expected at least {length + 1:,}, one row; "
            "give more text or a shorter context"
        )
    return window_batch([np.array(ids[i * length : (i + 1) * length + 1]) for i in range(rows)])


def window_batch(
    windows: Sequence[Integer[np.ndarray, "N"]], isolate: int | None = None
) -> TokenBatch:
    """Split windows of T + 1 ids into T inputs and the T targets one position later.

    Documents in a window see each other, as GPT-2 was trained, unless `isolate` gives the id that
    ends a document: then attention and positions restart after it, and the first token of the
    next document is not a target.
    """
    ids = torch.from_numpy(np.stack(windows).astype(np.int64))
    inputs, targets = ids[:, :-1].contiguous(), ids[:, 1:].contiguous()
    if isolate is None:
        positions = torch.arange(inputs.shape[1]).expand_as(inputs).contiguous()
        everywhere = torch.ones_like(inputs, dtype=torch.bool)
        return TokenBatch(inputs, targets, everywhere, torch.ones_like(inputs), positions)
    segments = segments_after(inputs, isolate)
    return TokenBatch(inputs, targets, inputs != isolate, segments, positions_within(segments))


def segments_after(inputs: Int[Tensor, "B T"], end_of_text: int) -> Int[Tensor, "B T"]:
    """Number the documents of each row from 1; `end_of_text` belongs to the document it ends."""
    ends = (inputs == end_of_text).long()
    return 1 + ends.cumsum(dim=1) - ends


def positions_within(segments: Int[Tensor, "B T"]) -> Int[Tensor, "B T"]:
    """Count positions, from 0 again wherever the segment changes."""
    index = torch.arange(segments.shape[1]).expand_as(segments)
    changed = torch.ones_like(segments, dtype=torch.bool)
    changed[:, 1:] = segments[:, 1:] != segments[:, :-1]
    return index - (index * changed).cummax(dim=1).values


def _place(batch: TokenBatch, row: int, start: int, segment: int, chat: RenderedChat) -> None:
    """Write one chat into its row, in place."""
    size = len(chat.ids) - 1
    here = slice(start, start + size)
    ids = torch.tensor(chat.ids)
    batch.inputs[row, here] = ids[:-1]
    batch.targets[row, here] = ids[1:]
    batch.loss_mask[row, here] = torch.tensor(chat.loss_mask[1:])
    batch.segments[row, here] = segment
    batch.positions[row, here] = torch.arange(size)


def window_loader(
    tokens: Tokens,
    length: int,
    *,
    examples: int,
    seed: int,
    rank: int = 0,
    world_size: int = 1,
    isolate: int | None = None,
) -> Loader[Integer[np.ndarray, "N"], TokenBatch]:
    """Load endless shuffled windows of `length` tokens, `examples` a step over all processes.

    `isolate` is the id that ends a document, where documents must not see each other.
    """
    return Loader(
        tokens.epoch_windows(length, seed),
        lambda rows: window_batch(rows, isolate),
        examples=examples,
        seed=seed,
        rank=rank,
        world_size=world_size,
    )
