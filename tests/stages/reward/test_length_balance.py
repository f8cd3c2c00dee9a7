import pytest
import torch

from fledge.data.rendering import RenderedRanking
from fledge.errors import DataError
from fledge.stages.reward.length_balance import LengthBalance
from fledge.stages.reward.loss import ranking_loss


def ranking(*lengths):
    """Answers of these lengths, best first."""
    answers = tuple((7,) * length for length in lengths)
    return RenderedRanking(answers, tuple(range(len(lengths))))


def test_both_kinds_of_pairs_weigh_the_same_over_the_rankings():
    # Three prompts prefer the longer answer, one the shorter, and one has a pair of each.
    rankings = [ranking(5, 3), ranking(9, 2), ranking(4, 3), ranking(2, 6), ranking(3, 4, 3)]
    balance = LengthBalance.of(rankings)
    longer, shorter = 3 + 1 / 3, 1 + 1 / 3  # of the last prompt's three pairs, one is a tie
    assert balance.if_longer * longer == pytest.approx(balance.if_shorter * shorter)
    total = balance.if_longer * longer + balance.if_shorter * shorter
    assert total == pytest.approx(longer + shorter)


@pytest.mark.parametrize(("longer", "shorter"), [(1, 1), (1, 3), (3, 1)])
def test_a_single_pair_of_a_kind_is_enough(longer, shorter):
    balance = LengthBalance.of([ranking(4, 3)] * longer + [ranking(3, 4)] * shorter)
    mean = (longer + shorter) / 2
    assert (balance.if_longer, balance.if_shorter) == (mean / longer, mean / shorter)


def test_a_pair_is_weighed_by_the_length_of_its_better_answer():
    weights = LengthBalance(if_longer=0.5, if_shorter=2.0).weights(torch.tensor([[4, 5, 4]]))
    assert weights.tolist() == [[[1.0, 2.0, 1.0], [0.5, 1.0, 0.5], [1.0, 2.0, 1.0]]]
    scores, ranks = torch.tensor([[0.3, -0.2, 0.0]]), torch.tensor([[0, 1, -1]])
    plain, metrics = ranking_loss(scores, ranks)
    balanced, same = ranking_loss(scores, ranks, pair_weights=weights)
    assert float(balanced) == pytest.approx(2 * float(plain))
    assert metrics == same


@pytest.mark.parametrize(("kind", "lengths"), [("shorter", (5, 3)), ("longer", (3, 5))])
def test_lengths_that_nothing_balances_are_refused(kind, lengths):
    with pytest.raises(DataError, match=f"in no pair is the better answer {kind}"):
        LengthBalance.of([ranking(*lengths), ranking(4, 4)])
