"""Words of the sentences that a model was trained on, and those of a sentence that it never saw."""

import re
from collections.abc import Iterable, Set

WORD = re.compile(r"\w+")


def words_of(text: str) -> list[str]:
    """Return the runs of letters and digits: "don't" has two."""
    return WORD.findall(text)


def known_words(sentences: Iterable[str]) -> frozenset[str]:
    """Collect the words of sentences, without case."""
    return frozenset(word.casefold() for text in sentences for word in words_of(text))


def unknown_words(text: str, known: Set[str]) -> tuple[str, ...]:
    """Return the words of a text that are not known, as they are written, each once.

    Where no words are known, none were recorded, and nothing is called unknown.
    """
    if not known:
        return ()
    return tuple(dict.fromkeys(word for word in words_of(text) if word.casefold() not in known))
