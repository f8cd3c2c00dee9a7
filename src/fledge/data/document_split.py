"""Documents divided into training and validation, the long ones cut for encoding."""

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fledge.data.splits import keyed_hash

FEW_DOCUMENTS = 100
"""Documents below which each gives its tail, because a share of few documents says little."""

LONG_DOCUMENT = 100_000
"""Characters from which a document, such as a book, is too much to hold out whole."""

PIECE_CHARACTERS = 250_000
"""Characters in a piece of a long document: all cores encode pieces, and memory stays small."""

# Matches before a space between two words, where every split pattern begins a token.
_SEAM = re.compile(r"(?<=[^\W\d_])(?= [^\W\d_])")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of one document; the first one `begins` it, and the last one `ends` it."""

    text: str
    validation: bool
    ends: bool = True
    begins: bool = True


def split_documents(texts: Iterable[str], fraction: float, seed: int) -> Iterator[Piece]:
    """Yield documents in order, each for training or for validation.

    About `fraction` of many short documents are for validation, chosen by the hash of their text:
    copies of a document stay together, and new documents move no old one. A long document gives the
    last `fraction` of its characters, and so does each where there are few.
    """
    stream = iter(texts)
    first = list(itertools.islice(stream, FEW_DOCUMENTS))
    if len(first) < FEW_DOCUMENTS:
        yield from itertools.chain.from_iterable(_tail_apart(text, fraction) for text in first)
        return
    for text in itertools.chain(first, stream):
        if len(text) >= LONG_DOCUMENT:
            yield from _tail_apart(text, fraction)
        else:
            yield Piece(text, validation=keyed_hash(text, seed) < fraction * 2**64)


def cut_long(documents: Iterable[Piece]) -> Iterator[Piece]:
    """Cut long documents between words into pieces whose joined ids are those of the whole."""
    for document in documents:
        text, start = document.text, 0
        while seam := _SEAM.search(text, start + PIECE_CHARACTERS):
            part = text[start : seam.end()]
            yield Piece(part, document.validation, ends=False, begins=not start)
            start = seam.end()
        yield Piece(text[start:], document.validation, begins=not start)


def _tail_apart(text: str, fraction: float) -> Iterator[Piece]:
    # Blank characters at the end are not all of the tail, so that a short text holds out some too.
    end = len(text.rstrip())
    cut = min(int(len(text) * (1 - fraction)), end - 1) if fraction else len(text)
    if not text[:cut].strip():
        cut = len(text)
    if text[:cut].strip():
        yield Piece(text[:cut], validation=False)
    if text[cut:].strip():
        yield Piece(text[cut:], validation=True)
