import random

import numpy as np
import pytest
import torch

from fledge.data.packing import (
    TokenRows,
    best_fit,
    concatenate_and_chunk,
    join,
    pack,
    positions_within,
    segments_after,
    window_batch,
)
from fledge.errors import DataError
from fledge.text.conversation import RenderedChat


def chat(*ids, trained=2):
    """A chat whose last `trained` ids the assistant writes."""
    return RenderedChat(list(ids), [i >= len(ids) - trained for i in range(len(ids))])


def test_two_chats_share_a_row_as_computed_by_hand():
    batch = pack([chat(1, 2, 3, 4), chat(5, 6, 7)], length=6, pad=9)
    assert batch.inputs.tolist() == [[1, 2, 3, 5, 6, 9]]
    assert batch.targets.tolist() == [[2, 3, 4, 6, 7, 9]]
    assert batch.loss_mask.tolist() == [[False, True, True, True, True, False]]
    assert batch.segments.tolist() == [[1, 1, 1, 2, 2, 0]]
    assert batch.positions.tolist() == [[0, 1, 2, 0, 1, 0]]
    assert batch.weight == 4


def test_the_first_token_of_a_chat_is_never_a_target():
    first = RenderedChat([5, 6], [True, True])
    batch = pack([chat(1, 2, 3), first], length=8)
    assert 5 not in batch.targets[batch.loss_mask].tolist()


def test_every_chat_is_found_whole_in_some_segment():
    rng = random.Random(0)
    chats = [chat(*range(i * 100, i * 100 + rng.randint(2, 17))) for i in range(200)]
    batch = pack(chats, length=16, pad=-1)
    found = []
    for row in range(batch.examples):
        for segment in range(1, int(batch.segments[row].max()) + 1):
            here = batch.segments[row] == segment
            assert batch.positions[row][here].tolist() == list(range(int(here.sum())))
            ids = [*batch.inputs[row][here].tolist(), int(batch.targets[row][here][-1])]
            mask = [False, *batch.loss_mask[row][here].tolist()]
            found.append(RenderedChat(ids, mask))
    expected = [RenderedChat(c.ids, [False, *c.loss_mask[1:]]) for c in chats]
    assert sorted(found, key=lambda c: c.ids) == sorted(expected, key=lambda c: c.ids)
    assert not batch.loss_mask[batch.segments == 0].any()


def test_best_fit_fills_the_fullest_bin_that_has_room():
    assert best_fit([2, 7, 4, 1, 6], capacity=10) == [[1, 0, 3], [4, 2]]
    assert best_fit([10, 10], capacity=10) == [[0], [1]]


def test_best_fit_equals_a_slow_search_and_wastes_little():
    rng = random.Random(1)
    sizes = [rng.randint(1, 50) for _ in range(400)]
    bins = best_fit(sizes, capacity=64)
    slow: list[list[int]] = []
    for index in sorted(range(400), key=lambda i: (-sizes[i], i)):
        rooms = [(64 - sum(sizes[i] for i in one), n) for n, one in enumerate(slow)]
        fitting = [room for room in rooms if room[0] >= sizes[index]]
        if fitting:
            slow[min(fitting)[1]].append(index)
        else:
            slow.append([index])
    assert bins == slow
    assert sum(sizes) / (64 * len(bins)) > 0.95


def test_a_chat_that_does_not_fit_or_is_empty_is_refused():
    pack([chat(*range(9))], length=8)
    for ids in (range(10), range(1)):
        with pytest.raises(DataError, match=r"chat 1 has \d+ ids; expected 2 to 9"):
            pack([chat(*ids)], length=8)
    with pytest.raises(DataError, match="no chat to pack"):
        pack([], length=8)


def test_rows_one_by_one_joined_are_the_batch():
    batch = pack([chat(1, 2, 3), chat(4, 5, 6, 7), chat(8, 9)], length=4)
    rows = TokenRows(batch)
    joined = join([rows[index] for index in range(len(rows))])
    for name in ("inputs", "targets", "loss_mask", "segments", "positions"):
        assert torch.equal(getattr(joined, name), getattr(batch, name))


def test_documents_are_joined_and_cut_with_every_token_predicted_once():
    batch = concatenate_and_chunk([[1, 2, 3], [4], [5, 6, 7, 8]], end_of_text=0, length=3)
    assert batch.inputs.tolist() == [[1, 2, 3], [0, 4, 0], [5, 6, 7]]
    assert batch.targets.tolist() == [[2, 3, 0], [4, 0, 5], [6, 7, 8]]
    assert batch.loss_mask.all() and (batch.segments == 1).all()


def test_too_little_text_for_one_row_is_an_error():
    with pytest.raises(DataError, match="have 4 tokens; expected at least 11"):
        concatenate_and_chunk([[1, 2, 3]], end_of_text=0, length=10)


def test_isolated_documents_restart_and_do_not_predict_each_other():
    batch = window_batch([np.array([1, 2, 0, 3, 0, 4, 5], dtype=np.uint16)], isolate=0)
    assert batch.segments.tolist() == [[1, 1, 1, 2, 2, 3]]
    assert batch.positions.tolist() == [[0, 1, 2, 0, 1, 0]]
    assert batch.loss_mask.tolist() == [[True, True, False, True, False, True]]
    assert batch.targets.dtype == torch.long


def test_positions_equal_a_loop():
    generator = torch.Generator().manual_seed(0)
    segments = segments_after(torch.randint(0, 4, (8, 20), generator=generator), end_of_text=0)
    positions = positions_within(segments)
    for row in range(8):
        place = 0
        for index in range(20):
            if index and segments[row, index] != segments[row, index - 1]:
                place = 0
            assert positions[row, index] == place
            place += 1
