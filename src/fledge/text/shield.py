"""Keep message contents from being read as special tokens, whatever the template does with them.

Characters of a content that spell a special token are swapped one for one with private characters
before the template runs. A special token found afterwards was written by the template. Then they
are swapped back; as the lengths are equal, positions stay true.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from fledge.text.template import SPAN_END, SPAN_START

_FIRST_PRIVATE, _LAST_PRIVATE = 0xF0000, 0xFFFFD  # Unicode's private-use plane 15


class Shield:
    """Covers contents for one rendering and uncovers the result.

    `texts` are all that may appear in it, the template included: private characters used there are
    left alone.
    """

    def __init__(self, texts: Sequence[str], special_texts: Iterable[str]) -> None:
        self.special = (*special_texts, SPAN_START, SPAN_END)
        self._texts = texts
        self._covered: dict[int, str] = {}
        self._used: set[str] = set()

    def cover(self, content: str, places: set[int]) -> str:
        """Put private characters at `places` of `content`."""
        if not places:
            return content
        return "".join(
            self._private(character) if index in places else character
            for index, character in enumerate(content)
        )

    def uncover(self, text: str) -> str:
        """Swap the private characters back."""
        original = {ord(private): chr(code) for code, private in self._covered.items()}
        return text.translate(original) if original else text

    def _private(self, character: str) -> str:
        if ord(character) not in self._covered:
            self._covered[ord(character)] = self._unused()
        return self._covered[ord(character)]

    def _unused(self) -> str:
        if not self._used:
            self._used = set("".join(self._texts))
        free = (chr(code) for code in range(_FIRST_PRIVATE, _LAST_PRIVATE))
        chosen = next(character for character in free if character not in self._used)
        self._used.add(chosen)
        return chosen


def spelled_places(content: str, special_texts: tuple[str, ...]) -> set[int]:
    """Return the positions of whole special tokens, overlapping ones too."""
    places: set[int] = set()
    for special in special_texts:
        start = content.find(special)
        while start >= 0:
            places.update(range(start, start + len(special)))
            start = content.find(special, start + 1)
    return places


def seam_places(content: str, special_texts: tuple[str, ...]) -> set[int]:
    """Return the positions of pieces of special tokens that a template's own text could complete.

    They are at the edges of the text, or the text is all of the middle: templates may trim, so the
    space around it does not count.
    """
    places: set[int] = set()
    left = len(content) - len(content.lstrip())
    right = len(content.rstrip())
    inner = content[left:right]
    heads, tails, longest = _edges(special_texts)
    for length in range(1, min(len(inner), longest) + 1):
        if inner[:length] in tails:
            places.update(range(left, left + length))
        if inner[-length:] in heads:
            places.update(range(right - length, right))
    if inner and len(inner) < longest and any(inner in special for special in special_texts):
        places.update(range(left, right))
    return places


@lru_cache(maxsize=8)
def _edges(special_texts: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str], int]:
    """Return every beginning and every end of a special token, and the longest one's length."""
    heads = {text[:length] for text in special_texts for length in range(1, len(text))}
    tails = {text[-length:] for text in special_texts for length in range(1, len(text))}
    return frozenset(heads), frozenset(tails), max(map(len, special_texts))
