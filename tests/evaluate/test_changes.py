"""Changes by PPO, on answers made up by hand."""

import pytest

from fledge.evaluate.answers import Answered
from fledge.evaluate.changes import (
    best_constant,
    changes,
    distinct,
    likelier,
    merits,
    sentences,
)
from fledge.starter.courtesy import OPENINGS
from fledge.starter.gold import ModelAnswer, gold_score
from fledge.starter.task import Task, Turn, asked
from fledge.starter.writers import is_valid


def task(name: str, courtesies: tuple[str, ...] = ()) -> Task:
    question = f"Greet {name}."
    turn = Turn(question, (f"Hi {name}.",), (f"Hello, dear {name}.",), ("dear", name), courtesies)
    return Task("greeting", asked(question), turn)


def answered(one: Task, text: str, ended: bool = True) -> Answered:
    answer = ModelAnswer(text, ended)
    return Answered(one, (1,), (2,), answer, is_valid(one, text), gold_score(one, answer))


FITTING = [task(name, OPENINGS) for name in ("Anna", "Ben", "Carla")]
UNFITTING = [task(name) for name in ("Dora", "Emil")]


def test_sentences_are_told_apart_and_each_counted_once():
    assert sentences("Of course! It is 5.\nBest wishes,\nAnna It is 5.") == [
        "Of course!",
        "It is 5.",
        "Best wishes,",
        "Anna It is 5.",
    ]
    assert sentences("So. So. ") == ["So."]
    assert sentences(" \n") == []


def test_merits_are_means_over_the_answers():
    one, other = FITTING[:2]
    found = merits(
        [answered(one, "Gladly. Hello, dear Anna."), answered(other, "Hi Carla.", ended=False)]
    )
    assert (found.right, found.ends) == (0.5, 0.5)
    assert found.complete == 0.5
    assert found.polite == 0.5
    assert found.short == 1.0


def test_different_answers_are_counted_without_the_space_around_them():
    texts = ("Hi Anna.", "Hi Anna. ", "Hi Ben.", "Hi Carla.")
    assert distinct([answered(FITTING[0], text) for text in texts]) == 0.75


def test_sentences_that_more_answers_have_are_listed_the_most_gained_first():
    before = [answered(one, one.terse[0]) for one in FITTING]
    after = [answered(one, f"Gladly. {one.full[0]}") for one in FITTING]
    found = likelier(before, after)
    assert (found[0].sentence, found[0].before, found[0].after) == ("Gladly.", 0.0, 1.0)
    assert {each.sentence for each in found[1:]} == {one.full[0] for one in FITTING}
    assert likelier(before, before) == []


def test_a_courtesy_that_fits_everywhere_explains_a_gain_that_is_only_courtesy():
    before = [answered(one, one.full[0]) for one in FITTING]
    after = [answered(one, f"Gladly. {one.full[0]}") for one in FITTING]
    found = changes(before, after)
    assert found.constant in OPENINGS
    assert found.constant_share == pytest.approx(1.0)


def test_a_courtesy_that_fits_by_chance_explains_nothing():
    asked_all = [*FITTING[:2], *UNFITTING]
    before = [answered(one, one.full[0]) for one in asked_all]
    after = [
        answered(one, f"Gladly. {one.full[0]}" if one.courtesies else one.full[0])
        for one in asked_all
    ]
    found = changes(before, after)
    assert (found.constant, found.constant_share) == ("", 0.0)
    assert found.merits["ppo"].polite == 0.5


def test_without_a_gain_nothing_is_explained():
    rows = [answered(one, one.full[0]) for one in FITTING]
    assert changes(rows, rows).constant_share is None


def test_a_constant_is_tried_before_and_behind_an_answer():
    rows = [answered(one, one.full[0]) for one in [task("Ida", ("Have a nice day!",))]]
    sentence, gain = best_constant(rows, [])
    assert sentence == "Have a nice day!"
    assert gain == pytest.approx(0.1)
