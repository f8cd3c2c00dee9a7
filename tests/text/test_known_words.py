import pytest

from fledge.text.known_words import known_words, unknown_words, words_of

KNOWN = known_words(["I see a dog.", "She doesn't have 3 cats.", "Élodie mange"])


def test_words_are_runs_of_letters_and_digits():
    assert words_of("Anna's dog, a T-shirt & 12 œufs!") == [
        *("Anna", "s", "dog", "a", "T", "shirt", "12", "œufs")
    ]
    assert words_of("…?! ") == []


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("I see a zebra.", ("zebra",)),
        ("Zebra? A zebra sees a zebra", ("Zebra", "zebra", "sees")),
        ("i SEE A dog", ()),
        ("She doesn't have 4 cats", ("4",)),
        ("ÉLODIE mange", ()),
        ("", ()),
    ],
)
def test_words_that_training_never_had_are_named_once_as_written(text, unknown):
    assert unknown_words(text, KNOWN) == unknown


def test_nothing_is_unknown_where_no_words_were_recorded():
    assert unknown_words("a zebra", frozenset()) == ()
