"""Every verb of the lexicon against forms that were written out by hand."""

import pytest

from fledge.starter.bilingual.conjugation import (
    IMPERFECT,
    WISHING,
    participle,
    present,
    regular_present,
    taken_apart,
)
from fledge.starter.bilingual.lexicon import lexicon
from starter.bilingual.by_hand import VERBS

TABLE = [line.split(": ") for line in VERBS.strip().splitlines()]


@pytest.mark.parametrize(("infinitive", "forms"), TABLE, ids=[row[0] for row in TABLE])
def test_a_verb_has_the_forms_written_by_hand(infinitive, forms):
    six, done, auxiliary = forms.split("; ")
    verb = taken_apart(infinitive)
    assert [present(verb.head, person) for person in range(6)] == six.split()
    assert participle(verb.head) == done
    assert verb.moves == (auxiliary == "être")


def test_every_verb_of_the_lexicon_is_in_the_table():
    known = {taken_apart(infinitive).head for infinitive, _ in TABLE}
    assert {taken_apart(verb.french).head for verb in lexicon().all_verbs} <= known


def test_the_rule_keeps_the_sound_of_the_stem():
    assert regular_present("plonger", 3) == "plongeons"
    assert regular_present("placer", 3) == "plaçons"
    assert regular_present("placer", 4) == "placez"


def test_the_imperfect_and_the_wish():
    assert IMPERFECT["être"].split()[:3] == ["étais", "étais", "était"]
    assert IMPERFECT["être"].split()[3:] == ["étions", "étiez", "étaient"]
    assert IMPERFECT["avoir"] == "avais avais avait avions aviez avaient"
    assert IMPERFECT["faire"].split()[3:] == ["faisions", "faisiez", "faisaient"]
    assert WISHING.split() == [
        *("voudrais", "voudrais", "voudrait"),
        *("voudrions", "voudriez", "voudraient"),
    ]


@pytest.mark.parametrize(
    ("words", "person", "infinitive"),
    [
        ("se lever", 0, "me lever"),
        ("se lever", 3, "nous lever"),
        ("s'arrêter", 1, "te arrêter"),
        ("faire les courses", 5, "faire les courses"),
    ],
)
def test_an_infinitive_takes_the_pronoun_of_its_person(words, person, infinitive):
    assert taken_apart(words).infinitive(person) == infinitive


def test_a_pronoun_stands_before_the_infinitive():
    assert taken_apart("aider").infinitive(0, "te") == "te aider"
