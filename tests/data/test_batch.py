import torch

from fledge.data.batch import Batch, ComparisonBatch, TokenBatch, each_tensor
from fledge.data.packing import window_batch


def comparisons(ranks):
    shape = (len(ranks), len(ranks[0]))
    return ComparisonBatch(
        ids=torch.zeros(*shape, 4, dtype=torch.long),
        lengths=torch.ones(shape, dtype=torch.long),
        ranks=torch.tensor(ranks),
    )


def test_the_weight_of_comparisons_is_prompts_with_a_pair():
    assert comparisons([[0, 1, -1], [0, 0, 1], [0, 0, 0], [0, -1, -1], [2, 1, 0]]).weight == 3


def test_micro_batches_are_the_rows_in_order_and_their_weights_add_up():
    windows = [torch.arange(start, start + 5).numpy() for start in range(7)]
    tokens = window_batch(windows, isolate=3)
    for batch in (tokens, comparisons([[0, 1], [0, 0], [1, 0]])):
        assert isinstance(batch, Batch)
        parts = list(batch.split(2))
        assert [part.examples for part in parts[:-1]] == [2] * (len(parts) - 1)
        assert sum(part.examples for part in parts) == batch.examples
        assert sum(part.weight for part in parts) == batch.weight
    joined = torch.cat([part.inputs for part in tokens.split(3)])
    assert torch.equal(joined, tokens.inputs)


def test_a_moved_batch_is_the_same_batch():
    tokens = window_batch([torch.arange(5).numpy()])
    moved = tokens.to(torch.device("meta"))
    assert isinstance(moved, TokenBatch)
    assert {moved.inputs.device.type, moved.segments.device.type} == {"meta"}
    assert comparisons([[0, 1]]).to(torch.device("meta")).ranks.device.type == "meta"


def test_a_batch_without_rows_is_one_part():
    (part,) = comparisons([[0, 1]]).to(torch.device("cpu")).split(5)
    assert part.examples == 1
    none = window_batch([torch.arange(5).numpy()]).split(1)
    empty = each_tensor(next(none), lambda tensor: tensor[:0])
    assert [part.examples for part in empty.split(3)] == [0]
