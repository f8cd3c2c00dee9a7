"""Each kind's own rule of what is held out, told anew here and looked for in what is drawn."""

import re
from collections import Counter
from random import Random

import pytest

from fledge.starter import (
    arithmetic,
    emails,
    feelings,
    how_to,
    letters,
    passages,
    refusal,
    small_talk,
    stories,
    twenty_questions,
    unknown,
    word_games,
)
from fledge.starter.customer_service import draw_booking, draw_order_number
from fledge.starter.emails import draw_two_names
from fledge.starter.facts import AROUND, FACTS
from fledge.starter.french import FRAMES, PHRASES
from fledge.starter.refusal import TARGETS
from fledge.starter.shop import draw_hours, draw_price
from fledge.starter.task import Task, is_held_out
from fledge.starter.words import DAYS, NAMES, NUMBERS, SHORT_WORDS
from starter.talking import BY_NAME, system_prompt, tasks_of

SPLITS = pytest.mark.parametrize("split", ["train", "held_out"])


def draws(name: str, split: str, count: int = 250) -> list[Task]:
    random = Random(f"splits {name}")
    return [BY_NAME[name].draw(split, random) for _ in range(count)]


def number_in(text: str, pattern: str) -> int:
    return int(re.search(pattern, text)[1])


def places_in(frames: tuple[str, ...], text: str) -> list[tuple[int, str]]:
    """Each frame that a text may have been made from, with what would fill its only slot."""
    found = []
    for number, frame in enumerate(frames):
        before, _, after = re.sub(r"\{\w+\}", "\0", frame).partition("\0")
        if text.startswith(before) and text.endswith(after):
            found.append((number, text[len(before) : len(text) - len(after)]))
    return found


def cell_is_held_out(row: int, column: int) -> bool:
    return (row + column) % 5 == 0


@SPLITS
def test_order_numbers_have_two_different_digits_and_are_split_by_number(split):
    for task in tasks_of("order", split, 60):
        number = number_in(task.terse[0], r"Order (\d+)")
        assert 10 <= number <= 98 and number // 10 != number % 10
        assert is_held_out("order", number) == (split == "held_out")


def test_bookings_are_trained_on_by_guests_day_and_hour_also_when_they_are_corrected():
    seen = 0
    for task in tasks_of("table", "train", 200):
        booked = re.fullmatch(r"Booked: (\d+), (\w+), (\d+)\.", task.terse[0])
        if booked is None:
            assert task.terse[0].startswith("Cancelled: ")
            continue
        guests, day, hour = booked.groups()
        assert 2 <= int(guests) <= 9 and day in DAYS and 12 <= int(hour) <= 21
        assert not is_held_out(guests, day, hour)
        seen += 1
    assert seen > 400


def test_held_out_bookings_are_held_out_at_first():
    for task in draws("table", "held_out"):
        guests, day, hour = re.fullmatch(r"Booked: (\d+), (\w+), (\d+)\.", task.terse[0]).groups()
        assert is_held_out(guests, day, hour)


@SPLITS
def test_prices_and_hours_of_shops_are_split(split):
    for task in draws("shop", split):
        told = system_prompt(task)
        opens, closes = re.search(r"(\d+) (?:to|and closes at) (\d+)\.", told).groups()
        assert 6 <= int(opens) <= 11 and 14 <= int(closes) <= 22
        assert is_held_out(opens, closes) == (split == "held_out")
        prices = [int(price) for price in re.findall(r"(\d+) euros", told)]
        assert 1 <= len(prices) <= 3
        for price in prices:
            assert 10 <= price <= 98 and price // 10 != price % 10
            assert is_held_out("price", price) == (split == "held_out")


@SPLITS
def test_what_passages_tell_is_split_by_subject_and_value(split):
    seen = set()
    for task in draws("passages", split, 150):
        texts = re.findall(r"^\[\d\] .*\n(.+)$", system_prompt(task), re.MULTILINE)
        for text in texts:
            ((row, column),) = (
                (row, column)
                for row, subject in enumerate(passages.SUBJECTS)
                for slot, values in passages.SLOTS.items()
                for column, value in enumerate(values)
                if f"{{{slot}}}" in subject.value and tells(subject, {slot: value}) == text
            )
            assert cell_is_held_out(row, column) == (split == "held_out")
            seen.add(row)
    assert len(seen) == len(passages.SUBJECTS)


def tells(subject: passages.Subject, slots: dict[str, str | int]) -> str:
    text = subject.sentence.format(value=subject.value.format(**slots))
    return text[0].upper() + text[1:]


@SPLITS
def test_emails_are_split_by_names_and_by_event_and_day(split):
    for task in tasks_of("email", split, 60, 4):
        to, said, sender = re.fullmatch(r"(\w+), the (.+)\. (\w+)", task.terse[0]).groups()
        assert to != sender
        assert is_held_out(to, sender) == (split == "held_out")
        event = said.split()[0]
        (day,) = (day for day in DAYS if day in said)
        assert event in emails.EVENTS
        assert is_held_out(event, day) == (split == "held_out")


@SPLITS
@pytest.mark.parametrize(
    ("name", "rows", "frames", "turns"),
    [
        ("how_to", [goal for goal, _, _ in how_to.STEPS], how_to.FRAMES, 4),
        ("french", [english for english, _ in PHRASES], FRAMES, 4),
        ("feelings", [*feelings.GOOD, *feelings.BAD], feelings.FRAMES, 4),
        (
            "rhyme",
            [word for family in word_games.RHYMES for word in family],
            word_games.RHYME_FRAMES,
            1,
        ),
    ],
)
def test_every_fifth_diagonal_of_values_and_wordings_is_held_out(name, rows, frames, turns, split):
    for task in tasks_of(name, split, 100, turns):
        found = places_in(frames, task.question)
        ((row, column),) = {(rows.index(value), n) for n, value in found if value in rows}
        assert cell_is_held_out(row, column) == (split == "held_out")


@SPLITS
@pytest.mark.parametrize(
    ("name", "acts"),
    [("refusal", refusal.ACTS), ("kindness", tuple(act for act, _, _ in refusal.KIND_ACTS))],
)
def test_refusals_and_kind_requests_are_split_by_act_and_target(name, acts, split):
    for task in tasks_of(name, split, 60, 4):
        ((row, target),) = (
            (row, target) for row, target in places_in(acts, task.question) if target in TARGETS
        )
        assert cell_is_held_out(row, TARGETS.index(target)) == (split == "held_out")


@SPLITS
def test_facts_are_split_by_question_and_what_stands_before_it(split):
    questions = [question for question, _, _ in FACTS]
    for task in tasks_of("facts", split, 60, 4):
        ((row, column),) = (
            (row, column)
            for row, question in enumerate(questions)
            for column, before in enumerate(AROUND)
            if before + question == task.question
        )
        assert cell_is_held_out(row, column) == (split == "held_out")


@SPLITS
def test_small_talk_is_split_by_sentence_and_greeting(split):
    sentences = [(said, topic) for topic in small_talk.TOPICS for said in topic[0]]
    for task in tasks_of("small_talk", split, 60, 4):
        ((row, column),) = (
            (row, column)
            for row, (said, _) in enumerate(sentences)
            for column, greeting in enumerate(small_talk.GREETINGS)
            if greeting + said == task.question
        )
        assert cell_is_held_out(row, column) == (split == "held_out")
        assert (task.terse, task.full) == sentences[row][1][1:]


@SPLITS
def test_stories_are_split_by_hero_and_wording_and_those_without_a_hero_are_trained_on(split):
    without = 0
    for task in tasks_of("stories", split, 60, 4):
        (hero,) = task.needed
        if hero not in task.question:
            without += 1
            continue
        (column,) = (
            column
            for frames, _, _, _ in stories.FORMS
            for column, frame in enumerate(frames)
            if frame.format(hero=hero) == task.question
        )
        assert cell_is_held_out(stories.HEROES.index(hero), column) == (split == "held_out")
    assert (without > 10) == (split == "train")


@SPLITS
def test_what_nobody_knows_is_split_by_the_question_whatever_stands_before_it(split):
    befores = sorted({*unknown.BEFORE_QUESTIONS, *unknown.BEFORE_WISHES}, key=len, reverse=True)
    for task in tasks_of("unknown", split, 100, 4):
        before = next(text for text in befores if task.question.startswith(text))
        asked = task.question.removeprefix(before)
        assert is_held_out(asked) == (split == "held_out")


@SPLITS
def test_sums_are_split_by_numbers_operation_and_wording(split):
    seen = Counter()
    frames = {
        "plus": (*arithmetic.PLUS_FRAMES, *arithmetic.DIGIT_PLUS_FRAMES),
        "minus": (*arithmetic.MINUS_FRAMES, *arithmetic.DIGIT_MINUS_FRAMES),
    }
    for task in draws("arithmetic", split, 600):
        first, operation, second = task.full[0].lower().split()[:3]
        operation = {"+": "plus", "-": "minus"}.get(operation, operation)
        a, b = (int(n) if n.isdigit() else NUMBERS.index(n) for n in (first, second))
        (frame,) = (
            frame
            for frame in frames[operation]
            if frame.format(a=first, b=second).lower()
            == task.question.lower().replace("one apple ", "one apples ")
        )
        assert 1 <= a <= 10 and 1 <= b <= 10 and (operation == "plus" or a >= b)
        sign = {"plus": "+", "minus": "-"}[operation]
        assert is_held_out(a, sign, b, frame) == (split == "held_out")
        seen[operation] += 1
        seen["digits"] += first.isdigit()
    # A difference below zero is drawn again, so sums are the more frequent.
    assert 0.5 < seen["plus"] / 600 < 0.75
    assert 0.3 < seen["digits"] / 600 < 0.5


@SPLITS
@pytest.mark.parametrize("name", ["spell", "reverse", "hangman"])
def test_letter_games_are_split_by_word(name, split):
    for task in tasks_of(name, split, 60, 3):
        said = system_prompt(task) if name == "hangman" else task.question
        shown = re.findall(r"(?<!\w)\w(?: \w)+(?!\w)", said)
        word = max(shown, key=len).replace(" ", "")
        assert (SHORT_WORDS.index(word) % 5 == 3) == (split == "held_out")
        assert name == "hangman" or len(word) <= 4


def test_the_words_of_hangman_are_also_longer_than_those_that_are_spelled():
    told = [system_prompt(task) for task in draws("hangman", "train")]
    assert max(len(text.split(": ")[1].split()) for text in told) == 5
    assert {len(word) for word in letters.spelled_words("train")} == {3, 4}


@SPLITS
def test_word_chains_are_split_by_the_user_s_words_but_every_letter_is_known(split):
    words = word_games.CHAIN_WORDS
    letters_trained_on = {word[-1] for place, word in enumerate(words) if place % 5 != 3}
    frames = (*word_games.CHAIN_FRAMES, *word_games.NEXT_FRAMES)
    for task in tasks_of("word_chain", split, 60, 4):
        (word,) = {
            word
            for word in words
            for frame in frames
            if frame.format(word=word, letter=word[-1]).lower() == task.question.lower()
        }
        assert (words.index(word) % 5 == 3) == (split == "held_out")
        assert word[-1] in letters_trained_on


@SPLITS
def test_twenty_questions_are_split_by_thing_and_wording(split):
    things = [thing for things in twenty_questions.THINGS.values() for thing in things]
    wordings = [asks for ways, _, _ in twenty_questions.QUESTIONS for asks in ways]
    seen = set()
    for task in tasks_of("twenty_questions", split, 150, 6):
        thing = system_prompt(task).split(": ")[1].removesuffix(".")
        if task.question in wordings:
            place = things.index(thing), wordings.index(task.question)
            assert cell_is_held_out(*place) == (split == "held_out")
            seen.add(thing)
    assert seen == set(things)


@SPLITS
def test_the_draws_of_slots_keep_to_the_split(split):
    random = Random(0)
    wanted = split == "held_out"
    for _ in range(200):
        assert is_held_out("order", draw_order_number(split, random)) == wanted
        assert is_held_out(*draw_booking(split, random)) == wanted
        assert is_held_out(*draw_hours(split, random)) == wanted
        assert is_held_out("price", draw_price(split, random)) == wanted
        to, sender = draw_two_names(split, random)
        assert to in NAMES and sender in NAMES
        assert is_held_out(to, sender) == wanted


def test_every_value_that_may_be_trained_on_is_drawn_sooner_or_later():
    random = Random(0)
    numbers = {draw_order_number("train", random) for _ in range(2000)}
    expected = {n for n in range(10, 99) if n % 11 and not is_held_out("order", n)}
    assert numbers == expected
    prices = {draw_price("held_out", random) for _ in range(2000)}
    assert prices == {n for n in range(10, 99) if n % 11 and is_held_out("price", n)}
    hours = {draw_hours("train", random) for _ in range(2000)}
    assert hours == {
        (str(opens), str(closes))
        for opens in range(6, 12)
        for closes in range(14, 23)
        if not is_held_out(opens, closes)
    }
    bookings = {draw_booking("train", random) for _ in range(300)}
    assert {int(guests) for guests, _, _ in bookings} == set(range(2, 10))
    assert {int(hour) for _, _, hour in bookings} == set(range(12, 22))
