"""Twenty questions, answered anew from a table of what a person knows about each thing."""

from collections import Counter

import pytest

from fledge.starter.task import Task
from fledge.starter.twenty_questions import GUESSES, QUESTIONS, SURRENDERS, THINGS
from fledge.starter.writers import is_valid
from starter.talking import system_prompt, talk_of

KNOWN = {
    "animal": {"cat", "dog", "horse", "bear", "fox", "wolf", "lion", "tiger"},
    "fruit": {"pear", "banana", "cherry", "plum", "grape", "lemon", "peach", "melon"},
    "vehicle": {"car", "bus", "train", "truck", "tractor", "van", "bike", "tram"},
}
# What a question asks for, told by its words: the group of which it is true.
TRUE_OF = {
    "Is it an animal?": "animal",
    "Does it breathe?": "animal",
    "Does it eat and sleep?": "animal",
    "Can it walk?": "animal",
    "Does it have legs?": "animal",
    "Can I eat it?": "fruit",
    "Is it something to eat?": "fruit",
    "Is it a fruit?": "fruit",
    "Can you eat it?": "fruit",
    "Is it food?": "fruit",
    "Does it have wheels?": "vehicle",
    "Does it have brakes?": "vehicle",
    "Does it run on wheels?": "vehicle",
    "Is it a vehicle?": "vehicle",
    "Is it a machine?": "vehicle",
}
FACTS = {
    "animal": ("it is an animal", "it is not an animal"),
    "fruit": ("you can eat it", "you can't eat it"),
    "vehicle": ("it has wheels", "it has no wheels"),
}
GAMES = 150


def secret(task: Task) -> tuple[str, str]:
    host = system_prompt(task)
    group, thing = host.removeprefix(
        "We play twenty questions. Your secret thing is a kind of "
    ).split(": ")
    return group, thing.removesuffix(".")


def guess_in(question: str) -> str:
    """The thing that is guessed, or "" if the question is no guess."""
    things = set().union(*KNOWN.values())
    found = [
        thing for thing in things for frame in GUESSES if frame.format(thing=thing) == question
    ]
    return found[0] if found else ""


def expected(group: str, thing: str, question: str) -> tuple[str, str]:
    guess = guess_in(question)
    if question in SURRENDERS:
        return f"A {thing}.", f"It was a {thing}."
    if guess == thing:
        return "Yes.", f"Yes, it is a {thing}. Well done!"
    if guess:
        return "No.", f"No, it is not a {guess}."
    yes, no = FACTS[TRUE_OF[question]]
    return ("Yes.", f"Yes, {yes}.") if group == TRUE_OF[question] else ("No.", f"No, {no}.")


def test_the_table_knows_every_thing_and_question():
    assert {group: set(things) for group, things in THINGS.items()} == KNOWN
    assert [question for ways, _, _ in QUESTIONS for question in ways] == list(TRUE_OF)
    assert [(facts, group) for _, facts, group in QUESTIONS] == [
        (facts, group) for group, facts in FACTS.items()
    ]


@pytest.mark.parametrize("split", ["train", "held_out"])
def test_every_answer_of_a_whole_game_is_true(split):
    endings = Counter()
    for seed in range(GAMES):
        game = talk_of("twenty_questions", split, seed, 30)
        group, thing = secret(game[0][0])
        assert thing in KNOWN[group]
        assert len(game) <= 20
        for task, _ in game:
            short, full = expected(group, thing, task.question)
            assert (task.terse, task.full) == ((short,), (full,)), task.question
            assert task.courtesies == ()
        last = game[-1][0].question
        assert last in SURRENDERS or guess_in(last) == thing or len(game) == 20
        endings["given up" if last in SURRENDERS else "guessed"] += 1
        assert not any(task.question in SURRENDERS for task, _ in game[:-1])
        assert not any(guess_in(task.question) == thing for task, _ in game[:-1])
    assert min(endings.values()) > 30 and len(endings) == 2


def test_nobody_guesses_before_the_first_answer():
    for seed in range(60):
        assert talk_of("twenty_questions", "train", seed, 1)[0][0].question in TRUE_OF


@pytest.mark.parametrize("split", ["train", "held_out"])
def test_yes_and_no_are_equally_frequent_and_the_other_one_is_not_accepted(split):
    """So always saying no is wrong half of the time."""
    verdicts = Counter()
    for seed in range(600):
        ((task, _),) = talk_of("twenty_questions", split, seed, 1)
        verdicts[task.terse[0]] += 1
        assert not is_valid(task, "No." if task.terse == ("Yes.",) else "Yes.")
    assert 0.42 < verdicts["Yes."] / 600 < 0.58


def test_both_splits_have_every_thing_with_a_yes_and_a_no():
    for split in ("train", "held_out"):
        seen = {
            (secret(task)[1], task.terse[0])
            for seed in range(700)
            for task, _ in talk_of("twenty_questions", split, seed, 2)
            if task.question in TRUE_OF
        }
        assert seen == {
            (one, said) for each in KNOWN.values() for one in each for said in ("Yes.", "No.")
        }


def test_every_thing_goes_with_the_article_a():
    assert not [thing for things in KNOWN.values() for thing in things if thing[0] in "aeiou"]
