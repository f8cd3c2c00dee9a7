"""Drawing words at random, placeholders for unknown words among them."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

from fledge.starter.bilingual.lexicon import Adjective, Gender, Lexicon, Noun, Pair, lexicon
from fledge.text.placeholders import PLACEHOLDERS

Choice = TypeVar("Choice")
GENDERS: tuple[Gender, Gender] = ("m", "f")

FIGURES_SHARE = 0.12
"""Share of numbers up to 20 that are written as figures."""
NAMELESS_SHARE = 0.3
"""Share of first names that are placeholders, which stand for all names that are not here."""


class Draw:
    """Draws words of the lexicon; equal random states draw equal words."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.lexicon: Lexicon = lexicon()

    def chance(self, probability: float) -> bool:
        """Return True with a probability."""
        return self.random.random() < probability

    def one(self, values: Sequence[Choice]) -> Choice:
        """Draw one of the values."""
        return values[self.random.randrange(len(values))]

    def noun(self, *lists: str) -> Noun:
        """Draw a noun of the named lists."""
        return self.one(self.lexicon.nouns[self.one(lists)])

    def adjective(self, *lists: str) -> Adjective:
        """Draw an adjective of the named lists."""
        return self.one(self.lexicon.adjectives[self.one(lists)])

    def pair(self, *lists: str) -> Pair:
        """Draw words that mean the same, of the named lists."""
        return self.one(self.lexicon.pairs[self.one(lists)])

    def number(self, most: int = 20) -> Pair:
        """Draw a number from two on: up to `most`, which is 20 or less, or else any; some figures.

        Figures are the same in both languages.
        """
        numbers = self.lexicon.pairs["numbers"]
        place = self.random.randrange(most - 1 if most < 20 else len(numbers))
        if place < 19 and self.chance(FIGURES_SHARE):
            return Pair(str(place + 2), str(place + 2))
        return numbers[place]

    def first_name(self) -> tuple[str, Gender]:
        """Draw a first name and its gender; a placeholder is masculine, as nobody knows whose."""
        if self.chance(NAMELESS_SHARE):
            return self.placeholder().capitalize(), "m"
        gender = self.one(GENDERS)
        return self.one(self.lexicon.names[gender]), gender

    def placeholder(self) -> str:
        """Draw a stand-in for a word that is not in the lexicon."""
        return self.one(PLACEHOLDERS[self.chance(0.3)])
