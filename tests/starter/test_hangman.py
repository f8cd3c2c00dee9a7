"""Hangman, played to its end by slow code that knows the secret word and counts for itself."""

import re
from collections import Counter

import pytest

from fledge.starter import hangman
from fledge.starter.hangman import (
    COMMON_LETTERS,
    GUESS_FRAMES,
    HINT_FRAMES,
    LENGTH_FRAMES,
    SURRENDER_FRAMES,
    WORD_FRAMES,
)
from fledge.starter.task import Task
from fledge.starter.words import SHORT_WORDS
from fledge.starter.writers import is_valid
from starter.talking import curtly, system_prompt, talk_of

LENGTHS = {3: "three", 4: "four", 5: "five"}
COUNTS = ["", "one", "two", "three", "four", "five"]
GAMES = 150


def secret(task: Task) -> str:
    word, spelled = (
        system_prompt(task).removeprefix("You host hangman. The secret word is ").split(": ")
    )
    assert spelled.split() == list(word)
    return word


def guess_in(frames: tuple[str, ...], question: str) -> str:
    """Return the guess, or "" if the question is no guess of this sort."""
    for frame in frames:
        before, after = frame.split("{guess}")
        middle = question.removeprefix(before).removesuffix(after)
        if before + middle + after == question and re.fullmatch("[a-z]+", middle):
            return middle
    return ""


def letter_in(question: str) -> str:
    guess = guess_in(GUESS_FRAMES, question)
    return guess if len(guess) == 1 else ""


def word_in(question: str) -> str:
    guess = guess_in(WORD_FRAMES, question)
    return guess if len(guess) > 1 else ""


def expected(word: str, question: str, wrong: int) -> tuple[str, str]:
    """The short and the full answer, where `wrong` counts this guess, too."""
    letter, guess = letter_in(question), word_in(question)
    if question in HINT_FRAMES:
        first, last = word[0], word[-1]
        return f"It begins with {first}.", f"The word begins with {first} and ends with {last}."
    if question in LENGTH_FRAMES:
        length = LENGTHS[len(word)]
        return f"{length.capitalize()}.", f"The word has {length} letters."
    if question in SURRENDER_FRAMES:
        return f"{word}.", f"The word was {word}."
    if letter and letter in list(word):
        return "Yes.", f"Yes, the letter {letter} is in it."
    if guess == word:
        return "Yes.", f"Yes, the word is {word}. Well done!"
    denied = f"the letter {letter} is not in it" if letter else f"it is not {guess}"
    count = (
        f"Wrong guesses: {COUNTS[wrong]}." if wrong < 6 else f"You have lost: the word is {word}."
    )
    return "No.", f"No, {denied}. {count}"


@pytest.mark.parametrize("split", ["train", "held_out"])
def test_every_answer_of_a_whole_game_is_right_and_counts_the_wrong_guesses(split):
    longest, endings = 0, Counter()
    for seed in range(GAMES):
        game = talk_of("hangman", split, seed, 60)
        word, wrong = secret(game[0][0]), 0
        assert word in SHORT_WORDS
        for task, _ in game:
            letter, guess = letter_in(task.question), word_in(task.question)
            wrong += bool(letter and letter not in word) or bool(guess and guess != word)
            short, full = expected(word, task.question, wrong)
            assert (task.terse, task.full) == ((short,), (full,)), task.question
            assert task.courtesies == ()
            longest = max(longest, wrong)
        assert wrong <= 6
        endings[ending(word, task.question, wrong)] += 1
    assert longest == 6
    assert set(endings) == {"guessed", "lost", "given up"} and min(endings.values()) > 10


def ending(word: str, question: str, wrong: int) -> str:
    if question in SURRENDER_FRAMES:
        return "given up"
    if word_in(question) == word:
        return "guessed"
    assert wrong == 6
    return "lost"


def test_a_game_ends_with_its_last_question_whatever_is_answered():
    for seed in range(60):
        plain, curt = (
            talk_of("hangman", "train", seed, 60),
            talk_of("hangman", "train", seed, 60, curtly),
        )
        assert [task.question for task, _ in plain] == [task.question for task, _ in curt]
        last = [task.question for task, _ in plain if task.question in SURRENDER_FRAMES]
        assert last in ([], [plain[-1][0].question])


def test_the_other_verdict_a_wrong_count_and_another_hint_are_not_accepted():
    for seed in range(60):
        game = talk_of("hangman", "train", seed, 40)
        word = secret(game[0][0])
        for task, said in game:
            if task.terse[0] in ("Yes.", "No."):
                assert not is_valid(task, "No." if task.terse == ("Yes.",) else "Yes.")
            for one, other in (("one.", "two."), ("two.", "three."), ("three.", "four.")):
                if said.endswith(one):
                    assert not is_valid(task, said.replace(one, other))
            if task.question in HINT_FRAMES:
                assert not is_valid(task, f"The word begins with {word[-1]} and ends with z.")


def test_letters_of_all_places_are_guessed_and_half_of_the_guesses_hit():
    places, hits = Counter(), Counter()
    for seed in range(250):
        game = talk_of("hangman", "train", seed, 1)
        word, letter = secret(game[0][0]), letter_in(game[0][0].question)
        if letter:
            hits[letter in word] += 1
            places.update(place for place, each in enumerate(word) if each == letter)
            assert letter in word or letter in COMMON_LETTERS
    assert {0, 1, 2, 3, 4} <= set(places)
    assert 0.35 < hits[True] / hits.total() < 0.65


def test_no_letter_is_guessed_twice_while_there_are_others():
    for seed in range(100):
        letters = [letter_in(task.question) for task, _ in talk_of("hangman", "train", seed, 30)]
        guessed = [letter for letter in letters if letter]
        assert len(set(guessed)) == len(guessed)


def test_nobody_gives_up_before_a_letter_was_guessed():
    for seed in range(300):
        asked = [task.question for task, _ in talk_of("hangman", "train", seed, 30)]
        if asked[-1] in SURRENDER_FRAMES:
            assert any(letter_in(question) for question in asked)


def test_a_letter_and_a_word_are_never_guessed_in_the_same_words():
    assert set(GUESS_FRAMES).isdisjoint(WORD_FRAMES)
    everything = (*HINT_FRAMES, *LENGTH_FRAMES, *SURRENDER_FRAMES)
    assert len(set(everything)) == len(everything)
    assert hangman.MOST_WRONG == 6
