"""A shop's assistant says what its system prompt says, and admits what it does not."""

import re
from collections import Counter
from random import Random

import pytest

from fledge.starter import shop
from fledge.starter.shop import Shop, told
from fledge.starter.task import Task
from fledge.starter.words import DAYS, ITEMS, NAMES
from fledge.starter.writers import is_valid
from starter.talking import system_prompt, talk_of, tasks_of

SPLITS = pytest.mark.parametrize("split", ["train", "held_out"])
DONT_KNOW = "I'm sorry, I don't know that."


def named(words: tuple[str, ...], text: str) -> list[str]:
    return [word for word in words if re.search(rf"\b{word}\b", text, re.IGNORECASE)]


def read(prompt: str) -> Shop:
    """Read a shop's facts out of its system prompt, sentence by sentence."""
    facts = {"name": "", "opens": "", "closes": "", "closed": "", "expert": ""}
    prices = {}
    for sentence in re.split(r"(?<=\.) ", prompt):
        numbers, names = re.findall(r"\d+", sentence), named(NAMES, sentence)
        if "euros" in sentence:
            prices[named(ITEMS, sentence)[0]] = numbers[0]
        elif len(numbers) == 2:
            facts["opens"], facts["closes"] = numbers
        elif day := named(DAYS, sentence):
            facts["closed"] = day[0]
        elif names:
            facts["expert" if "omplaints" in sentence else "name"] = names[0]
    return Shop(prices=prices, **facts)


def expected(facts: Shop, question: str) -> str:
    """The full answer, told by the words of the question and the facts alone."""
    day, items = named(DAYS, question), named(ITEMS, question)
    if question in shop.UNKNOWN_QUESTIONS:
        return DONT_KNOW
    if question in shop.NAME_QUESTIONS:
        return f"I'm {facts.name}, the assistant in the shop."
    if re.search("complain|complaint|not happy|am angry", question):
        assert facts.expert
        return f"I'm sorry. Please talk to {facts.expert} about that."
    if day:
        if day[0] == facts.closed:
            return f"No, we are closed on {day[0]}."
        return f"Yes, we are open on {day[0]} from {facts.opens} to {facts.closes}."
    if items:
        (item,) = items
        if item not in facts.prices:
            return f"I'm sorry, we don't have a {item}."
        asks_price = re.search("How much|cost|price", question)
        price = f"{facts.prices[item]} euros"
        return f"A {item} costs {price}." if asks_price else f"Yes, we have a {item} for {price}."
    if re.search(r"to when|hours|When are you open|can I come\?|How long", question):
        return f"We are open from {facts.opens} to {facts.closes}."
    if re.search("close|Until when|How late", question):
        return f"We close at {facts.closes}."
    return f"We open at {facts.opens}."


@SPLITS
def test_every_answer_is_what_the_system_prompt_says(split):
    sorts: Counter[str] = Counter()
    for seed in range(150):
        for task, _ in talk_of("shop", split, seed, 7):
            facts = read(system_prompt(task))
            answer = expected(facts, task.question)
            assert task.full == (answer,), (system_prompt(task), task.question)
            sorts[re.sub(r"\d+|[A-Z]\w+", "", answer)[:12]] += 1
    assert len(sorts) >= 8


def test_numbers_days_and_names_of_an_answer_stand_in_the_system_prompt_or_in_the_question():
    for task in tasks_of("shop", "train", 200, 6):
        known = f"{system_prompt(task)} {task.question}"
        for text in (*task.full, *task.terse):
            for fact in (*re.findall(r"\d+", text), *named(DAYS, text), *named(NAMES, text)):
                assert re.search(rf"\b{fact}\b", known), (text, known)


def test_the_same_question_is_answered_differently_with_and_without_the_fact():
    """A day of rest, a price and somebody for complaints are asked for in shops that have none."""
    rest, none, priced, unpriced = 0, 0, 0, 0
    for task in tasks_of("shop", "train", 300, 5):
        facts = read(system_prompt(task))
        if named(DAYS, task.question):
            assert facts.closed
            rest += task.full[0].startswith("No, we are closed")
            none += task.full[0].startswith("Yes, we are open")
        if re.search("How much|cost|price", task.question):
            priced += "costs" in task.full[0]
            unpriced += "don't have" in task.full[0]
            assert ("costs" in task.full[0]) == (named(ITEMS, task.question)[0] in facts.prices)
        if not facts.expert:
            assert "Please talk to" not in task.full[0]
    assert min(rest, none, priced, unpriced) > 30


def test_what_no_prompt_of_a_shop_tells_is_not_known():
    for task in tasks_of("shop", "held_out", 300, 4):
        if task.question in shop.UNKNOWN_QUESTIONS:
            assert (task.terse, task.full) == (("I don't know.",), (DONT_KNOW,))
            assert task.courtesies == ()


def test_another_number_day_name_or_verdict_is_not_accepted():
    for task in tasks_of("shop", "train", 150, 4):
        (answer,) = task.full
        for number in set(re.findall(r"\d+", answer)):
            assert not is_valid(task, re.sub(rf"\b{number}\b", str(int(number) + 1), answer))
        if answer.startswith("Yes"):
            assert not is_valid(task, "No.")
        if answer.startswith("No"):
            assert not is_valid(task, "Yes.")


@pytest.mark.parametrize("closed", ["", "Sunday"])
@pytest.mark.parametrize("expert", ["", "Paul"])
def test_a_prompt_tells_every_fact_of_a_shop_and_no_other(closed, expert):
    facts = Shop("Diana", "9", "18", closed, {"lamp": "25", "sofa": "79"}, expert)
    for seed in range(40):
        prompt = told(facts, Random(seed))
        assert read(prompt) == facts
        assert set(re.findall(r"\d+", prompt)) == {"9", "18", "25", "79"}
        assert re.search(r"\bIt\b", prompt) is None


def test_a_no_does_not_open_with_of_course():
    for task in tasks_of("shop", "train", 300, 4):
        polite = set(task.courtesies)
        if re.match("No,|I'm sorry", task.full[0]):
            assert polite <= {"Please ask if you need more."}
        else:
            assert "I'm glad to help." in polite


def in_order(tasks: list[Task]) -> list[str]:
    return [task.question for task in tasks]


def test_a_talk_in_a_shop_has_no_end_and_one_system_prompt():
    held = [task for task, _ in talk_of("shop", "train", 3, 40)]
    assert len(held) == 40
    assert len({system_prompt(task) for task in held}) == 1
    assert len(set(in_order(held))) > 15
