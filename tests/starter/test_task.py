"""Splits and draws: what is held out is never drawn for training, and the other way round."""

import hashlib
from dataclasses import FrozenInstanceError
from itertools import islice
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fledge.starter.task import (
    Kind,
    Scene,
    Talk,
    Task,
    Turn,
    Turns,
    asked,
    capitalised,
    choose_cell,
    crosses,
    in_split,
    is_held_out,
    only,
)
from fledge.text.conversation import Message


def numbered(split: str, random: Random) -> Scene:
    """A number below 20, of which odd ones are held out, then the number after each answer."""
    return Scene(counted(2 * random.randrange(10) + (split == "held_out")))


def counted(number: int) -> Turns:
    while number < 100:
        answer = yield Turn(f"Say {number}.", (f"{number}",), (f"It is {number}.",), ("is",))
        number = int(answer) + 1


def turn(question: str) -> Turn:
    return Turn(question, (), (), ())


EXAMPLES = settings(deadline=None, derandomize=True, max_examples=60)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HELD_OUT_ORDERS = [11, 28, 30, 36]
HELD_OUT_PARTIES = []
NUMBERS = Kind("number", "numbers", numbered)


def test_a_grammar_is_asked_until_it_has_no_new_prompts():
    found = list(NUMBERS.prompts("train", 0, 50))
    assert sorted(int(task.terse[0]) for task in found) == list(range(0, 20, 2))
    assert len(list(NUMBERS.prompts("held_out", 0, 7))) == 7
    assert list(NUMBERS.prompts("train", 0, 0)) == []


def test_no_more_is_drawn_than_is_asked_for():
    draws = []
    counting = Kind("number", "", lambda split, random: draws.append(1) or numbered(split, random))
    found = list(counting.prompts("train", 0, 3))
    assert len(found) == 3
    assert len(draws) < 20


def test_prompts_depend_on_name_split_and_seed_and_on_nothing_else():
    first = [task.terse for task in NUMBERS.prompts("train", 4, 10)]
    assert first == [task.terse for task in NUMBERS.prompts("train", 4, 10)]
    assert first[:4] == [task.terse for task in NUMBERS.prompts("train", 4, 4)]
    assert first != [task.terse for task in NUMBERS.prompts("train", 5, 10)]
    other = Kind("other", "", numbered)
    assert first != [task.terse for task in other.prompts("train", 4, 10)]


def test_a_question_may_follow_a_system_prompt():
    assert asked("Why?").messages == (Message("user", "Why?"),)
    assert asked("Why?", "Be kind.").messages == (
        Message("system", "Be kind."),
        Message("user", "Why?"),
    )
    assert asked("Why?", "").messages == (Message("user", "Why?"),)


def test_a_task_passes_on_what_its_turn_has():
    its = Turn("Why?", ("So.",), ("It is so.",), ("so",), ("Gladly.",))
    task = Task("k", asked("Why?", "Be kind."), its)
    assert (task.question, task.terse, task.full) == ("Why?", ("So.",), ("It is so.",))
    assert (task.needed, task.courtesies) == (("so",), ("Gladly.",))


def test_a_task_in_other_words_has_the_same_answers_and_the_same_before_it():
    its = Turn("Why?", ("So.",), ("It is so.",), ("so",), ("Gladly.",))
    before = asked("Well?", "Be kind.").then("assistant", "Yes.")
    task = Task("k", before.then("user", "Why?"), its)
    other = task.reworded("why")
    assert other.question == "why"
    assert other.conversation == before.then("user", "why")
    assert (other.kind, other.terse, other.full, other.needed, other.courtesies) == (
        *(task.kind, task.terse, task.full, task.needed, task.courtesies),
    )
    assert task.question == "Why?"


def test_no_courtesy_fits_a_turn_that_names_none_and_turns_never_change():
    plain = turn("Why?")
    assert plain.courtesies == ()
    with pytest.raises(FrozenInstanceError):
        plain.courtesies = ("Gladly.",)


def test_a_talk_goes_on_with_what_was_answered():
    talk = Talk("count", Scene(counted(3)))
    assert (talk.kind, talk.has_system) == ("count", False)
    assert talk.task.conversation == asked("Say 3.")
    first, second = talk.task, talk.answered("7")
    assert first.question == "Say 3."
    assert second is talk.task and second.kind == "count"
    assert second.conversation.messages == (
        Message("user", "Say 3."),
        Message("assistant", "7"),
        Message("user", "Say 8."),
    )
    assert second.full == ("It is 8.",)


def test_a_talk_ends_where_the_user_has_no_more_to_ask():
    talk = Talk("count", Scene(counted(3)))
    assert talk.answered("99") is None
    assert talk.task.question == "Say 3."
    assert talk.answered("5") is None


def test_a_system_prompt_is_said_once_at_the_beginning():
    talk = Talk("count", Scene(counted(1), "Count."))
    assert talk.has_system
    later = talk.answered("1")
    assert [message.role for message in later.conversation.messages] == [
        "system",
        "user",
        "assistant",
        "user",
    ]


def test_a_talk_about_something_else_follows_what_was_said_before():
    before = asked("Why?", "Be kind.").then("assistant", "So.")
    talk = Talk("count", Scene(counted(2)), before)
    assert talk.task.conversation == before.then("user", "Say 2.")
    assert NUMBERS.talk("train", Random(0), before).task.conversation.messages[:3] == (
        before.messages
    )


def test_the_first_question_of_a_talk_is_what_a_kind_draws():
    for seed in range(5):
        drawn = NUMBERS.draw("train", Random(seed))
        assert drawn == NUMBERS.talk("train", Random(seed)).task
        assert drawn.kind == "number"


@given(st.lists(st.one_of(st.integers(), st.text()), min_size=1, max_size=4))
@EXAMPLES
def test_values_are_held_out_by_a_digest_of_their_text(parts):
    digest = hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=4).hexdigest()
    expected = int(digest, 16) % 5 == 0
    assert is_held_out(*parts) == expected
    assert in_split("held_out", *parts) == expected
    assert in_split("train", *parts) != expected


def test_some_values_by_name():
    held_out = [number for number in range(10, 40) if is_held_out("order", number)]
    assert held_out == HELD_OUT_ORDERS
    assert [day for day in DAYS if is_held_out("party", day)] == HELD_OUT_PARTIES


@given(st.integers(0, 60), st.integers(0, 60))
@EXAMPLES
def test_a_cell_belongs_to_exactly_one_split(row, column):
    assert crosses("train", row, column) != crosses("held_out", row, column)
    assert crosses("held_out", row, column) == ((row + column) % 5 == 0)


def test_every_row_and_column_of_a_large_table_is_seen_in_training():
    for row in range(12):
        seen = [column for column in range(5) if crosses("train", row, column)]
        assert len(seen) == 4


@given(st.integers(5, 40), st.integers(5, 40), st.integers(0, 1000))
@EXAMPLES
def test_a_chosen_cell_lies_in_the_table_and_in_the_split(rows, columns, seed):
    for split in ("train", "held_out"):
        row, column = choose_cell(split, rows, columns, Random(seed))
        assert 0 <= row < rows and 0 <= column < columns
        assert crosses(split, row, column)


def test_rows_and_columns_are_not_exchanged_and_all_cells_can_come():
    random = Random(0)
    cells = {choose_cell("held_out", 10, 3, random) for _ in range(400)}
    assert cells == {(r, c) for r in range(10) for c in range(3) if (r + c) % 5 == 0}


@given(st.lists(st.text(), max_size=30, unique=True))
@EXAMPLES
def test_the_splits_of_a_slot_share_nothing_and_keep_the_order(values):
    train, held_out = only(tuple(values), "train"), only(tuple(values), "held_out")
    assert sorted((*train, *held_out)) == sorted(values)
    assert list(held_out) == values[3::5]
    assert list(train) == [value for value in values if value not in held_out]


def test_only_the_first_letter_becomes_a_capital():
    assert capitalised("one Two") == "One Two"
    assert capitalised("école") == "École"
    assert capitalised("A") == "A"
    assert capitalised("") == ""


def test_prompts_are_yielded_one_by_one():
    assert [task.kind for task in islice(NUMBERS.prompts("train", 0, 10**9), 2)] == ["number"] * 2
