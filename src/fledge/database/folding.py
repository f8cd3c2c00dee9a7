"""Text as the search indices read it: folded, and cut where its script writes no spaces.

Latin words are found by their beginnings. Chinese, Japanese, Thai and their like write no spaces,
and Korean joins particles and nouns to one word, so their runs are found at any place: the index
holds each pair of neighbouring characters. Both databases then see words of letters and digits.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise

MOST_PAIRS = 60_000
"""Pairs of one text that are indexed; PostgreSQL refuses an index entry of more than 1 MB."""
_BLOCKS = (
    ("\u0e00", "\u0fff"),  # Thai, Lao, Tibetan
    ("\u1000", "\u109f"),  # Myanmar
    ("\u1100", "\u11ff"),  # Hangul Jamo
    ("\u1780", "\u17ff"),  # Khmer
    ("\u1950", "\u19ff"),  # Tai Le, New Tai Lue
    ("\u1a20", "\u1aaf"),  # Tai Tham
    ("\u1b00", "\u1b7f"),  # Balinese
    ("\u2e80", "\u2fdf"),  # radicals
    ("\u3005", "\u31ff"),  # kana, Bopomofo, Hangul Jamo, repetition marks
    ("\u3400", "\u4dbf"),  # Han
    ("\u4e00", "\ua4cf"),  # Han, Yi
    ("\ua960", "\ua9df"),  # Hangul Jamo, Javanese
    ("\uaa60", "\uaa7f"),  # Myanmar
    ("\uac00", "\ud7ff"),  # Hangul
    ("\uf900", "\ufaff"),  # Han
    ("\U0001aff0", "\U0001b16f"),  # kana
    ("\U00020000", "\U0003ffff"),  # Han
)
_UNSPACED = "".join(f"{first}-{last}" for first, last in _BLOCKS)
_RUN = re.compile(f"(?P<unspaced>[{_UNSPACED}]+)|[^\\W_{_UNSPACED}]+")
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")
# Accents, Hebrew points and Arabic vowel signs: most people leave them out.
_OPTIONAL = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed]"
)

# A character and the combining signs that follow it.
_CLUSTER = re.compile("(?s:.)[\u0300-\u036f\u3099\u309a\uff9e\uff9f]*")


class _Characters(dict[int, str]):
    """Replacement of each character in `str.translate`, found at its first use."""

    def __missing__(self, code: int) -> str:
        self[code] = found = _character(chr(code))
        return found


def _character(character: str) -> str:
    """Return a character as words keep it: nothing for a format sign, a space for punctuation."""
    kind = unicodedata.category(character)
    if kind == "Cf":  # soft hyphens, joiners
        return ""
    if kind[0] not in "LMN":
        return " "
    if _IS_UNSPACED.match(character):
        return character
    return _safe(character)


def _safe(character: str) -> str:
    """Spell a character in letters that both databases take for a part of a word."""
    if unicodedata.category(character)[0] == "M" or ord(character) > 0xFFFF:
        return f"q{ord(character):04x}"
    return character


_CHARACTERS = _Characters()


def fold(text: str) -> str:
    """Return `text` without case, accents and compatibility forms, with spaces for punctuation."""
    if text.isascii():
        return text.lower().translate(_CHARACTERS)
    plain = unicodedata.normalize("NFKD", text).casefold()
    return unicodedata.normalize("NFC", _OPTIONAL.sub("", plain)).translate(_CHARACTERS)


def runs(text: str) -> Iterator[str]:
    """Yield the folded words of a text; a change of the way of writing begins a new one."""
    return (run[0] for run in _RUN.finditer(fold(text)))


def is_unspaced(word: str) -> bool:
    """Return whether a folded word is of a script without spaces, to be found at any place."""
    return _IS_UNSPACED.match(word) is not None


def pairs(word: str) -> list[str]:
    """Return the neighbouring pairs of an unspaced word, as they stand in the index."""
    safe = [_safe(character) for character in word]
    return [first + second for first, second in pairwise(safe)] or safe


def indexed(text: str) -> str | None:
    """Return what the index reads of a text, or None where that is the text itself.

    The last character of an unspaced run stands alone, so that each one begins a word.
    """
    if text.isascii():
        return None
    words: list[str] = []
    room = MOST_PAIRS
    for run in runs(text):
        if not is_unspaced(run):
            words.append(run)
        elif room > 0:
            cut = run[:room]
            room -= len(cut)
            words += [*pairs(cut), _safe(cut[-1])] if len(cut) > 1 else pairs(cut)
    return " ".join(words)


Span = tuple[int, int]
"""Start and end of some characters of a text."""


def hits(text: str, words: Sequence[str]) -> Iterator[Span]:
    """Yield the place of each hit of a query's folded words in a text in composed form (NFC).

    The last word is a beginning, if its script has spaces; of a longer word, the beginning is hit.
    """
    whole = {word for word in words if not is_unspaced(word)}
    beginning = words[-1] if words and not is_unspaced(words[-1]) else None
    inside = [word for word in words if is_unspaced(word)]
    for run, spans in _placed(text):
        if is_unspaced(run):
            lengths = {at: len(word) for word in inside for at in _found(word, run)}
        elif beginning is not None and run.startswith(beginning):
            lengths = {0: len(beginning)}
        else:
            lengths = {0: len(run)} if run in whole else {}
        for at, length in sorted(lengths.items()):
            yield spans[at][0], spans[at + length - 1][1]


def matches(text: str, words: Sequence[str]) -> bool:
    """Return whether a text has all the words of a query, as the index would find them."""
    folded = fold(text)
    if not all(word in folded for word in words):
        return False  # most texts end here
    *whole, last = words
    there = [run[0] for run in _RUN.finditer(folded)]
    spaced = {run for run in there if not is_unspaced(run)}

    def has(word: str) -> bool:
        return any(word in run for run in there) if is_unspaced(word) else word in spaced

    if not all(map(has, whole)):
        return False
    return has(last) or (not is_unspaced(last) and any(run.startswith(last) for run in spaced))


def _found(word: str, run: str) -> Iterator[int]:
    at = run.find(word)
    while at >= 0:
        yield at
        at = run.find(word, at + len(word))


def _placed(text: str) -> Iterator[tuple[str, Sequence[Span]]]:
    """Yield each folded word of a text with the place of each of its characters."""
    for piece in re.finditer(r"\S+", text):
        folded, spans = _folded_spans(piece[0], piece.start())
        for run in _RUN.finditer(folded):
            yield run[0], spans[run.start() : run.end()]


def _folded_spans(piece: str, offset: int) -> tuple[str, list[Span]]:
    """Fold a piece, and tell for each folded character which ones of the text it stands for."""
    folded = fold(piece)
    if len(folded) == len(piece):
        return folded, [(offset + at, offset + at + 1) for at in range(len(piece))]
    letters: list[str] = []
    spans: list[Span] = []
    for cluster in _CLUSTER.finditer(piece):
        part = fold(cluster[0])
        letters.append(part)
        spans += [(offset + cluster.start(), offset + cluster.end())] * len(part)
    return "".join(letters), spans
