"""Words gathered from sub-word pieces, for people to read."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

NEW_LINE = "⏎"
SPACE = "␣"

_WORD = re.compile(
    # l'homme, qu'il: the article and the noun are two words, and align with two.
    r"(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)['’](?=\w)"
    # One by one: scripts that set no spaces.
    r"|[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
    r"|\d+(?:[.,:]\d+)+"
    r"|(?:(?![\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])\w)+(?:['’-]\w+)*"
    # Punctuation, "..." as one, and line ends.
    r"|([^\w\s])\1*|\n+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word, a mark of punctuation or a special token, and its pieces [start, end)."""

    text: str
    start: int
    end: int


def words_of(pieces: Sequence[bytes], names: Sequence[str]) -> tuple[Word, ...]:
    """Cut pieces, each given by its bytes, into words: every piece is in exactly one.

    A piece that reaches into several words joins them. Punctuation is a word of its own. A piece
    without bytes is a special token, called as `names` has it.

    Example:
        `how`, ` lov`, `ely`, `!` are the words how, lovely and !.
    """
    words: list[Word] = []
    start = 0
    for index, piece in enumerate((*pieces, b"")):
        if piece:
            continue
        words += _words_of_text(pieces[start:index], start)
        if index < len(pieces):
            words.append(Word(names[index], index, index + 1))
        start = index + 1
    return tuple(words)


def _words_of_text(pieces: Sequence[bytes], offset: int) -> Iterator[Word]:
    """Cut pieces of plain text into words; `offset` is the number of the first piece."""
    text = b"".join(pieces).decode("utf-8", errors="surrogateescape")
    spans = _spans(text)
    first = 0  # the group at hand: its words [first, last], its pieces [start, end)
    last = -1
    start = end = 0
    for index, (low, high) in enumerate(_reach(pieces, text, spans)):
        if index and low > last:
            yield Word(_label(text, spans[first : last + 1]), offset + start, offset + end)
            first, start = low, index
        last, end = max(last, high), index + 1
    if pieces:
        yield Word(_label(text, spans[first : last + 1]), offset + start, offset + end)


def _spans(text: str) -> list[tuple[int, int]]:
    """Return the characters [start, end) of each word; line ends and final blanks are words."""
    # `re` does not count combining accents as letters; x stands in for them.
    shape = "".join("x" if unicodedata.category(one).startswith("M") else one for one in text)
    spans = [match.span() for match in _WORD.finditer(shape)]
    covered = spans[-1][1] if spans else 0
    return spans if covered == len(text) else [*spans, (covered, len(text))]


def _reach(
    pieces: Sequence[bytes], text: str, spans: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """Yield the first and last word that each piece touches; blanks belong to the next word."""
    word_at: list[int] = []  # of each byte
    word = 0
    for index, character in enumerate(text):
        while index >= spans[word][1]:
            word += 1
        inside = index >= spans[word][0]
        size = len(character.encode("utf-8", errors="surrogateescape"))
        word_at += [word if inside else -word - 1] * size  # negative: before that word
    position = 0
    for piece in pieces:
        bytes_of_piece = word_at[position : position + len(piece)]
        position += len(piece)
        touched = [one for one in bytes_of_piece if one >= 0]
        if touched:
            yield touched[0], touched[-1]
        else:
            yield -bytes_of_piece[-1] - 1, -bytes_of_piece[-1] - 1


def _label(text: str, spans: Sequence[tuple[int, int]]) -> str:
    label = text[spans[0][0] : spans[-1][1]]
    if label.isspace():
        return NEW_LINE if "\n" in label else SPACE
    label = " ".join(label.split())
    return label.encode("utf-8", errors="surrogateescape").decode("utf-8", errors="replace")
