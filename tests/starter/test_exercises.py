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
    numbered,
    order,
    prices,
    shop,
    sums,
    table,
    verdicts,
)
from fledge.starter.facts import FACTS
from fledge.starter.french import PHRASES
from fledge.starter.prose import SENTENCES, prose
from fledge.starter.task import is_held_out
from fledge.starter.twenty_questions import THINGS
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


def test_prices_are_told_twice_in_any_order_and_may_be_trained_on():
    turned = 0
    for text in statements(prices):
        told = re.findall(r"(?:^|\. )(?:A )?(\w+)(?: costs|:) (\d+) euros", text)
        again = re.findall(r"The (\w+) costs (\d+) euros", text)
        first = [(item.lower(), price) for item, price in told if item != "The"]
        assert sorted(first) == sorted(again) and len(again) in (2, 3)
        assert not any(is_held_out("price", int(price)) for _, price in again)
        assert set(found(text.lower(), ITEMS).values()) == {2}
        turned += first != again
    assert 150 < turned < 270


def test_numbered_lines_are_cited_with_their_own_numbers():
    for text in statements(numbered):
        *lines, last = text.split("\n")
        told = {line[:3]: line[4:].removesuffix(".") for line in lines}
        assert list(told) == [f"[{n}]" for n in range(1, len(lines) + 1)] and len(lines) in (2, 3)
        cited = re.findall(r"(\w+ has the \w+) (\[\d\])\.", last)
        assert {number: said for said, number in cited} == told and len(cited) == len(told)
        assert all(found(said, NAMES) and found(said, ITEMS) for said in told.values())


def test_verdicts_are_true_of_the_word_and_of_the_thing():
    sorts = Counter()
    for text in statements(verdicts, 600):
        if text.startswith("The word"):
            word, spelled, facts = re.fullmatch(
                r"The word is (\w+): ([\w ]+)\. (.+)\.", text
            ).groups()
            assert spelled.split() == list(word) and SHORT_WORDS.index(word) % 5 != 3
            said = re.findall(r"the letter (\w) is (in|not in) it", facts.lower())
            assert {verdict for _, verdict in said} == {"in", "not in"} and len(said) == 2
            assert all((letter in word) == (verdict == "in") for letter, verdict in said)
            sorts["word"] += 1
        else:
            group, thing, facts = re.fullmatch(r"A kind of (\w+): (\w+)\. (.+)\.", text).groups()
            assert thing in THINGS[group]
            assert sorted(facts.lower().split(", ")) == sorted(TRUE_OF[group])
            sorts[group] += 1
    assert min(sorts.values()) > 60 and len(sorts) == 4


TRUE_OF = {
    "animal": ("it is an animal", "you can't eat it", "it has no wheels"),
    "fruit": ("it is not an animal", "you can eat it", "it has no wheels"),
    "vehicle": ("it is not an animal", "you can't eat it", "it has wheels"),
}


def test_sums_are_right_and_the_same_in_words_and_in_digits():
    seen, sorts = set(), Counter()
    for text in statements(sums, 4000):
        words, digits, _ = text.lower().split(".")
        a, operation, b, _, result = words.split()
        numbers = [NUMBERS.index(word) for word in (a, b, result)]
        sign = {"plus": "+", "minus": "-"}[operation]
        assert digits.split() == [str(numbers[0]), sign, str(numbers[1]), "is", str(numbers[2])]
        left, right, total = numbers
        assert 1 <= left <= 5 and 1 <= right <= 5
        assert total == (left + right if sign == "+" else left - right)
        sorts["larger first" if left > right else "smaller first", operation] += 1
        seen.add((operation, left, right))
    assert sorts["smaller first", "plus"] > 500 and sorts["larger first", "plus"] > 500
    assert seen == {
        *(("plus", a, b) for a in range(1, 6) for b in range(1, 6)),
        *(("minus", a, b) for a in range(1, 6) for b in range(1, a + 1)),
    }


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


def test_knowledge_is_true_and_says_what_it_is_about():
    sorts = Counter()
    families = {word: family for family in RHYMES for word in family}
    for text in statements(knowledge, 900):
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
        else:
            assert text in {full for _, _, full in FACTS}
            assert not re.match("The (answer|opposite) is", text)
            sorts["fact"] += 1
    assert min(sorts.values()) > 150 and len(sorts) == 4


def test_a_paragraph_is_five_statements_of_one_sort():
    paragraphs = list(exercises(3, 60))
    assert len(paragraphs) == 60
    spelled = [text for text in paragraphs if "The word is" not in text]
    assert {len(re.findall(r"The letters? ", text)) for text in spelled} == {0, 5}
    assert {len(re.findall(r" told ", text)) for text in paragraphs} == {0, 5}


def test_all_sorts_of_statements_are_made():
    with_slots, by_heart = (order, table, news, shop, prices, numbered), (letters, verdicts, sums)
    assert (*with_slots, *by_heart, knowledge) == STATEMENTS
    text = " ".join(exercises(0, 100))
    for sign in ("order", "comes at", " told ", "euros", "backwards", "rhymes", "[1]", "wheels"):
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
