from collections import Counter

import pytest

from fledge.starter.bilingual.everyday import everyday_sentences
from fledge.starter.french import PHRASES
from fledge.starter.parallel import (
    HELD_OUT,
    PHRASE_COPIES,
    fixed_phrases,
    grammar,
    sentence_pairs,
)
from fledge.text.known_words import words_of
from fledge.text.placeholders import PLACEHOLDERS

PLACEHOLDER_WORDS = {word for family in PLACEHOLDERS.values() for word in family}


@pytest.fixture(scope="module")
def splits():
    return {split: sentence_pairs(split) for split in ("train", "held_out")}


def test_no_english_sentence_is_both_trained_on_and_held_out(splits):
    train, held_out = (dict(splits[split]) for split in ("train", "held_out"))
    assert not train.keys() & held_out.keys()
    assert len(held_out) == len(splits["held_out"]) == HELD_OUT
    assert len(train) > 100 * HELD_OUT


def test_no_everyday_sentence_is_trained_on_or_held_out(splits):
    measured = {sentence.english for sentence in everyday_sentences()}
    assert len(measured) == len(everyday_sentences()) == 40
    for pairs in splits.values():
        assert not measured & dict(pairs).keys()


def test_phrases_are_learnt_several_times(splits):
    known = fixed_phrases()
    assert {english for english, _ in PHRASES} <= known.keys()
    assert known["How was your day?"] == "Comment s'est passée ta journée ?"
    english = [one for one, _ in splits["train"]]
    assert all(english.count(one) == PHRASE_COPIES for one in list(known)[:20])


def test_every_sentence_has_one_translation(splits):
    english = [one for one, _ in grammar()]
    assert len(english) == len(set(english)) > 30_000
    assert len(dict(splits["train"])) == len(set(splits["train"]))


def test_every_everyday_word_is_learnt_from_other_sentences(splits):
    learnt = [word.lower() for english, _ in splits["train"] for word in words_of(english)]
    count = {word: 0 for word in learnt}
    for word in learnt:
        count[word] += 1
    for sentence in everyday_sentences():
        for word in words_of(sentence.english):
            assert count.get(word.lower(), 0) >= 20, (word, sentence.english)


def test_placeholders_stand_on_both_sides(splits):
    """Unknown words are left as they are: what stands for them is equal in both languages."""
    seen: Counter[str] = Counter()
    for english, french in splits["train"]:
        said = Counter(word for word in words_of(english.lower()) if word in PLACEHOLDER_WORDS)
        assert said == Counter(
            word for word in words_of(french.lower()) if word in PLACEHOLDER_WORDS
        )
        seen += said
    assert seen.keys() == PLACEHOLDER_WORDS and min(seen.values()) > 100
