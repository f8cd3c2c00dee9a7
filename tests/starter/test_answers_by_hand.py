"""Each kind's answers against answers worked out by hand from the prompt."""

import re
from random import Random

import pytest

from fledge.starter.kinds import KINDS
from fledge.starter.words import NAMES, NUMBERS

BY_NAME = {kind.name: kind for kind in KINDS}


def draws(name: str, count: int = 300):
    random = Random(f"by hand {name}")
    return [BY_NAME[name].draw("train", random) for _ in range(count)]


def test_orders_copy_number_name_and_item():
    for task in draws("order"):
        number = re.search(r"\d{2}", task.question)[0]
        name = next(name for name in NAMES if re.search(rf"\b{name}\b", task.question))
        assert number in task.terse[0]
        assert number in task.full[0]
        assert name in task.full[0]


def test_tables_copy_every_number():
    for task in draws("table"):
        assert sorted(re.findall(r"\d+", task.question)) == sorted(re.findall(r"\d+", task.full[0]))


def test_shops_answer_from_the_system_prompt():
    for task in draws("shop"):
        told = task.conversation.messages[0].content
        for number in re.findall(r"\d+", task.full[0]):
            assert re.search(rf"\b{number}\b", told)


def test_emails_name_who_writes_to_whom():
    for task in draws("email"):
        first, *_, last = task.full[0].split("\n")
        assert first.removeprefix("Dear ").removesuffix(",") in task.question
        assert last in task.question


def test_sums_are_right():
    words = {word: number for number, word in enumerate(NUMBERS)}
    for task in draws("arithmetic"):
        a, operation, b, _, result = task.full[0].rstrip(".").lower().split()
        expected = words[a] + words[b] if operation == "plus" else words[a] - words[b]
        assert words[result] == expected
        assert a in task.question
        assert b in task.question


def letters_in(text: str) -> list[str]:
    return re.search(r"(?:\b\w )+\w\b", text)[0].split()


def test_letters_are_spelled_and_reversed():
    for task in draws("spell"):
        assert task.terse[0] == "-".join(letters_in(task.question.split("ell ")[-1])).upper() + "."
    for task in draws("reverse"):
        shown = letters_in(re.sub(r"^What is ", "", task.question))
        assert task.terse[0] == " ".join(shown[::-1]) + "."


def test_hangman_gives_hints_and_knows_whether_a_letter_is_in_the_word():
    guesses = 0
    for task in draws("hangman"):
        word = task.conversation.messages[0].content.split("word is ")[1].split()
        guess = re.search(r"\b([a-z])(?=[.?]| in)", task.question.replace("a hint", ""))
        guesses += guess is not None
        if guess is not None:
            assert task.terse == ("Yes." if guess[1] in word else "No.",)
        else:
            assert task.full == (f"The word begins with {word[0]} and ends with {word[-1]}.",)
    assert 40 < guesses < 120


def test_word_chains_go_on_with_the_last_letter():
    for task in draws("word_chain"):
        letter = re.search(r"\b([a-z])\.$", task.question)[1]
        assert all(answer[0].lower() == letter for answer in task.terse)
        for answer in task.full:
            word, last = re.fullmatch(r"My word is (\w+)\. Your letter is (\w)\.", answer).groups()
            assert word[0] == letter
            assert word[-1] == last


def test_rhymes_are_not_the_word_itself():
    for task in draws("rhyme"):
        asked = re.findall(r"\w+", task.question)[-1]
        assert all(answer.lower() != f"{asked}." for answer in task.terse)


@pytest.mark.parametrize(
    ("thing", "question", "verdict"),
    [
        ("cat", "Is it an animal?", "Yes."),
        ("cat", "Can I eat it?", "No."),
        ("bus", "Does it have wheels?", "Yes."),
        ("plum", "Is it alive?", "No."),
    ],
)
def test_twenty_questions_are_answered_truly(thing, question, verdict):
    found = [
        task
        for split in ("train", "held_out")
        for task in BY_NAME["twenty_questions"].prompts(split, 0, 400)
        if f": {thing}." in task.conversation.messages[0].content and task.question == question
    ]
    assert [task.terse for task in found] == [(verdict,)]


def test_yes_and_no_are_both_common():
    yes = sum(task.terse[0].startswith("Yes") for task in draws("twenty_questions", 1000))
    assert 400 < yes < 600


def test_refusals_name_no_insult_and_say_sorry():
    for task in draws("refusal"):
        assert all("sorry" in answer for answer in task.full)
        assert not task.agreeable
