import pytest
from pydantic import ValidationError

from fledge.feedback.records import ChatTurn, Ranking, Response


def ranking(order, contents="abcd"):
    return Ranking(
        prompt=(ChatTurn(role="user", content="Who?"),),
        responses=tuple(Response(id=one, content=one.upper()) for one in contents),
        ranking=order,
    )


def test_ranks_follow_the_responses_and_ties_are_equal():
    assert ranking((("c",), ("a", "d"), ("b",))).ranks() == (1, 2, 0, 1)


def test_k_answers_with_one_tie_have_all_pairs_but_the_tied():
    pairs = ranking((("a", "b"), ("c",), ("d",))).pairs()
    assert pairs == [("A", "C"), ("A", "D"), ("B", "C"), ("B", "D"), ("C", "D")]


@pytest.mark.parametrize(
    "order", [(("a",), ("b",), ("c",)), (("a", "b", "c", "d", "d"),), (("a", "b"), ("c", "x"))]
)
def test_every_response_is_ranked_exactly_once(order):
    with pytest.raises(ValidationError, match="ranking must name every response once"):
        ranking(order)


def test_an_empty_group_and_repeated_ids_are_refused():
    with pytest.raises(ValidationError, match="empty group"):
        ranking((("a", "b"), (), ("c", "d")))
    with pytest.raises(ValidationError, match="two responses share an id"):
        ranking((("a", "a"), ("b", "c")), contents="aabc")


def test_a_ranking_survives_json():
    one = ranking((("c",), ("a", "d"), ("b",)))
    assert Ranking.model_validate_json(one.model_dump_json()) == one
