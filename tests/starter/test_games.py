"""The rules of the games and the lists behind them, checked by slow code of its own."""

import re
from collections import Counter
from random import Random

import pytest

from fledge.starter import customer_service, emails, french, how_to, letters, refusal, shop
from fledge.starter.kinds import KINDS
from fledge.starter.small_talk import GREETINGS, TOPICS
from fledge.starter.task import Task, only
from fledge.starter.word_games import CHAIN_WORDS, QUESTIONS, RHYMES, THINGS
from fledge.starter.words import DAYS, ITEMS, MONTHS, NAMES, NUMBERS, SHORT_WORDS, listed
from fledge.starter.writers import is_valid

BY_NAME = {kind.name: kind for kind in KINDS}
# Answers about each group, in the order of the questions: is it an animal, food, on wheels?
TRUTH = {"animal": "yes no no", "fruit": "no yes no", "vehicle": "no no yes"}
KNOWN = {
    "animal": {"cat", "dog", "horse", "cow", "sheep", "bear"},
    "fruit": {"apple", "pear", "banana", "cherry", "plum", "grape"},
    "vehicle": {"car", "bus", "train", "truck", "tractor", "van"},
}


def draws(name: str, count: int = 400) -> list[Task]:
    random = Random(f"games {name}")
    return [BY_NAME[name].draw(split, random) for split in ("train", "held_out")] + [
        BY_NAME[name].draw("train", random) for _ in range(count - 2)
    ]


def secret(task: Task) -> str:
    return task.conversation.messages[0].content.split("word is ")[1].replace(" ", "")


def test_hangman_never_gives_a_wrong_hint_or_verdict():
    guessed = Counter()
    for task in draws("hangman", 1500):
        word = secret(task)
        guess = re.search(r"letter (\w)\b|guess is (\w)|I guess (\w)", task.question)
        if guess is None:
            assert task.question in letters.HINT_FRAMES
            assert task.terse == (f"It begins with {word[0]}.",)
            assert task.full == (f"The word begins with {word[0]} and ends with {word[-1]}.",)
            continue
        letter = next(each for each in guess.groups() if each)
        is_in = sum(each == letter for each in word) > 0
        guessed[is_in] += 1
        fact = f"the letter {letter} is {'in' if is_in else 'not in'} it"
        assert task.full == (f"Yes, {fact}." if is_in else f"No, {fact}.",)
        assert task.needed == ("Yes" if is_in else "No", fact)
        assert not task.agreeable
    # One player in four guesses, and every second guess hits.
    assert 300 < sum(guessed.values()) < 450
    assert 0.4 < guessed[True] / sum(guessed.values()) < 0.6


def test_hangman_guesses_letters_of_all_places():
    places = Counter()
    for task in draws("hangman", 3000):
        letter = re.search(r"letter (\w)\b|guess is (\w)|I guess (\w)", task.question)
        if letter is not None:
            word = secret(task)
            places.update(
                place
                for place, each in enumerate(word)
                if each == next(one for one in letter.groups() if one)
            )
    assert {0, 1, 2, 3, 4} <= set(places)


def test_spelling_keeps_and_reversing_turns_the_order():
    for name, frames in (("spell", letters.SPELL_FRAMES), ("reverse", letters.REVERSE_FRAMES)):
        for task in draws(name):
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


def test_a_rhyme_is_another_word_of_the_family_and_all_of_them_count():
    for task in draws("rhyme"):
        word = re.search(r"(\w+)[?.]$", task.question)[1]
        (family,) = (family for family in RHYMES if word in family)
        others = [other for other in family if other != word]
        assert [answer.lower() for answer in task.terse] == [f"{other}." for other in others]
        assert list(task.full) == [
            f"{other[0].upper()}{other[1:]} rhymes with {word}." for other in others
        ]


def test_families_of_rhymes_share_no_word_and_have_choices():
    words = [word for family in RHYMES for word in family]
    assert len(words) == len(set(words))
    assert min(map(len, RHYMES)) >= 3


def test_a_word_chain_goes_on_with_any_known_word_but_not_the_same():
    for task in draws("word_chain"):
        letter = task.question.removesuffix(".")[-1]
        said = [answer.removesuffix(".").lower() for answer in task.terse]
        expected = [word for word in CHAIN_WORDS if word.startswith(letter)]
        word = next(
            w for w in re.findall(r"\w+", task.question) if w in CHAIN_WORDS and w[-1] == letter
        )
        assert said == [each for each in expected if each != word]
        assert said
        for answer, following in zip(task.full, said, strict=True):
            assert answer == f"My word is {following}. Your letter is {following[-1]}."


@pytest.mark.parametrize("word", CHAIN_WORDS)
def test_every_word_of_the_chain_is_followed_by_another_one(word):
    assert [other for other in CHAIN_WORDS if other[0] == word[-1] and other != word]


@pytest.mark.parametrize("group", TRUTH)
def test_twenty_questions_are_answered_by_what_a_thing_is(group):
    assert set(THINGS[group]) == KNOWN[group]
    verdicts = dict(zip((ways for ways, _, _ in QUESTIONS), TRUTH[group].split(), strict=True))
    seen = Counter()
    for task in draws("twenty_questions", 600):
        host = task.conversation.messages[0].content
        if f"a kind of {group}:" not in host:
            continue
        assert host.split(": ")[1].removesuffix(".") in KNOWN[group]
        (verdict,) = (said for ways, said in verdicts.items() if task.question in ways)
        assert task.terse == (f"{verdict.capitalize()}.",)
        assert task.full[0].startswith(f"{verdict.capitalize()}, ")
        other = "Yes." if verdict == "no" else "No."
        assert not is_valid(task, other)
        seen[verdict] += 1
    assert min(seen.values()) > 50


def test_facts_of_yes_and_no_contradict_each_other():
    assert [facts for _, facts, _ in QUESTIONS] == [
        ("it is an animal", "it is not an animal"),
        ("you can eat it", "you can't eat it"),
        ("it has wheels", "it has no wheels"),
    ]


def test_words_for_letter_games_have_three_to_five_letters():
    assert {len(word) for word in SHORT_WORDS} == {3, 4, 5}
    assert all(re.fullmatch("[a-z]+", word) for word in SHORT_WORDS)


@pytest.mark.parametrize("words", [SHORT_WORDS, NAMES, ITEMS, CHAIN_WORDS, DAYS, MONTHS, NUMBERS])
def test_no_word_of_a_list_comes_twice(words):
    assert len(words) == len(set(words))


def test_every_item_goes_with_the_article_a():
    assert not [item for item in ITEMS if item[0] in "aeiou"]
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
    *customer_service.TABLE_FRAMES,
    *emails.FRAMES,
    *emails.NEWS,
    *how_to.FRAMES,
    *(text for step in how_to.STEPS for text in step),
    *french.FRAMES,
    *(english for english, _ in french.PHRASES),
    *letters.HINT_FRAMES,
    *letters.GUESS_FRAMES,
    *refusal.ACTS,
    *refusal.REFUSALS,
    *refusal.TERSE_REFUSALS,
    *(text for ways, terse, full, _ in shop.QUESTIONS for text in (*ways, terse, full)),
    *(text for topic in TOPICS for group in topic for text in group),
    *GREETINGS,
]


@pytest.mark.parametrize(
    "phrase",
    ["can not", "In French you say", "help to hurt", "Let us", "I will not", "do not need"],
)
def test_nothing_is_worded_as_no_native_speaker_would(phrase):
    assert [text for text in ENGLISH if phrase in text] == []


def test_a_refusal_speaks_of_the_user_s_own_people():
    for task in draws("refusal", 800):
        assert " my " not in task.full[0] and "your your" not in task.full[0]
        theirs = task.needed[1]
        mine = theirs.replace("your ", "my ", 1)
        assert mine in task.question
        assert all(theirs in answer for answer in task.full)
        assert task.needed[0] == "sorry"
        assert not task.agreeable
