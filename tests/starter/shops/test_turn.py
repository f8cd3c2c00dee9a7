"""Tones of a shop, wordings and their slots."""

from dataclasses import replace
from random import Random

import pytest

from fledge.starter.shops.trades import wordings
from fledge.starter.shops.turn import WARM, WARM_SHARE, Turn, Wording, formal
from starter.shops.by_hand import SHOP

TURN = Turn("price", "How much?", "It's 7 euros.", (("7 euros",),))


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("We're open, and it's free!", "We are open, and it is free."),
        ("I can't do that.", "I cannot do that."),
        ("I don't know that, sorry. Please call.", "I do not know that. Please call."),
        (
            "You'll find us. I'm Odette, and I'll wait.",
            "You will find us. I am Odette, and I will wait.",
        ),
        ("No, that's 3 and isn't enough.", "No, that is 3 and is not enough."),
        ("Nothing to change.", "Nothing to change."),
    ],
)
def test_formal_shops_write_words_out(short, long):
    assert formal(short) == long


def test_a_plain_answer_stays_as_it_is():
    assert TURN.in_tone("plain", Random(0)) == TURN


def test_a_formal_answer_has_no_contraction():
    assert TURN.in_tone("formal", Random(0)).answer == "It is 7 euros."


def test_a_warm_answer_often_has_one_friendly_closing():
    answers = [TURN.in_tone("warm", Random(seed)).answer for seed in range(400)]
    closed = [answer for answer in answers if answer != TURN.answer]
    assert len(closed) / 400 == pytest.approx(WARM_SHARE, abs=0.08)
    assert {answer.removeprefix(f"{TURN.answer} ") for answer in closed} == set(WARM)


def test_bad_news_has_no_friendly_closing():
    sad = replace(TURN, warms=False)
    assert all(sad.in_tone("warm", Random(seed)) == sad for seed in range(50))


def test_slots_of_the_shop_and_of_the_question_are_filled():
    wording = Wording("assistant_name", SHOP, Random(1))
    assert "Odette" in wording.say("answer", {})
    price = Wording("price", SHOP, Random(1)).say(
        "answer", {"A_one": "A stick", "a_one": "a stick", "price": "7 euros"}
    )
    assert price == "A stick costs 7 euros."


def test_questions_begin_with_a_capital():
    for seed in range(50):
        asked = Wording("sum_many", SHOP, Random(seed)).ask({"items": "two sticks"})
        assert asked[0].isupper()


def test_every_topic_has_enough_ways_to_ask():
    for topic, parts in wordings().items():
        assert len(parts["ask"]) >= 3, topic
        assert all(text.strip() == text and text for texts in parts.values() for text in texts)


def test_answers_have_no_typographic_slips():
    for topic, parts in wordings().items():
        for part, texts in parts.items():
            for text in texts:
                assert "  " not in text and " ," not in text and " ." not in text, (topic, part)
                if part not in ("ask", "follow", "mail") and topic != "letter":
                    assert text.endswith((".", "!", "?", "}")), text
