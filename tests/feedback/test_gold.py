"""Gold tasks: where they come, and how judgements of them are scored."""

import pytest

from fledge.feedback.gold import BLOCK, Gold, gold_from, gold_score, is_gold_turn
from fledge.feedback.judgements import Judgement


@pytest.mark.parametrize("percent", [0, 1, 5, 33, 50])
def test_the_share_is_exact(percent: int) -> None:
    turns = [is_gold_turn("ada", turn, percent) for turn in range(100 * BLOCK)]
    assert sum(turns) == percent * BLOCK


def test_places_differ_between_labellers_and_blocks_and_stay() -> None:
    def places(seed: str) -> list[int]:
        return [turn % BLOCK for turn in range(10 * BLOCK) if is_gold_turn(seed, turn, 5)]

    assert places("ada") == places("ada") != places("bob")
    assert len(set(places("ada"))) > 3, "not every twentieth task"


@pytest.mark.parametrize(
    ("ranking", "score"),
    [
        ((("a",), ("b",), ("c",)), 1.0),
        ((("c",), ("b",), ("a",)), 0.0),
        ((("a", "b", "c"),), 0.5),
        ((("b",), ("a",), ("c",)), 2 / 3),
    ],
)
def test_a_ranking_is_scored_by_its_pairs(ranking: object, score: float) -> None:
    gold = Gold(ranking=(("a",), ("b",), ("c",)))
    assert gold_score(gold, Judgement(ranking=ranking)) == pytest.approx(score)  # type: ignore[arg-type]


def test_ties_of_the_gold_ask_nothing() -> None:
    gold = Gold(ranking=(("a",), ("b", "c")))
    assert gold_score(gold, Judgement(ranking=(("a",), ("c",), ("b",)))) == 1.0


def test_a_rating_may_be_one_step_off() -> None:
    gold = Gold(ratings={"a": 6, "b": 2})
    assert gold_score(gold, Judgement(ratings={"a": 5, "b": 4})) == 0.5


@pytest.mark.parametrize("gold", [Gold(ranking=(("a",), ("b", "c"))), Gold(ratings={"a": 7})])
def test_gold_comes_back_from_json(gold: Gold) -> None:
    assert gold_from(gold.record()) == gold
