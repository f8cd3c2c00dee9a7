"""Ranks of answers and differences of texts, as the page of a task computes them."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]


def test_ranks_count_as_in_a_race_and_differences_by_words(open_page: OpenPage) -> None:
    page = open_page("/label")
    found = page.evaluate(
        """async () => {
        const { difference } = await import("/static/label-diff.js");
        const { movedTo, ranksOf, stepped, tied, withRank } =
          await import("/static/label-ranks.js");
        const ids = ["A", "B", "C", "D"];
        const first = withRank(withRank({}, ids, "C", 3), ids, "A", 1);
        const race = ranksOf([["B"], ["A", "C"], ["D"]]);
        return {
          typed: [first, withRank(withRank(first, ids, "B", 1), ids, "D", 4)],
          race,
          up: stepped(race, ids, "C", -1), down: stepped(race, ids, "A", 1),
          first: stepped(race, ids, "B", -1), last: stepped(race, ids, "D", 1),
          tied: tied(race, ids, "A"), loose: tied(race, ids, "C"), top: tied(race, ids, "B"),
          tie: movedTo(race, ids, "D", 0, true), new: movedTo({ A: 1 }, ids, "D", 1),
          difference: difference("the old moon shines", "the moon shines twice"),
          same: difference("a b", "a b"),
        };
        }"""
    )
    assert found["typed"] == [{"C": 3, "A": 1}, {"A": 1, "B": 1, "C": 3, "D": 4}]
    race = {"B": 1, "A": 2, "C": 2, "D": 4}
    assert found["race"] == found["first"] == found["last"] == found["top"] == race
    assert found["up"] == {"B": 1, "C": 2, "A": 3, "D": 4}
    assert found["down"] == found["loose"] | {"C": 2, "A": 3} == {"B": 1, "C": 2, "A": 3, "D": 4}
    assert found["loose"] == {"B": 1, "A": 2, "C": 3, "D": 4}
    assert found["tied"] == {"A": 1, "B": 1, "C": 3, "D": 4}
    assert found["tie"] == {"B": 1, "D": 1, "A": 3, "C": 3}
    assert found["new"] == {"A": 1, "D": 2}
    sides = [(piece["side"], piece["text"]) for piece in found["difference"]]
    assert [each for each in sides if each[0] != "both"] == [("left", "old "), ("right", " twice")]
    assert found["same"] == [{"side": "both", "text": "a b"}]
