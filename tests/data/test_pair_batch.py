import itertools

import pytest
import torch

from fledge.data.pair_batch import PairLoader, SentencePairBatch, by_length
from fledge.errors import ConfigError, DataError

PAD, END = 9, 0


def pairs(count=40):
    random = torch.Generator().manual_seed(0)
    sizes = torch.randint(1, 8, (count, 2), generator=random).tolist()
    return [([1] * s + [END], [(n % 7) + 1] * t + [END]) for n, (s, t) in enumerate(sizes)]


def test_inputs_are_targets_shifted_behind_the_padding_that_starts_them():
    batch = SentencePairBatch.collate([([1, 2, END], [3, END]), ([4, END], [5, 6, END])], PAD)
    assert batch.source.tolist() == [[1, 2, END], [4, END, PAD]]
    assert batch.source_mask.tolist() == [[True, True, True], [True, True, False]]
    assert batch.targets.tolist() == [[3, END, PAD], [5, 6, END]]
    assert batch.inputs.tolist() == [[PAD, 3, END], [PAD, 5, 6]]
    assert batch.loss_mask.tolist() == [[True, True, False], [True, True, True]]
    assert int(batch.weight) == 5


def test_an_epoch_sees_every_pair_once_within_the_token_budget():
    loader = PairLoader(pairs(), PAD, tokens=40, seed=3)
    seen = 0
    for batch in itertools.islice(loader, loader.batches_per_epoch):
        assert batch.targets.numel() <= 40 and batch.source.numel() <= 40
        seen += batch.examples
    assert seen == 40


def test_a_resumed_loader_goes_on_with_the_next_batch():
    whole = PairLoader(pairs(), PAD, tokens=40, seed=3)
    skipped = list(itertools.islice(whole, 11))
    assert skipped
    resumed = PairLoader(pairs(), PAD, tokens=40, seed=3)
    resumed.load_state_dict(whole.state_dict())
    for _ in range(20):
        assert torch.equal(next(whole).source, next(resumed).source)
    other = PairLoader(pairs(10), PAD, tokens=40, seed=3)
    with pytest.raises(DataError, match="10 sentence pairs, but 40"):
        other.load_state_dict(whole.state_dict())


def test_two_processes_share_the_batches_of_one():
    whole = PairLoader(pairs(), PAD, tokens=40, seed=3)
    halves = [PairLoader(pairs(), PAD, tokens=40, seed=3, rank=r, world_size=2) for r in (0, 1)]
    odd = 0
    for _ in range(30):
        batch, parts = next(whole), [next(half) for half in halves]
        assert parts[0].examples == parts[1].examples == (batch.examples + 1) // 2
        assert int(batch.weight) == sum(int(part.weight) for part in parts)
        supervised = [
            row[mask].tolist()
            for part in parts
            for row, mask in zip(part.targets, part.loss_mask, strict=True)
            if mask.any()
        ]
        expected = [
            row[mask].tolist() for row, mask in zip(batch.targets, batch.loss_mask, strict=True)
        ]
        assert sorted(supervised) == sorted(expected)
        odd += batch.examples % 2
    assert odd


def test_a_sentence_longer_than_a_batch_is_refused():
    with pytest.raises(ConfigError, match="longest sentence has 12 tokens, more than the 8"):
        PairLoader([([1] * 11 + [END], [2, END])], PAD, tokens=8, seed=0)


def test_evaluation_reads_every_pair_once():
    assert sum(batch.examples for batch in by_length(pairs(), PAD, tokens=50)) == 40
