import pytest

from fledge.text.known_words import known_words, unknown_words
from fledge.text.placeholders import PLACEHOLDERS, hidden, restored

ALL = {one for family in PLACEHOLDERS.values() for one in family}
KNOWN = known_words(["My friend has a", *ALL])


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("My friend Quentin has a zebra.", "My friend Xqa has a xqe."),
        ("My friend Ottawa has a elk.", "My friend Aqx has a eqx."),
        ("Émile has a Émile", "Aqx has a Aqx"),
        ("Quentin's friend", "Xqa's friend"),
        ("My friend has a a", "My friend has a a"),
        ("zebra yak zebu gnu", "Xqa xqe xqo gnu"),
    ],
)
def test_placeholders_stand_for_unknown_words_and_give_them_back(text, read):
    known = KNOWN | {"s"}
    said, words = hidden(text, unknown_words(text, known), known)
    assert said == read
    assert restored(said, words) == text


def test_only_placeholders_that_training_had_are_used():
    known = frozenset({"a", "xqe"})
    assert hidden("a zebra, a yak, an emu", ("zebra", "yak", "emu"), known) == (
        "a xqe, a yak, an emu",
        {"xqe": "zebra"},
    )
    assert hidden("a zebra", ("zebra",), frozenset({"a"})) == ("a zebra", {})


def test_a_word_comes_back_whatever_the_case_of_its_placeholder():
    assert restored("Xqa et xqa, xqab", {"xqa": "zebra"}) == "zebra et zebra, xqab"
    assert restored("l'aqx", {"Aqx": "Émile"}) == "l'Émile"
    assert restored("rien", {"xqa": "zebra"}) == "rien"


def test_placeholders_are_words_of_their_own_kind():
    for begins_with_vowel, family in PLACEHOLDERS.items():
        assert all((one[0] in "aeiou") == begins_with_vowel for one in family)
    assert len(ALL) == 6
