"""Judgements: what fits a task, and where ratings contradict a ranking."""

import pytest

from fledge.feedback.judgements import (
    BadJudgement,
    Judgement,
    Kind,
    contradictions,
    judgement_from,
    require_judgement,
)
from fledge.feedback.records import ChatTurn

SAID = ChatTurn(role="assistant", content="The moon.")
ASKED = ChatTurn(role="user", content="And the sun?")


@pytest.mark.parametrize(
    ("kind", "judgement"),
    [
        ("rank", Judgement(ranking=(("B",), ("A", "C")))),
        ("rank", Judgement(ranking=(("A", "B", "C"),), ratings={"A": 1}, flags={"B": ("sexual",)})),
        ("rate", Judgement(ratings={"A": 1, "B": 7, "C": 4})),
        ("demonstrate", Judgement(messages=(SAID,))),
        ("demonstrate", Judgement(messages=(SAID, ASKED, SAID))),
    ],
)
def test_what_fits_is_taken_and_comes_back_from_json(kind: Kind, judgement: Judgement) -> None:
    require_judgement(kind, judgement, "ABC")
    assert judgement_from(judgement.record()) == judgement


@pytest.mark.parametrize(
    ("kind", "judgement", "param", "told"),
    [
        ("rank", Judgement(), "ranking", "A, B, C has no rank"),
        ("rank", Judgement(ranking=(("A",), ("B",))), "ranking", "C has no rank"),
        ("rank", Judgement(ranking=(("A",), ("B", "A", "C"))), "ranking", "A is ranked twice"),
        ("rank", Judgement(ranking=(("A", "B", "C", "D"),)), "ranking", "no answer 'D'"),
        ("compare", Judgement(ranking=(("A", "B"), (), ("C",))), "ranking", "empty"),
        ("rank", Judgement(ranking=(tuple("ABC"),), ratings={"A": 8}), "ratings", "found 8"),
        ("rank", Judgement(ranking=(tuple("ABC"),), ratings={"D": 1}), "ratings", "'D'"),
        ("rank", Judgement(ranking=(tuple("ABC"),), flags={"A": ("rude",)}), "flags", "'rude'"),
        ("rank", Judgement(ranking=(tuple("ABC"),), flags={"Z": ()}), "flags", "'Z'"),
        ("rank", Judgement(ranking=(tuple("ABC"),), messages=(SAID,)), "messages", "takes none"),
        ("rate", Judgement(ratings={"A": 1, "B": 0, "C": 3}), "ratings", "found 0"),
        ("rate", Judgement(ratings={"A": 1}), "ratings", "B, C has no rating"),
        ("rate", Judgement(ranking=(tuple("ABC"),)), "ranking", "takes none"),
        ("demonstrate", Judgement(), "messages", "at least one"),
        ("demonstrate", Judgement(messages=(ASKED, SAID)), "messages", "begin and end"),
        ("demonstrate", Judgement(messages=(SAID, ASKED)), "messages", "begin and end"),
        ("demonstrate", Judgement(messages=(SAID, SAID)), "messages", "take turns"),
        (
            "demonstrate",
            Judgement(messages=(ChatTurn(role="assistant", content=" \n"),)),
            "messages.0.content",
            "empty",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_its_field(
    kind: Kind, judgement: Judgement, param: str, told: str
) -> None:
    with pytest.raises(BadJudgement, match=told) as caught:
        require_judgement(kind, judgement, "ABC")
    assert caught.value.param == param


def test_a_contradiction_is_named_and_a_tie_is_none() -> None:
    judgement = Judgement(
        ranking=(("B",), ("A", "C"), ("D",)), ratings={"A": 5, "B": 2, "C": 1, "D": 1}
    )
    assert contradictions(judgement) == ["B is ranked above A, but rated lower (2 against 5)."]
    assert contradictions(Judgement(ranking=(("A", "B"),), ratings={"A": 1, "B": 7})) == []
    assert contradictions(Judgement(ranking=(("A",), ("B",)), ratings={"B": 7})) == []


def test_letters_become_ids() -> None:
    judgement = Judgement((("A",), ("B",)), {"A": 3}, {"B": ("sexual",)})
    renamed = judgement.renamed({"A": "x", "B": "y"})
    assert renamed == Judgement((("x",), ("y",)), {"x": 3}, {"y": ("sexual",)})
