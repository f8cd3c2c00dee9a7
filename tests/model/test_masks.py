import torch

from fledge.model import masks


def test_causal_is_the_lower_triangle():
    expected = [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    assert torch.equal(masks.causal(3)[0, 0], torch.tensor(expected).bool())


def test_padded_neither_sees_nor_is_seen():
    mask = masks.padded(torch.tensor([[False, True, True]]))
    expected = [[0, 0, 0], [0, 1, 0], [0, 1, 1]]
    assert torch.equal(mask[0, 0], torch.tensor(expected).bool())


def test_padded_positions_count_tokens_only():
    is_token = torch.tensor([[0, 0, 1, 1, 1], [1, 1, 1, 0, 0]]).bool()
    expected = [[0, 0, 0, 1, 2], [0, 1, 2, 2, 2]]
    assert masks.padded_positions(is_token).tolist() == expected


def test_block_diagonal_equals_a_loop():
    segments = torch.tensor([[1, 1, 2, 2, 2, 0], [1, 2, 3, 3, 0, 0]])
    mask = masks.block_diagonal(segments)
    for row in range(2):
        for query in range(6):
            for key in range(6):
                same = segments[row, query] == segments[row, key] != 0
                assert mask[row, 0, query, key] == (bool(same) and key <= query)


def test_segment_positions_restart_with_every_segment():
    segments = torch.tensor([[1, 1, 2, 2, 2, 0], [1, 2, 3, 3, 0, 0]])
    expected = [[0, 1, 0, 1, 2, 0], [0, 0, 0, 1, 0, 1]]
    assert masks.segment_positions(segments).tolist() == expected


def test_cached_rows_see_their_own_past():
    mask = masks.cached(torch.tensor([0, 2]), new=2, capacity=5)
    expected = [[[1, 0, 0, 0, 0], [1, 1, 0, 0, 0]], [[1, 1, 1, 0, 0], [1, 1, 1, 1, 0]]]
    assert torch.equal(mask[:, 0], torch.tensor(expected).bool())
