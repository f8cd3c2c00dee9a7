import itertools

import pytest

from fledge.data.loader import Loader, in_order, shuffled
from fledge.errors import ConfigError, DataError


def loader(rows=range(10), examples=4, **options):
    return Loader(list(rows), list, examples=examples, seed=3, **options)


def take(batches, count):
    return list(itertools.islice(batches, count))


def test_every_epoch_has_every_row_once_in_another_order():
    rows = list(itertools.chain.from_iterable(take(loader(examples=5), 6)))
    epochs = [rows[start : start + 10] for start in (0, 10, 20)]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]


def test_a_batch_reaches_over_the_end_of_an_epoch():
    rows = list(itertools.chain.from_iterable(take(loader(range(3), examples=4), 3)))
    assert [sorted(rows[start : start + 3]) for start in (0, 3, 6, 9)] == [[0, 1, 2]] * 4


def test_resumed_equals_uninterrupted():
    whole = take(loader(), 12)
    for cut in range(12):
        first = loader()
        take(first, cut)
        second = loader()
        second.load_state_dict(first.state_dict())
        assert take(second, 12 - cut) == whole[cut:]


def test_the_state_is_that_of_the_batch_in_hand():
    batches = loader()
    next(batches)
    assert batches.state_dict() == {"epoch": 0, "position": 4, "rows": 10}


@pytest.mark.parametrize("world_size", [2, 4])
def test_all_processes_together_see_the_same_batches(world_size):
    alone = take(loader(), 8)
    parts = [take(loader(rank=rank, world_size=world_size), 8) for rank in range(world_size)]
    for batch, *shares in zip(alone, *parts, strict=True):
        assert all(len(share) == 4 // world_size for share in shares)
        assert sorted(itertools.chain.from_iterable(shares)) == sorted(batch)


def test_a_run_may_resume_with_another_number_of_processes():
    whole = take(loader(), 6)
    first = loader(rank=1, world_size=2)
    take(first, 3)
    second = loader()
    second.load_state_dict(first.state_dict())
    assert take(second, 3) == whole[3:]


def test_rows_may_depend_on_the_epoch():
    batches = Loader(lambda epoch: [f"{epoch}{name}" for name in "ab"], sorted, examples=2, seed=0)
    assert take(batches, 3) == [["0a", "0b"], ["1a", "1b"], ["2a", "2b"]]
    assert batches.epoch == 2


def test_the_order_comes_from_seed_and_epoch_alone():
    assert shuffled(8, seed=1, epoch=0).tolist() == [0, 5, 4, 1, 2, 6, 3, 7]
    assert shuffled(8, seed=1, epoch=1).tolist() != shuffled(8, seed=2, epoch=0).tolist()
    assert shuffled(8, seed=-1, epoch=0).tolist() != shuffled(8, seed=1, epoch=0).tolist()


def test_other_data_cannot_be_resumed():
    with pytest.raises(DataError, match="has 9 rows, but 10 when the run was saved"):
        loader(range(9)).load_state_dict(loader().state_dict())


def test_a_batch_must_divide_between_processes():
    with pytest.raises(ConfigError, match="4, which does not divide by 3 processes"):
        loader(world_size=3)


def test_no_rows_is_an_error():
    with pytest.raises(DataError, match="no row to train on"):
        loader([])


def test_in_order_gives_every_row_once():
    assert list(in_order(range(7), list, examples=3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(in_order(range(0), list, examples=3)) == []
