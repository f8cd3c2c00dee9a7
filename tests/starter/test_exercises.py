"""Statements and prose read back: what they repeat is right, and what is held out stays out."""

import re
from collections import Counter
from random import Random

import pytest

from fledge.starter.exercises import (
    STATEMENTS,
    exercises,
    knowledge,
    letters,
    news,
    order,
    shop,
    table,
)
from fledge.starter.facts import FACTS
from fledge.starter.french import PHRASES
from fledge.starter.prose import SENTENCES, prose
from fledge.starter.task import is_held_out
from fledge.starter.word_games import CHAIN_WORDS, RHYMES
from fledge.starter.words import DAYS, ITEMS, NAMES, NUMBERS, SHORT_WORDS


def statements(statement, count: int = 300) -> list[str]:
    random = Random(f"statements {statement.__name__}")
    return [statement(random) for _ in range(count)]


def found(text: str, words: tuple[str, ...]) -> Counter[str]:
    said = re.findall(r"\w+", text)
    return Counter(word for word in said if word in words)


@pytest.mark.parametrize("statement", [order, table, news])
def test_every_name_item_number_and_day_is_said_twice(statement):
    for text in statements(statement):
        numbers = re.findall(r"\d+", text)
        for group in (found(text, NAMES), found(text, ITEMS), found(text, DAYS), Counter(numbers)):
            assert all(count % 2 == 0 for count in group.values()), text
        assert found(text, NAMES)


def test_orders_have_numbers_that_may_be_trained_on():
    numbers = {int(n) for text in statements(order) for n in re.findall(r"\d+", text)}
    assert len(numbers) > 40
    assert not any(is_held_out("order", number) for number in numbers)
    openings = Counter(re.sub(r"[A-Z]\w+|\d+", "", text).split()[0] for text in statements(order))
    assert set(openings) == {"is", "bought", "has"} and min(openings.values()) > 60


def test_tables_are_combinations_that_may_be_trained_on():
    for text in statements(table):
        (day,) = found(text, DAYS)
        numbers = re.findall(r"\d+", text)
        hour, guests = re.search(r"at (\d+)", text)[1], re.search(r"with (\d+)", text)[1]
        assert sorted(numbers) == sorted((hour, guests) * 2)
        assert not is_held_out(guests, day, hour)


def test_news_goes_from_one_person_to_another():
    for text in statements(news):
        sender, to = re.match(r"(\w+) told (\w+) that ", text).groups()
        assert sender != to and text.endswith(f" {sender}")
        assert not is_held_out(sender, to)
        first, second = re.findall(r"the \w+ comes on \w+", text)
        assert first == second


def test_shops_repeat_hours_prices_and_names_that_may_be_trained_on():
    sorts = Counter()
    for text in statements(shop):
        numbers = re.findall(r"\d+", text)
        first, second = text.removesuffix(".").split(". ")
        if "open" in text:
            sorts["hours"] += 1
            assert numbers[:2] == numbers[2:] and not is_held_out(*numbers[:2])
        elif "euros" in text:
            sorts["price"] += 1
            assert numbers[0] == numbers[1] and not is_held_out("price", int(numbers[0]))
            assert found(first, ITEMS) == found(second, ITEMS)
        else:
            sorts["name"] += 1
            assert found(first, NAMES) == found(second, NAMES) != Counter()
    assert min(sorts.values()) > 60


def test_letters_are_repeated_in_capitals_or_backwards():
    sorts = Counter()
    for text in statements(letters, 600):
        if text.startswith("The letter "):
            letter, word = re.fullmatch(r"The letter (\w) is in the word (.+)\.", text).groups()
            assert letter in word.split()
            sorts["in"] += 1
            continue
        shown, backwards, repeated = re.fullmatch(
            r"The letters ((?:\w )+\w)( backwards)? are (.+)\.", text
        ).groups()
        spelled = shown.split()
        if backwards:
            sorts["backwards"] += 1
            assert repeated.split() == [spelled[-place - 1] for place in range(len(spelled))]
        elif repeated.isupper():
            sorts["capitals"] += 1
            assert repeated.split("-") == [letter.upper() for letter in spelled]
        else:
            sorts["same"] += 1
            assert repeated == shown
    assert len(sorts) == 4 and min(sorts.values()) > 100


def test_letters_are_of_trained_words_or_of_random_strings_of_two_to_five():
    held_out = set(SHORT_WORDS[3::5])
    words, strings = 0, Counter()
    for text in statements(letters, 600):
        word = re.search(r"(?:letters|word) ((?:\w )+\w)(?: |\.)", text)[1].replace(" ", "")
        if word in SHORT_WORDS and word not in held_out:
            words += 1
        else:
            strings[len(word)] += 1
    assert 240 < words < 360
    assert set(strings) == {2, 3, 4, 5} and min(strings.values()) > 40


def test_a_held_out_word_is_spelled_by_chance_at_most():
    held_out = set(SHORT_WORDS[3::5])
    shown = [
        re.search(r"(?:letters|word) ((?:\w )+\w)(?: |\.)", text)[1].replace(" ", "")
        for text in statements(letters, 3000)
    ]
    assert sum(word in held_out for word in shown) < 10


def test_knowledge_is_true():
    sorts, sums = Counter(), set()
    families = {word: family for family in RHYMES for word in family}
    for text in statements(knowledge, 9000):
        if " rhymes with " in text:
            one, other = text.removesuffix(".").lower().split(" rhymes with ")
            assert one != other and families[one] is families[other]
            sorts["rhyme"] += 1
        elif text.startswith("The French"):
            assert re.fullmatch(r'The French for "(.+)" is "(.+)"', text).groups() in PHRASES
            sorts["french"] += 1
        elif text.startswith("The word"):
            word, last, first = re.fullmatch(
                r"The word (\w+) ends with (\w) and begins with (\w)\.", text
            ).groups()
            assert word.startswith(first) and word.endswith(last)
            assert CHAIN_WORDS.index(word) % 5 != 3
            sorts["link"] += 1
        elif re.search(r" (plus|minus|\+|-) ", text):
            a, operation, b, _, result = text.removesuffix(".").lower().split()
            left, right, total = (
                int(n) if n.isdigit() else NUMBERS.index(n) for n in (a, b, result)
            )
            assert 1 <= left <= 10 and 1 <= right <= 10
            sign = {"plus": 1, "+": 1, "minus": -1, "-": -1}[operation]
            assert total == left + sign * right
            sorts["larger first" if left > right else "smaller first", operation] += 1
            sums.add((operation, left, right))
        else:
            assert re.fullmatch(
                r"The capital of .+ is \w+\.|.+ is \w+\.|After .+ comes \w+\.", text
            )
            assert text in {full for _, _, full in FACTS}
            sorts["fact"] += 1
    assert sorts["smaller first", "plus"] > 50 and sorts["larger first", "plus"] > 50
    assert min(sorts[sort] for sort in ("rhyme", "french", "link", "fact")) > 100
    numbers = range(1, 11)
    assert sums == {
        *(("plus", a, b) for a in numbers for b in numbers),
        *((sign, a, b) for sign in ("minus", "+", "-") for a in numbers for b in numbers if a >= b),
    }


def test_a_paragraph_is_five_statements_of_one_sort():
    paragraphs = list(exercises(3, 60))
    assert len(paragraphs) == 60
    letters_or_not = [len(re.findall(r"The letters? ", text)) for text in paragraphs]
    assert set(letters_or_not) == {0, 5}
    assert {len(re.findall(r" told ", text)) for text in paragraphs} == {0, 5}


def test_all_sorts_of_statements_are_made():
    assert (order, table, news, shop, letters, knowledge) == STATEMENTS
    text = " ".join(exercises(0, 100))
    for sign in ("order", "comes at", " told ", "euros", "backwards", "rhymes"):
        assert sign in text


def test_prose_uses_every_sentence_and_no_held_out_word():
    paragraphs = list(prose(0, 200))
    text = " ".join(paragraphs)
    for sentence in SENTENCES:
        longest = max(re.split(r"\{\w+\}", sentence), key=len).strip()
        assert longest.lower() in text.lower(), sentence
    slots = re.findall(r"The (\w+) lay beside|put the (\w+) in a box|about the (\w+)", text)
    words = {word for slot in slots for word in slot if word} - set(ITEMS)
    assert len(words) > 50
    assert words <= set(SHORT_WORDS) - set(SHORT_WORDS[3::5])


def test_a_paragraph_of_prose_is_six_whole_sentences():
    for text in prose(1, 50):
        assert "{" not in text
        sentences = re.split(r"(?<=\.) ", text)
        assert len(sentences) == 6
        assert all(sentence[0].isupper() or sentence[0].isdigit() for sentence in sentences)


def test_nobody_in_prose_meets_themselves_and_dates_exist():
    text = " ".join(prose(2, 300))
    counts = {NUMBERS.index(number) for number in re.findall(r"paid (\w+) euros", text)}
    assert counts == set(range(2, 21))
    for text in prose(2, 100):
        for one, other in re.findall(r"(\w+) and (\w+) went to", text):
            assert one != other
        for day in re.findall(r"(\d+) [A-Z][a-z]+", text):
            assert 1 <= int(day) <= 28
