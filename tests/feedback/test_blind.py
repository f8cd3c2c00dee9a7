"""Blind order: stable for one labeller, another one for the next."""

from collections import Counter

from fledge.feedback.blind import blind_order, letters_of


def test_the_order_is_a_permutation_and_stays() -> None:
    first = blind_order("ada", "task", ["a", "b", "c", "d"])
    assert sorted(first) == ["a", "b", "c", "d"]
    assert blind_order("ada", "task", ["d", "c", "b", "a"]) == first, "the upload's order is hidden"


def test_labellers_and_tasks_have_orders_of_their_own() -> None:
    """Each of four answers comes first about as often: a fixed place would be learned."""
    firsts = Counter(blind_order(f"person {each}", "task", "abcd")[0] for each in range(400))
    assert set(firsts) == set("abcd") and min(firsts.values()) > 60
    firsts = Counter(blind_order("ada", f"task {each}", "abcd")[0] for each in range(400))
    assert min(firsts.values()) > 60


def test_letters_follow_the_order() -> None:
    assert letters_of(("x", "y")) == {"A": "x", "B": "y"}
    assert list(letters_of(tuple("abcdefghi")))[-1] == "I"
