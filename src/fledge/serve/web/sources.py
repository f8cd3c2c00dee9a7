"""Sources of an answer: of the passages that stood before it, those that it uses."""

import re
from collections.abc import Collection, Iterator, Sequence, Set

from pydantic import BaseModel

from fledge.database import folding
from fledge.database.full_text import every_telling_word

LEAST_NEW = 2
"""Words beside those of the question that a sentence must share with a passage."""
SHARE_OF_NEW = 0.5
"""Share of a sentence's words beside those of the question that must be the passage's."""
ROOT_LETTERS = 7
"""Letters of a word that count, so that "delivered" is "delivery"."""
SHORTEST_ROOT = 3

_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_CITED = re.compile(r"\[(\d{1,3}(?:\s*(?:[,;–-]|and)\s*\d{1,3})*)\]")
_RANGE = re.compile(r"(\d+)\s*[–-]\s*(\d+)|(\d+)")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|[。！？]|\n+")
_SHORTENED = re.compile(r"(?:n['’]t|['’](?:m|s|re|ll|ve|d))\b", re.IGNORECASE)
_ENDINGS = ("ings", "ing", "ies", "ied", "ed", "es", "s", "e", "y")


class Citation(BaseModel):
    """Passage of a document that stood before an answer; `number` counts from 1."""

    number: int
    name: str
    text: str


def used_passages(
    answer: str, passages: Sequence[Citation], question_words: Collection[str] = ()
) -> list[Citation]:
    """Return the passages that an answer names by their number, or plainly speaks from.

    A sentence speaks from a passage if at least two of its words, and at least half, are the
    passage's. Common words do not count, nor do those of the question: a passage was found by
    them, and "I don't find anything about parcels" repeats them. Of several such passages, a
    sentence speaks from the one that shares most.

    `question_words` are folded, as `telling_words` returns them.
    """
    named = cited_numbers(answer)
    asked = {root for word in question_words for root in _roots(word)}
    told = {each.number: _words(f"{each.name} {each.text}") for each in passages}
    for sentence in _SENTENCE_END.split(answer):
        named |= _spoken_from(_words(sentence), told, asked)
    return [passage for passage in passages if passage.number in named]


def cited_numbers(answer: str) -> set[int]:
    """Return the numbers in square brackets: [1], [1, 3] and [2-4]; in code they cite nothing."""
    numbers: set[int] = set()
    for cited in _CITED.finditer(_CODE.sub(" ", answer)):
        for first, last, one in _RANGE.findall(cited[1]):
            numbers.update([int(one)] if one else range(int(first), int(last) + 1))
    return numbers


def _spoken_from(said: Set[str], told: dict[int, set[str]], asked: Set[str]) -> set[int]:
    """Return the numbers of the passages that share most of a sentence's words, if enough."""
    shared = {
        number: len(words & said)
        for number, words in told.items()
        if _is_enough(said, words & said, asked)
    }
    most = max(shared.values(), default=0)
    return {number for number, count in shared.items() if count == most}


def _is_enough(said: Set[str], shared: Set[str], asked: Set[str]) -> bool:
    new, shared_new = said - asked, shared - asked
    if all(word.isdecimal() for word in shared_new):
        return False  # numbers alone are chance, and so are the question's own words
    if shared_new == new:  # a short answer: "Only the floor lamps", or "E27"
        return len(shared) >= LEAST_NEW or any(map(_has_digit, shared_new))
    return len(shared_new) >= max(LEAST_NEW, SHARE_OF_NEW * len(new))


def _has_digit(word: str) -> bool:
    return any(character.isdecimal() for character in word)


def _words(text: str) -> set[str]:
    """Return the roots of a text's telling words; single letters tell nothing."""
    words = every_telling_word(_SHORTENED.sub(" ", text))
    roots = (root for word in words for root in _roots(word))
    return {root for root in roots if len(root) > 1 or _has_digit(root)}


def _roots(word: str) -> Iterator[str]:
    """Yield a folded word without its ending; one of a script without spaces, as its pairs."""
    if folding.is_unspaced(word):
        yield from folding.pairs(word)
        return
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST_ROOT:
            word = word.removesuffix(ending)
            break
    if len(word) > SHORTEST_ROOT and word[-1] == word[-2]:
        word = word[:-1]  # "dimmed" and "dim"
    yield word[:ROOT_LETTERS]
