from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fledge.feedback.records import ChatTurn, Demonstration, Ranking, Response


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


@st.composite
def orders(draw):
    """Groups of the letters of "abcdef", each letter once, no group empty."""
    letters = draw(st.permutations("abcdef"))
    cuts = draw(st.sets(st.integers(1, 5)))
    edges = [0, *sorted(cuts), 6]
    return tuple(tuple(letters[start:end]) for start, end in pairwise(edges))


@given(orders())
def test_a_pair_is_two_answers_of_different_rank_the_better_first(order):
    one = ranking(order, contents="abcdef")
    rank = dict(zip("ABCDEF", one.ranks(), strict=True))
    expected = {(a, b) for a in rank for b in rank if rank[a] < rank[b]}
    assert len(one.pairs()) == len(expected)
    assert set(one.pairs()) == expected


def test_when_all_are_tied_there_is_nothing_to_learn():
    one = ranking((("a", "b", "c", "d"),))
    assert one.ranks() == (0, 0, 0, 0)
    assert one.pairs() == []


def test_a_ranking_needs_a_prompt_and_two_answers():
    turn = ChatTurn(role="user", content="Who?")
    answers = tuple(Response(id=one, content=one) for one in "ab")
    for prompt, responses, order, said in (
        ((), answers, (("a",), ("b",)), "prompt"),
        ((turn,), answers[:1], (("a",),), "responses"),
    ):
        with pytest.raises(ValidationError, match=said):
            Ranking(prompt=prompt, responses=responses, ranking=order)


@pytest.mark.parametrize("role", ["User", "developer", ""])
def test_a_turn_of_an_unknown_role_is_refused(role):
    with pytest.raises(ValidationError, match="role"):
        ChatTurn(role=role, content="Hi")


def test_records_without_the_optional_parts_are_read():
    """As files of other programs have them."""
    demonstration = Demonstration.model_validate_json(
        '{"prompt": [{"role": "user", "content": "Was?"}], "response": "Été 🌊", "more": 1}'
    )
    assert demonstration.response == "Été 🌊"
    assert (demonstration.author, demonstration.created_at, demonstration.model) == (None,) * 3
    one = Ranking.model_validate_json(
        '{"prompt": [{"role": "user", "content": "Who?"}],'
        ' "responses": [{"id": "1", "content": "x"}, {"id": "2", "content": "y"}],'
        ' "ranking": [["2"], ["1"]]}'
    )
    assert one.pairs() == [("y", "x")]
    assert (one.labeler, one.ratings, one.flags, one.seconds) == (None,) * 4


def test_a_record_cannot_be_changed():
    one = ranking((("a", "b"), ("c", "d")))
    with pytest.raises(ValidationError, match="frozen"):
        one.ranking = (("a",), ("b",), ("c",), ("d",))
