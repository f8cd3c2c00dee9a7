"""Every noun and adjective of the lexicon against genders and plurals written out by hand."""

import re

import pytest

from fledge.starter.bilingual.agreement import contracted, elided, owned, some, the, this
from fledge.starter.bilingual.lexicon import lexicon
from starter.bilingual.by_hand import (
    ADJECTIVES,
    BEFORE_VOWELS,
    GENDERS,
    NOUNS,
    PLURAL_ALONE,
    PROFESSIONS,
    gender,
    rows,
    singular,
    table,
)

LEXICON = sorted({noun for nouns in lexicon().nouns.values() for noun in nouns}, key=str)


@pytest.mark.parametrize("noun", LEXICON, ids=lambda noun: f"{noun.english}-{noun.french}")
def test_a_noun_has_the_gender_and_the_plural_written_by_hand(noun):
    if noun.is_plural:
        assert noun.french in PLURAL_ALONE[noun.gender] and noun.french_plural == noun.french
    else:
        assert GENDERS[noun.gender][noun.french] == noun.french_plural


@pytest.mark.parametrize("row", table(NOUNS), ids=singular)
def test_little_words_before_a_noun_are_those_written_by_hand(row):
    word, kind = singular(row), gender(row)
    assert elided(the(word, kind, False)) == row[0]
    assert this(word, kind, False) == row[1]
    assert owned("my", word, kind, False) == row[2]
    assert elided(contracted("de", the(word, kind, False))) == row[3]
    assert some(word, kind, False) == contracted("de", the(word, kind, False))
    assert the(row[4], kind, True) == f"les {row[4]}"
    assert contracted("à", the(row[4], kind, True)) == f"aux {row[4]}"


def test_adjectives_agree_as_written_by_hand():
    by_hand = {row[0]: row for row in rows(ADJECTIVES, 4)}
    for name, adjectives in lexicon().adjectives.items():
        for adjective in adjectives:
            if name == "profession":
                assert [adjective.masculine, adjective.feminine] in rows(PROFESSIONS, 2)
            elif adjective.is_invariable:
                assert {adjective.agreeing(g, p) for g in "mf" for p in (True, False)} == {
                    adjective.masculine
                }
            else:
                forms = [adjective.agreeing(g, p) for p in (False, True) for g in "mf"]
                assert forms == by_hand[adjective.masculine]


def test_adjectives_before_a_noun_have_their_form_before_a_vowel():
    for adjective in lexicon().adjectives["before"]:
        expected = BEFORE_VOWELS.get(adjective.masculine, adjective.masculine)
        assert adjective.is_before and adjective.before_vowel == expected


def test_no_english_plural_is_formed_wrongly():
    for noun in LEXICON:
        assert not re.search(r"(ys|chs|shs|xs|childs|mans|foots)$", noun.english_plural) or (
            re.search(r"[aeiou]ys$", noun.english_plural)
        )


def test_no_noun_begins_with_an_aspirated_h():
    silent = ("homme", "hôtel", "hôpital", "histoire", "horloge", "huile", "hiver")
    assert {noun.french for noun in LEXICON if noun.french[0] == "h"} <= set(silent)
