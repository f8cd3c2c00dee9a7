"""Each kind's own rule of what is held out, told anew here and looked for in what is drawn."""

import re
from collections import Counter
from random import Random

import pytest

from fledge.starter import arithmetic, emails, how_to, letters, refusal, small_talk, word_games
from fledge.starter.customer_service import draw_booking, draw_order_number
from fledge.starter.emails import draw_two_names
from fledge.starter.french import FRAMES, PHRASES
from fledge.starter.kinds import KINDS
from fledge.starter.shop import draw_hours, draw_price
from fledge.starter.task import Task, is_held_out
from fledge.starter.words import DAYS, NAMES, NUMBERS, SHORT_WORDS

BY_NAME = {kind.name: kind for kind in KINDS}
SPLITS = pytest.mark.parametrize("split", ["train", "held_out"])


def draws(name: str, split: str, count: int = 250) -> list[Task]:
    random = Random(f"splits {name}")
    return [BY_NAME[name].draw(split, random) for _ in range(count)]


def number_in(text: str, pattern: str) -> int:
    return int(re.search(pattern, text)[1])


def place_in(frames: tuple[str, ...], text: str) -> tuple[int, str]:
    """Which frame a text was made from, and what filled its only slot."""
    for number, frame in enumerate(frames):
        before, _, after = re.sub(r"\{\w+\}", "\0", frame).partition("\0")
        if text.startswith(before) and text.endswith(after):
            return number, text[len(before) : len(text) - len(after)]
    raise AssertionError(text)


@SPLITS
def test_order_numbers_have_two_different_digits_and_are_split_by_number(split):
    for task in draws("order", split):
        number = number_in(task.question, r"[Oo]rder (\d+)")
        assert 10 <= number <= 98 and number // 10 != number % 10
        assert is_held_out("order", number) == (split == "held_out")


@SPLITS
def test_bookings_are_split_by_guests_day_and_hour(split):
    for task in draws("table", split):
        guests, day, hour = re.fullmatch(r"Booked: (\d+), (\w+), (\d+)\.", task.terse[0]).groups()
        assert 2 <= int(guests) <= 9 and day in DAYS and 12 <= int(hour) <= 21
        assert is_held_out(guests, day, hour) == (split == "held_out")


@SPLITS
def test_prices_and_hours_of_shops_are_split(split):
    for task in draws("shop", split):
        told = task.conversation.messages[0].content
        opens, closes = re.search(r"open from (\d+) to (\d+)\.", told).groups()
        assert 6 <= int(opens) <= 11 and 14 <= int(closes) <= 22
        assert is_held_out(opens, closes) == (split == "held_out")
        price = number_in(told, r"costs (\d+) euros")
        assert 10 <= price <= 98 and price // 10 != price % 10
        assert is_held_out("price", price) == (split == "held_out")


@SPLITS
def test_emails_are_split_by_names_and_by_event_and_day(split):
    for task in draws("email", split):
        to, said, sender = re.fullmatch(r"(\w+), the (.+)\. (\w+)", task.terse[0]).groups()
        assert to != sender
        assert is_held_out(to, sender) == (split == "held_out")
        event = said.split()[0]
        (day,) = (day for day in DAYS if day in said)
        assert event in emails.EVENTS
        assert is_held_out(event, day) == (split == "held_out")


@SPLITS
@pytest.mark.parametrize(
    ("name", "rows", "frames"),
    [
        ("how_to", [goal for goal, _, _ in how_to.STEPS], how_to.FRAMES),
        ("french", [english for english, _ in PHRASES], FRAMES),
        (
            "rhyme",
            [word for family in word_games.RHYMES for word in family],
            word_games.RHYME_FRAMES,
        ),
    ],
)
def test_every_fifth_diagonal_of_values_and_wordings_is_held_out(name, rows, frames, split):
    for task in draws(name, split):
        column, value = place_in(frames, task.question)
        assert ((rows.index(value) + column) % 5 == 0) == (split == "held_out")


@SPLITS
def test_refusals_are_split_by_act_and_target(split):
    for task in draws("refusal", split):
        row, target = place_in(refusal.ACTS, task.question)
        assert ((row + refusal.TARGETS.index(target)) % 5 == 0) == (split == "held_out")


@SPLITS
def test_small_talk_is_split_by_sentence_and_greeting(split):
    sentences = [said for ways, _, _ in small_talk.TOPICS for said in ways]
    for task in draws("small_talk", split):
        (row,) = (row for row, said in enumerate(sentences) if task.question.endswith(said))
        column = small_talk.GREETINGS.index(task.question.removesuffix(sentences[row]))
        assert ((row + column) % 5 == 0) == (split == "held_out")
        topic = small_talk.TOPICS[row // 4]
        assert (task.terse, task.full) == topic[1:]


@SPLITS
def test_sums_are_split_by_numbers_operation_and_wording(split):
    operations = Counter()
    for task in draws("arithmetic", split, 600):
        first, operation, second = task.full[0].lower().split()[:3]
        a, b = NUMBERS.index(first), NUMBERS.index(second)
        plus = operation == "plus"
        frames = arithmetic.PLUS_FRAMES if plus else arithmetic.MINUS_FRAMES
        (column,) = (
            number
            for number, frame in enumerate(frames)
            if frame.format(a=first, b=second) == task.question
        )
        assert 1 <= a <= 5 and 1 <= b <= 5 and (plus or a >= b)
        assert is_held_out(a, "+" if plus else "-", b, column) == (split == "held_out")
        operations[operation] += 1
    # A difference below zero is drawn again, so sums are the more frequent.
    assert 0.5 < operations["plus"] / 600 < 0.75


@SPLITS
@pytest.mark.parametrize("name", ["spell", "reverse", "hangman"])
def test_letter_games_are_split_by_word(name, split):
    for task in draws(name, split):
        shown = re.findall(r"(?<!\w)\w(?: \w)+(?!\w)", task.conversation.messages[0].content)
        word = max(shown, key=len).replace(" ", "")
        assert (SHORT_WORDS.index(word) % 5 == 3) == (split == "held_out")
        assert name == "hangman" or len(word) <= 4


def test_the_words_of_hangman_are_also_longer_than_those_that_are_spelled():
    told = [task.conversation.messages[0].content for task in draws("hangman", "train")]
    assert max(len(text.split("word is ")[1].split()) for text in told) == 5
    assert {len(word) for word in letters.spelled_words("train")} == {3, 4}


@SPLITS
def test_word_chains_are_split_by_word_but_every_letter_is_known(split):
    words = word_games.CHAIN_WORDS
    letters_trained_on = {word[-1] for place, word in enumerate(words) if place % 5 != 3}
    for task in draws("word_chain", split):
        (word,) = (
            word
            for word in words
            for frame in word_games.CHAIN_FRAMES
            if frame.format(word=word, letter=word[-1]) == task.question
        )
        assert (words.index(word) % 5 == 3) == (split == "held_out")
        assert word[-1] in letters_trained_on


@SPLITS
def test_twenty_questions_are_split_by_thing_and_question(split):
    for task in draws("twenty_questions", split):
        thing = task.conversation.messages[0].content.split(": ")[1].removesuffix(".")
        assert is_held_out(thing, task.question) == (split == "held_out")


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
