"""Rhymes and word chains, played by slow code with its own list of the words that were said."""

import re
from itertools import pairwise
from random import Random

import pytest

from fledge.starter.task import Task
from fledge.starter.word_games import CHAIN_WORDS, MORE_RHYMES, RHYMES
from fledge.starter.writers import write
from starter.talking import BY_NAME, curtly, plainly, talk_of

SPLITS = pytest.mark.parametrize("split", ["train", "held_out"])


def said_word(question: str) -> str:
    """The user's word, which is known by its last letter being named."""
    letter = question.removesuffix(".")[-1]
    words = re.findall(r"\w+", question.lower())
    return next(word for word in words if word in CHAIN_WORDS and word[-1] == letter)


def answered_word(answer: str) -> str:
    """The word of a short or a full answer."""
    full = re.match(r"My word is (\w+)\.", answer)
    return full[1] if full else answer.removesuffix(".").lower()


def replies(word: str, said: set[str]) -> list[str]:
    return [one for one in CHAIN_WORDS if one.startswith(word[-1]) and one not in said]


@SPLITS
@pytest.mark.parametrize("say", [plainly, curtly])
def test_a_word_chain_goes_on_with_any_word_that_fits_and_was_not_said(split, say):
    for seed in range(60):
        said: set[str] = set()
        for task, answer in talk_of("word_chain", split, seed, 12, say):
            word = said_word(task.question)
            assert word not in said
            said.add(word)
            left = replies(word, said)
            assert [answered_word(text) for text in task.terse] == left
            assert task.full == tuple(
                f"My word is {one}. Your letter is {one[-1]}." for one in left
            )
            assert task.courtesies == ()
            said.add(answered_word(answer))


@SPLITS
def test_the_user_s_next_word_follows_what_was_answered_if_any_does(split):
    """Whichever of the right words the model says, the user goes on from it."""
    random = Random(0)
    followed = begun = 0
    for seed in range(120):
        held = talk_of("word_chain", split, seed, 6, lambda task: random.choice(task.full))
        said: set[str] = set()
        for (task, answer), (later, _) in pairwise(held):
            said |= {said_word(task.question), answered_word(answer)}
            word, last = said_word(later.question), answered_word(answer)[-1]
            mine = [
                one for n, one in enumerate(CHAIN_WORDS) if (n % 5 == 3) == (split == "held_out")
            ]
            if any(one[0] == last and one not in said for one in mine):
                assert word[0] == last
                followed += 1
            else:
                begun += 1
    assert followed > begun


def test_two_answers_lead_to_two_different_chains():
    one, other = (BY_NAME["word_chain"].talk("train", Random(5)) for _ in range(2))
    first, *_, last = one.task.full
    assert one.task == other.task and first != last
    assert said_word(one.answered(first).question)[0] == answered_word(first)[-1]
    assert said_word(other.answered(last).question)[0] == answered_word(last)[-1]


@pytest.mark.parametrize("answer", ["", "Yes.", "My word is house. Your letter is e.", "Letter."])
def test_an_answer_that_breaks_the_rules_is_not_taken_for_a_word(answer):
    """The word may still be said later; the user begins anew, with a word that was not said."""
    for seed in range(40):
        talk = BY_NAME["word_chain"].talk("train", Random(seed))
        word = said_word(talk.task.question)
        said = answered_word(answer)
        if said in replies(word, {word}):
            continue
        later = talk.answered(answer)
        following = said_word(later.question)
        assert following != word
        assert [answered_word(text) for text in later.terse] == replies(
            following, {word, following}
        )


def test_the_word_letter_in_an_answer_is_no_move():
    """In "Your letter is n" nobody says "letter"."""
    for seed in range(400):
        talk = BY_NAME["word_chain"].talk("train", Random(seed))
        if talk.task.question.endswith("l."):
            later = talk.answered("My word is lion. Your letter is n.")
            assert said_word(later.question)
            if said_word(later.question)[-1] == "l":
                assert "Letter." in later.terse
            break
    else:
        raise AssertionError("no word ends with l")


@pytest.mark.parametrize("word", CHAIN_WORDS)
def test_every_word_of_the_chain_is_followed_by_another_one(word):
    assert [other for other in CHAIN_WORDS if other[0] == word[-1] and other != word]


def rhymed_word(task: Task) -> str:
    return re.search(r"(\w+)[?.]$", task.question)[1]


@SPLITS
def test_a_rhyme_is_another_word_of_the_family_and_all_that_were_not_said_count(split):
    more = 0
    for seed in range(120):
        word, said = "", set()
        for task, answer in talk_of("rhyme", split, seed, 8):
            if task.question in MORE_RHYMES:
                more += 1
            else:
                word = rhymed_word(task)
                said = {word}
            (family,) = (family for family in RHYMES if word in family)
            left = [other for other in family if other not in said]
            assert [text.lower() for text in task.terse] == [f"{other}." for other in left]
            assert list(task.full) == [
                f"{other[0].upper()}{other[1:]} rhymes with {word}." for other in left
            ]
            said.add(answer.split()[0].lower())
    assert more > 100


def test_another_rhyme_is_asked_for_only_while_there_is_one():
    for seed in range(200):
        for task, _ in talk_of("rhyme", "train", seed, 10):
            assert task.terse


def test_a_wrong_rhyme_leaves_all_right_ones():
    asked = 0
    for seed in range(60):
        talk = BY_NAME["rhyme"].talk("train", Random(seed))
        before, later = talk.task, talk.answered("I don't know.")
        if later.question in MORE_RHYMES:
            asked += 1
            assert later.terse == before.terse
    assert asked > 15


def test_families_of_rhymes_share_no_word_and_have_choices():
    words = [word for family in RHYMES for word in family]
    assert len(words) == len(set(words))
    assert min(map(len, RHYMES)) >= 3


def test_courtesies_around_a_word_do_not_hide_it():
    random = Random(2)
    for seed in range(40):
        talk = BY_NAME["word_chain"].talk("train", Random(seed))
        answer = write(talk.task, "rambling", random)
        word, reply = said_word(talk.task.question), answered_word(answer)
        later = talk.answered(answer)
        following = said_word(later.question)
        assert reply not in {answered_word(text) for text in later.terse}
        assert [answered_word(text) for text in later.terse] == replies(
            following, {word, reply, following}
        )
