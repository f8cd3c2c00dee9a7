import pytest
from hypothesis import given
from hypothesis import strategies as st

from fledge.inspect.words import Word, words_of
from fledge.text.tokenizer import Tokenizer


def words(*pieces: str | bytes) -> list[str]:
    contents = [piece.encode() if isinstance(piece, str) else piece for piece in pieces]
    return [word.text for word in words_of(contents, ["⟨special⟩"] * len(pieces))]


def test_pieces_become_words_and_punctuation_stands_alone() -> None:
    pieces = [b"How", b" lov", b"ely", b"!"]
    assert words_of(pieces, [""] * 4) == (
        Word("How", 0, 1),
        Word("lovely", 1, 3),
        Word("!", 3, 4),
    )


def test_blanks_may_stand_before_behind_or_alone() -> None:
    assert words("a ", "dog", " ", "sl", "eeps") == ["a", "dog", "sleeps"]
    assert words(" ▁"[:1], "dog") == ["dog"]
    assert words("dog", "  ") == ["dog", "␣"]
    assert words("one", "\n\n", "two") == ["one", "⏎", "two"]


def test_a_special_token_is_a_word_between_others() -> None:
    assert words("dog", b"", "cat", b"") == ["dog", "⟨special⟩", "cat", "⟨special⟩"]
    assert words(b"") == ["⟨special⟩"]
    assert words() == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("l'homme qu’il voit", ["l'", "homme", "qu’", "il", "voit"]),
        ("I don't, O'Brien", ["I", "don't", ",", "O'Brien"]),
        ("aujourd'hui", ["aujourd'hui"]),
        ("a t-shirt: $3.50...", ["a", "t-shirt", ":", "$", "3.50", "..."]),
        ("at 10:30?!", ["at", "10:30", "?", "!"]),
        ("e\u0301te\u0301", ["e\u0301te\u0301"]),
        ("我爱 Paris", ["我", "爱", "Paris"]),
        ("(«oui»)", ["(", "«", "oui", "»", ")"]),
    ],
)
def test_words_are_cut_as_people_cut_them(text: str, expected: list[str]) -> None:
    assert words(*text) == expected


def test_a_piece_that_reaches_into_two_words_joins_them() -> None:
    assert words("he said", " no", '."', " Then") == ["he said", "no", '."', "Then"]


def test_pieces_may_cut_a_character() -> None:
    first, second = "é".encode()[:1], "é".encode()[1:]
    assert words(b"caf", first, second, b" noir") == ["café", "noir"]
    assert words(b"caf", first) == ["caf", "\ufffd"]


TOKENIZER = Tokenizer.train(["how was your day, l'homme?"], 280)


@given(st.text(max_size=40))
def test_every_piece_is_in_exactly_one_word(text: str) -> None:
    ids = TOKENIZER.encode(text)
    found = words_of([TOKENIZER.token_bytes(id_) for id_ in ids], [""] * len(ids))
    covered = [piece for word in found for piece in range(word.start, word.end)]
    assert covered == list(range(len(ids)))
    assert all(word.text for word in found)
