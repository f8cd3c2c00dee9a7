"""Which documents are for training and which for validation, and long ones cut for encoding."""

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fledge.data.splits import keyed_hash

FEW_DOCUMENTS = 100
"""Below this many, a share of the documents says too little: each gives its tail instead."""

LONG_DOCUMENT = 100_000
"""Characters from which a document, a book say, is too large a share to be held out whole."""

PIECE_CHARACTERS = 250_000
"""Longer documents are encoded in pieces, so that all cores help and memory stays small."""

# Before a space between two words: there every split pattern begins a new token.
_SEAM = re.compile(r"(?<=[^\W\d_])(?= [^\W\d_])")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of one document; `ends` where the document does."""

    text: str
    validation: bool
    ends: bool = True


def split_documents(texts: Iterable[str], fraction: float, seed: int) -> Iterator[Piece]:
    """Documents in order, each for training or for validation.

    Of many short documents about `fraction` are for validation, chosen by the hash of their text,
    so that copies of a document stay together and new documents move no old one. Of a long
    document, and of each where there are few, the last `fraction` of its characters is.
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
    """Long documents cut between words into pieces whose ids, joined, are those of the whole."""
    for document in documents:
        text, start = document.text, 0
        while seam := _SEAM.search(text, start + PIECE_CHARACTERS):
            yield Piece(text[start : seam.end()], document.validation, ends=False)
            start = seam.end()
        yield Piece(text[start:], document.validation)


def _tail_apart(text: str, fraction: float) -> Iterator[Piece]:
    cut = int(len(text) * (1 - fraction)) if fraction else len(text)
    if text[:cut].strip():
        yield Piece(text[:cut], validation=False)
    if text[cut:].strip():
        yield Piece(text[cut:], validation=True)
