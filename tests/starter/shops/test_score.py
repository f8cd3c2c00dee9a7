"""The ranking rule: right answers win, and no trick of any constant sentence or list pays."""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from statistics import fmean

import pytest

from fledge.starter.gold import ModelAnswer
from fledge.starter.shops import (
    ShopQuestion,
    agreement,
    conversations,
    held_out,
    is_right,
    questions,
    rank,
    score,
)
from fledge.starter.shops.score import NOISE, RIGHT, WRONG_AT_MOST
from fledge.starter.shops.turn import WARM
from fledge.text.conversation import Conversation

QUESTIONS = [*questions(100, 150), *held_out(100, 150)]
SUFFIXES = (
    *WARM,
    "Please call us if there is anything else.",
    "I'm sorry about that.",
    "I don't know that, sorry.",
    "I'll pass this on to the owner.",
    "Thank you for asking!",
    "So yes, you can.",
    "So no, it's too late.",
    "It's free.",
    "Best wishes",
    "[1]",
    "!!!",
)


def mean(write: Callable[[ShopQuestion], str]) -> float:
    return fmean(score(one, ModelAnswer(write(one), ended=True)) for one in QUESTIONS)


def reference(question: ShopQuestion) -> str:
    return question.turn.answer


def sampled(question: ShopQuestion) -> str:
    """Imitate a model that is right two times out of three: else it answers as if asked before."""
    random = Random(question.turn.question + question.told[:40])
    if random.random() < 2 / 3:
        return question.turn.answer
    return random.choice(QUESTIONS).turn.answer


def test_every_right_answer_of_the_demonstrations_is_right():
    for split in ("train", "held_out"):
        for chat in conversations(7, 250, split):
            turns = chat.conversation.messages
            for number, turn in enumerate(chat.turns):
                before = Conversation(turns[: 2 + 2 * number])
                question = ShopQuestion(before, turn, chat.shop.tone)
                assert is_right(question, turn.answer), (turn.question, turn.answer)
                assert score(question, ModelAnswer(turn.answer, ended=True)) > 0.85


def test_scores_lie_in_two_bands():
    for question in QUESTIONS:
        for text in (question.turn.answer, sampled(question), "Yes.", "!", question.told):
            for ended in (True, False):
                found = score(question, ModelAnswer(text, ended))
                if is_right(question, text):
                    assert RIGHT <= found <= 1
                else:
                    assert 0 <= found <= WRONG_AT_MOST


def test_an_empty_answer_and_a_copy_of_the_question_score_nothing():
    for question in QUESTIONS:
        assert score(question, ModelAnswer(" ", ended=True)) == 0
        assert score(question, ModelAnswer(question.turn.question, ended=True)) == 0


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_constant_sentence_after_or_before_every_answer_raises_the_mean(suffix):
    for write in (reference, sampled):
        assert mean(lambda one, write=write: f"{write(one)} {suffix}") < mean(write)
        assert mean(lambda one, write=write: f"{suffix} {write(one)}") < mean(write)


@pytest.mark.parametrize(
    "trick",
    [
        lambda one: "I don't know that, sorry. Please call us.",
        lambda one: "I'll pass this on to the owner.",
        lambda one: "Yes, of course!",
        lambda one: "No, sorry.",
        lambda one: one.turn.question,
        lambda one: f"You asked: {one.turn.question}",
        lambda one: one.conversation.messages[0].content,
        lambda one: " ".join(one.conversation.messages[0].content.split()[-60:]),
        lambda one: f"{one.turn.answer} {one.conversation.messages[0].content}",
        lambda one: "Hello! How can I help you?",
    ],
)
def test_no_answer_to_everything_comes_near_right_answers(trick):
    assert mean(trick) < 0.35 < mean(sampled) < mean(reference)


def test_listing_hours_and_prices_after_the_answer_loses():
    for question in QUESTIONS:
        shop = next(line for line in question.told.split("\n") if line)
        listed = f"{question.turn.answer} {shop} {question.told[-200:]}"
        best = score(question, ModelAnswer(question.turn.answer, ended=True))
        assert score(question, ModelAnswer(listed, ended=True)) < best


def test_repeating_the_question_before_the_answer_loses():
    assert mean(lambda one: f"{one.turn.question} {one.turn.answer}") < mean(reference)


def test_another_number_makes_an_answer_wrong():
    changed = 0
    for question in QUESTIONS:
        answer = question.turn.answer
        wrong = "".join(str((int(c) + 3) % 10) if c.isdecimal() else c for c in answer)
        if wrong != answer:
            changed += 1
            assert score(question, ModelAnswer(wrong, ended=True)) <= WRONG_AT_MOST, wrong
    assert changed > 100


def test_a_made_up_name_makes_an_answer_wrong():
    question = next(one for one in QUESTIONS if one.turn.topic == "price")
    text = f"{question.turn.answer} Please ask our colleague Bartholomew."
    assert score(question, ModelAnswer(text, ended=True)) <= WRONG_AT_MOST


def test_an_answer_that_ends_is_better_than_one_that_is_cut_off():
    for question in QUESTIONS:
        answer = question.turn.answer
        assert score(question, ModelAnswer(answer, True)) > score(
            question, ModelAnswer(answer, False)
        )


def test_the_tone_of_the_shop_counts():
    question = next(one for one in QUESTIONS if one.turn.topic == "hours_day")
    base = question.turn.answer.removesuffix(".").split(".")[0] + "."
    turn = replace(question.turn, answer=base)
    warm, plain, formal = (
        replace(question, turn=turn, tone=t) for t in ("warm", "plain", "formal")
    )
    closed = ModelAnswer(f"{base} {WARM[0]}", ended=True)
    bare = ModelAnswer(base, ended=True)
    assert score(warm, closed) > score(warm, bare)
    assert score(plain, bare) > score(plain, closed)
    assert score(formal, ModelAnswer("On Monday we are closed.", True)) >= score(
        formal, ModelAnswer("On Monday we're closed.", True)
    )


def test_rankings_are_by_score_but_for_their_noise():
    question = next(one for one in QUESTIONS if one.turn.topic == "price")
    right = question.turn.answer
    answers = [
        ModelAnswer("I don't know that.", ended=True),
        ModelAnswer(right, ended=True),
        ModelAnswer(right, ended=False),
        ModelAnswer("", ended=True),
    ]
    exact = rank(question, answers, Random(0), noise=0.0)
    assert exact.ranking == (("B",), ("C",), ("A",), ("D",))
    assert agreement(question, answers, exact) == (6, 6)
    random = Random(0)
    swapped = sum(rank(question, answers, random).ranking != exact.ranking for _ in range(500))
    # Three places to change, each left alone with probability 1 - NOISE.
    assert swapped / 500 == pytest.approx(1 - (1 - NOISE) ** 3, abs=0.06)
    assert exact.labeler == "gold"
    assert [turn.role for turn in exact.prompt][:2] == ["system", "user"]


def test_equal_answers_are_tied():
    question = QUESTIONS[0]
    same = [ModelAnswer(question.turn.answer, ended=True)] * 2
    assert rank(question, same, Random(0)).ranking == (("A", "B"),)
