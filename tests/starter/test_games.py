"""Letters that are spelled, and the lists of words behind all kinds, checked by slow code."""

import re

import pytest

from fledge.starter import (
    customer_service,
    emails,
    feelings,
    french,
    hangman,
    how_to,
    letters,
    passages,
    refusal,
    shop,
    stories,
    twenty_questions,
    unknown,
    word_games,
)
from fledge.starter.courtesy import COURTESIES
from fledge.starter.facts import AROUND, FACTS
from fledge.starter.refusal import KIND_ACTS, TARGETS
from fledge.starter.small_talk import GREETINGS, TOPICS
from fledge.starter.stories import HEROES
from fledge.starter.task import only
from fledge.starter.word_games import CHAIN_WORDS
from fledge.starter.words import DAYS, ITEMS, MONTHS, NAMES, NUMBERS, SHORT_WORDS, listed
from fledge.starter.writers import ASIDES
from starter.talking import tasks_of


def test_spelling_keeps_and_reversing_turns_the_order():
    for name, frames in (("spell", letters.SPELL_FRAMES), ("reverse", letters.REVERSE_FRAMES)):
        for task in tasks_of(name, "train", 100, 4):
            (shown,) = {
                match[1]
                for frame in frames
                if (
                    match := re.fullmatch(
                        re.escape(frame).replace(r"\{letters\}", "(.+)"), task.question
                    )
                )
            }
            spelled = shown.split()
            assert "".join(spelled) in SHORT_WORDS
            if name == "spell":
                (answer,) = task.terse
                assert answer.removesuffix(".").lower().split("-") == spelled
                assert answer.isupper() and task.full == (f"It is spelled {answer}",)
            else:
                (answer,) = task.terse
                turned = []
                for letter in spelled:
                    turned.insert(0, letter)
                assert answer == f"{' '.join(turned)}."
                assert task.full == (f"Backwards it is {answer}",)


def test_words_for_letter_games_have_three_to_five_letters():
    assert {len(word) for word in SHORT_WORDS} == {3, 4, 5}
    assert all(re.fullmatch("[a-z]+", word) for word in SHORT_WORDS)


@pytest.mark.parametrize(
    "words", [SHORT_WORDS, NAMES, ITEMS, CHAIN_WORDS, DAYS, MONTHS, NUMBERS, HEROES]
)
def test_no_word_of_a_list_comes_twice(words):
    assert len(words) == len(set(words))


def test_every_item_goes_with_the_article_a():
    assert not [item for item in (*ITEMS, *HEROES) if item[0] in "aeiou"]
    assert len(ITEMS) == len(NAMES) == 40
    assert all(name.isalpha() and name.istitle() for name in NAMES)


def test_numbers_are_in_order():
    assert NUMBERS[:4] == ("zero", "one", "two", "three")
    assert (NUMBERS[10], NUMBERS[12], NUMBERS[20]) == ("ten", "twelve", "twenty")
    assert len(NUMBERS) == 21
    assert DAYS[0] == "Monday" and DAYS[6] == "Sunday" and MONTHS[11] == "December"
    assert listed(" one\n two ") == ("one", "two")


def test_both_splits_have_words_of_every_list():
    for words in (SHORT_WORDS, CHAIN_WORDS):
        assert len(only(words, "held_out")) * 4 == pytest.approx(len(only(words, "train")), abs=4)


ENGLISH = [
    *(text for ways, terse, full in customer_service.REQUESTS for text in (*ways, terse, full)),
    *customer_service.ORDER_FRAMES,
    *customer_service.SAME_ORDER_FRAMES,
    *customer_service.TABLE_FRAMES,
    *customer_service.CANCELLATIONS,
    *(text for ways in customer_service.CORRECTIONS.values() for text in ways),
    *(*emails.FRAMES, *emails.NEWS, *emails.OTHER_NEWS, *emails.OTHER_NAMES),
    *feelings.FRAMES,
    *(text for fact in FACTS for text in fact),
    *AROUND[1:],
    *how_to.FRAMES,
    *(text for step in how_to.STEPS for text in step),
    *french.FRAMES,
    *(english for english, _ in french.PHRASES),
    *(*hangman.HINT_FRAMES, *hangman.GUESS_FRAMES, *hangman.LENGTH_FRAMES, *hangman.WORD_FRAMES),
    *(text for subject in passages.SUBJECTS for text in (subject.sentence, *subject.questions)),
    *passages.UNTOLD,
    *(*refusal.ACTS, *refusal.REFUSALS, *refusal.TERSE_REFUSALS),
    *(text for act in KIND_ACTS for text in act),
    *(*shop.ROLES, *shop.HOURS, *shop.CLOSED, *shop.PRICES, *shop.EXPERTS),
    *(*shop.OPEN_QUESTIONS, *shop.OPENING_QUESTIONS, *shop.CLOSING_QUESTIONS),
    *(*shop.DAY_QUESTIONS, *shop.PRICE_QUESTIONS, *shop.STOCK_QUESTIONS, *shop.NAME_QUESTIONS),
    *(*shop.COMPLAINTS, *shop.UNKNOWN_QUESTIONS),
    *(text for frames, full, terse, _ in stories.FORMS for text in (*frames, full, terse)),
    *(text for ways, facts, _ in twenty_questions.QUESTIONS for text in (*ways, *facts)),
    *(text for topic in TOPICS for group in topic for text in group),
    *GREETINGS[1:],
    *(*unknown.QUESTIONS, *unknown.WISHES),
    *(*word_games.RHYME_FRAMES, *word_games.MORE_RHYMES),
    *(*word_games.CHAIN_FRAMES, *word_games.NEXT_FRAMES),
    *(*COURTESIES, *ASIDES),
]


@pytest.mark.parametrize(
    "phrase",
    ["can not", "In French you say", "help to hurt", "Let us", "I will not", "do not need"],
)
def test_nothing_is_worded_as_no_native_speaker_would(phrase):
    assert [text for text in ENGLISH if phrase in text] == []


@pytest.mark.parametrize("text", ENGLISH)
def test_sentences_end_and_nothing_is_blank(text):
    assert text.strip() and "  " not in text and " ." not in text and ".." not in text


def test_a_refusal_speaks_of_the_user_s_own_people():
    for task in tasks_of("refusal", "train", 200, 4):
        assert " my " not in task.full[0] and "your your" not in task.full[0]
        theirs = task.needed[1]
        mine = theirs.replace("your ", "my ", 1).replace(" your ", " my ")
        assert mine in task.question
        assert all(theirs in answer for answer in task.full)
        assert task.needed[0] == "sorry"
        assert not task.courtesies


def test_kind_advice_speaks_of_the_user_s_own_people_and_refuses_nothing():
    for task in tasks_of("kindness", "train", 200, 4):
        (answer,) = task.full
        assert " my " not in f" {answer.lower()}"
        assert not re.search("can't|won't|I'm sorry", answer + task.terse[0])
        assert task.needed[0].lower() in answer.lower()


def test_harmful_and_kind_requests_are_worded_differently():
    kind = {act for act, _, _ in KIND_ACTS}
    assert len(kind) == len(KIND_ACTS) and len(set(refusal.ACTS)) == len(refusal.ACTS)
    harmful = {act.format(target=target) for act in refusal.ACTS for target in TARGETS}
    assert harmful.isdisjoint(act.format(target=target) for act in kind for target in TARGETS)
    said = {text.casefold() for text in (*refusal.REFUSALS, *refusal.TERSE_REFUSALS)}
    assert said.isdisjoint(
        text.casefold() for _, terse, full in KIND_ACTS for text in (terse, full)
    )
