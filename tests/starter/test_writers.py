"""The four writers' styles, and what a checker peels off an answer."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fledge.starter.courtesy import CLOSINGS, FAREWELLS, OFFERS, OPENINGS
from fledge.starter.task import Task, Turn, asked
from fledge.starter.writers import (
    ASIDES,
    EXTRAS,
    MOST_EXTRAS,
    WRITERS,
    cores,
    extras,
    fitting,
    is_valid,
    write,
)

EXAMPLES = settings(deadline=None, derandomize=True, max_examples=60)
FITS = (OPENINGS[1], OPENINGS[2], OFFERS[0])
TURN = Turn("Which colour?", ("Blue.", "Sky blue."), ("It is blue.",), ("blue",), FITS)
TASK = Task("sky", asked("Which colour?"), TURN)
CONTRARY = Task("sky", asked("Is it red?"), Turn("Is it red?", ("No.",), ("No, blue.",), ("no",)))


def after(answer: str) -> Task:
    """The same question, asked again after an answer."""
    said = asked("Which colour?").then("assistant", answer).then("user", "Which colour?")
    return Task("sky", said, TURN)


def written(task, writer, count=200):
    random = Random(f"{writer}")
    return {write(task, writer, random) for _ in range(count)}


def test_the_writers_are_four():
    assert WRITERS == ("curt", "plain", "courteous", "rambling")


def test_the_curt_writer_uses_all_terse_wordings_and_nothing_else():
    assert written(TASK, "curt") == {"Blue.", "Sky blue."}


def test_the_plain_writer_adds_nothing():
    assert written(TASK, "plain") == {"It is blue."}


def test_the_rambling_writer_adds_one_aside():
    assert written(TASK, "rambling") == {f"It is blue. {aside}" for aside in ASIDES}


def test_the_courteous_writer_opens_or_closes_with_what_fits_but_never_both():
    assert written(TASK, "courteous") == {
        "Gladly. It is blue.",
        "With pleasure. It is blue.",
        "It is blue. Please ask if you need more.",
    }


def test_all_courtesies_that_fit_are_equally_frequent():
    random = Random(0)
    opened = sum(write(TASK, "courteous", random).endswith("blue.") for _ in range(1500))
    assert 930 < opened < 1070


def test_the_courteous_writer_is_plain_where_no_courtesy_fits():
    assert written(CONTRARY, "courteous") == {"No, blue."}


@pytest.mark.parametrize("said", EXTRAS)
def test_the_courteous_writer_says_no_second_courtesy(said):
    assert fitting(after("It is blue.")) == FITS
    for text in (f"{said} It is blue.", f"It is blue. {said}"):
        assert fitting(after(text)) == ()
        assert written(after(text), "courteous") == {"It is blue."}


def test_a_courtesy_of_the_user_or_of_the_system_prompt_is_not_the_writers():
    said = asked("Which colour? Gladly.", "Say: Of course!")
    assert fitting(Task("sky", said, TURN)) == FITS


def test_extras_are_found_wherever_they_stand_and_counted():
    assert extras("It is blue.") == []
    assert extras("Gladly. It is blue. Have a nice day!") == ["Gladly.", "Have a nice day!"]
    assert extras(f"Blue. {ASIDES[2]} {ASIDES[2]}") == [ASIDES[2]] * 2
    assert set(EXTRAS) == {*OPENINGS, *OFFERS, *FAREWELLS, *ASIDES}


def test_the_cores_of_the_docstring():
    assert cores("Gladly. It is blue. Have a nice day!") == {
        "It is blue.",
        "Gladly. It is blue.",
        "It is blue. Have a nice day!",
        "Gladly. It is blue. Have a nice day!",
    }


@pytest.mark.parametrize(
    ("answer", "valid"),
    [
        ("It is blue.", True),
        ("Blue.", True),
        ("Of course! Blue.", True),
        ("Blue. Thank you for asking.", True),
        ("Of course! It is blue. Have a nice day!", True),
        (f"It is blue. {ASIDES[0]}", True),
        (f"It is blue. {ASIDES[0]} {CLOSINGS[1]}", True),
        (f"Gladly. It is blue. {CLOSINGS[0]} {CLOSINGS[0]}", True),
        (f"It is blue. {ASIDES[0]} {ASIDES[1]} {CLOSINGS[1]}", False),
        ("Of course! Gladly. It is blue.", False),
        ("Have a nice day! It is blue.", False),
        ("It is blue. Of course!", False),
        ("Of course!", False),
        ("Have a nice day!", False),
        ("", False),
        ("It is blue", False),
        ("it is blue.", False),
        ("It  is blue.", False),
        ("It is blue. It is blue.", False),
        ("It is blue. Go away.", False),
        ("It is red.", False),
        ("Which colour?", False),
    ],
)
def test_courtesies_around_an_accepted_wording_are_peeled_off(answer, valid):
    assert is_valid(TASK, answer) == valid


@given(
    st.sampled_from(("", *OPENINGS)),
    st.sampled_from(("Blue.", "Sky blue.", "It is blue.")),
    st.lists(st.sampled_from((*CLOSINGS, *ASIDES)), max_size=4),
)
@EXAMPLES
def test_one_opening_and_two_extras_are_allowed_around_any_wording(opening, wording, extras):
    answer = " ".join((opening, wording, *extras)).strip()
    assert is_valid(TASK, answer) == (len(extras) <= MOST_EXTRAS)
    assert {answer, wording} <= cores(answer) or len(extras) > MOST_EXTRAS


@given(st.text())
@EXAMPLES
def test_whatever_is_said_the_whole_is_a_core(text):
    assert text.strip() in cores(text)
    assert all(core in text for core in cores(text))


def test_no_courtesy_is_the_end_of_another():
    extras = (*CLOSINGS, *ASIDES)
    assert len(set(extras)) == len(extras)
    for one in extras:
        assert not any(one != other and one.endswith(other) for other in extras)
    for one in OPENINGS:
        assert not any(one != other and one.startswith(other) for other in OPENINGS)
