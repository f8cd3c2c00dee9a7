import unicodedata

import pytest

from fledge.text.normalise import (
    Change,
    NormaliserConfig,
    build_normaliser,
    changes,
    normalise,
    spell_out,
)
from fledge.text.tokenizer import Tokenizer
from text.corpora import CORPORA


@pytest.mark.parametrize("form", ["NFC", "NFKC"])
def test_forms_equal_pythons_own(form):
    for text in [*CORPORA.values(), "e\u0301 ﬁ ² Å \u1e9b\u0323"]:
        expected = unicodedata.normalize(form, text)
        assert normalise(text, NormaliserConfig(form=form)) == expected


def test_the_default_changes_nothing():
    assert build_normaliser(NormaliserConfig()) is None
    assert normalise("E\u0301 ﬁ", NormaliserConfig()) == "E\u0301 ﬁ"
    assert changes(["E\u0301"], NormaliserConfig()) == []


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (NormaliserConfig(lower_case=True), "crème ﬁne ①"),
        (NormaliserConfig(strip_accents=True), "Creme ﬁne ①"),
        (NormaliserConfig(form="NFKC"), "Crème fine 1"),
        (NormaliserConfig(form="NFKC", lower_case=True, strip_accents=True), "creme fine 1"),
    ],
)
def test_each_option_does_its_part(config, expected):
    assert normalise("Crème ﬁne ①", config) == expected
    tokenizer = Tokenizer.train(["Crème ﬁne ①"], 300, normaliser=config)
    assert tokenizer.decode(tokenizer.encode("Crème ﬁne ①")) == expected


def test_hangul_keeps_its_syllables_when_accents_go():
    assert normalise("한국 é", NormaliserConfig(strip_accents=True)) == "한국 e"


def test_changes_are_counted_most_frequent_first():
    found = changes(["Le café noir", "un café, Le"], NormaliserConfig(strip_accents=True))
    assert found == [Change("café", "cafe", 1), Change("café,", "cafe,", 1)]
    found = changes(["Le café noir Le"], NormaliserConfig(lower_case=True))
    assert found == [Change("Le", "le", 2)]


def test_changes_that_look_the_same_can_be_spelled_out():
    (change,) = changes(["e\u0301"], NormaliserConfig(form="NFC"))
    assert spell_out(change.before) == "U+0065 LATIN SMALL LETTER E U+0301 COMBINING ACUTE ACCENT"
    assert spell_out(change.after) == "U+00E9 LATIN SMALL LETTER E WITH ACUTE"


def test_normalising_cannot_make_a_special_token():
    tokenizer = Tokenizer.train(["text"], 300, normaliser=NormaliserConfig(form="NFKC"))
    ids = tokenizer.encode("＜|end|＞ ＜｜end｜＞")
    assert tokenizer.decode(ids) == "<|end|> <|end|>"
    assert not tokenizer.special_ids.intersection(ids)
