"""System prompts: every fact of a shop is told in every layout, and no other."""

import re
from dataclasses import replace
from random import Random

import pytest

from fledge.starter.shops.random_shop import random_shop
from fledge.starter.shops.system_prompt import TONES, system_prompt
from starter.shops.by_hand import SHOP

PROMPTS = [system_prompt(SHOP, Random(seed)) for seed in range(200)]


@pytest.mark.parametrize(
    "fact",
    [
        "Odette",
        "Drip & Drop",
        "Percy Plum",
        "Ely",
        "umbrella repair",
        "7 euros",
        "12 euros",
        "120.50 euros",
        "17:30",
        "4.50 euros",
        "40 euros",
        "21 days",
        "complaints",
        "refunds",
        "3 to 5 days",
        " years",
        "7 Puddle Lane",
        "555 0199",
        "hello@drip.example",
    ],
)
def test_every_fact_is_told_in_every_layout(fact):
    for prompt in PROMPTS:
        assert fact.casefold() in prompt.casefold(), prompt


def test_numbers_of_years_are_told_in_digits_and_in_words():
    told = [re.search(r"\b(2|two) years", prompt)[1] for prompt in PROMPTS]
    assert min(told.count("2"), told.count("two")) > 50


def test_ways_to_pay_are_told_in_one_of_many_ways():
    ways = ("card or cash", "card and cash", "card, cash", "card or in cash")
    told = [[way for way in ways if way in prompt] for prompt in PROMPTS]
    assert all(len(found) == 1 for found in told)
    assert {found[0] for found in told} == set(ways)


def test_facts_that_a_shop_keeps_to_itself_are_not_told():
    bare = replace(
        SHOP,
        delivery=None,
        warranty_years=None,
        payment=None,
        address=None,
        phone=None,
        email=None,
    )
    for seed in range(100):
        prompt = system_prompt(bare, Random(seed))
        assert not re.search(
            r"(?i)warranty|pay by|payment|we take (card|cash)|555|@|puddle|delivery", prompt
        ), prompt
        assert "None" not in prompt


def test_there_are_prose_lists_and_both_kinds_of_marks():
    assert any("\n" not in prompt for prompt in PROMPTS)
    assert any("\n\n" in prompt and "\n- " not in prompt for prompt in PROMPTS)
    assert any("\n- Returns:" in prompt for prompt in PROMPTS)
    assert any("\n* Returns:" in prompt for prompt in PROMPTS)
    assert any("\nReturns:" in prompt for prompt in PROMPTS)
    assert len(set(PROMPTS)) > 195


def test_the_tone_is_told():
    for tone, wordings in TONES.items():
        for seed in range(20):
            prompt = system_prompt(replace(SHOP, tone=tone), Random(seed))
            assert sum(wording in prompt for wording in wordings) == 1


def test_the_facts_come_in_any_order():
    places = {
        prompt.index("21 days") < prompt.index("4.50 euros") < prompt.index("complaints".casefold())
        for prompt in PROMPTS
        if "complaints" in prompt
    }
    assert places == {True, False}


def test_sentences_begin_with_a_capital_and_end_with_a_mark():
    for seed in range(100):
        prompt = system_prompt(random_shop("train", Random(seed)), Random(seed))
        if "\n" not in prompt:
            assert prompt.endswith((".", "!"))
            assert not re.search(r"\. [a-z]", prompt), prompt
        assert "  " not in prompt and not re.search(r"\ba [aeio]", prompt), prompt
