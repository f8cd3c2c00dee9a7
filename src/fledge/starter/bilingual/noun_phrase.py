"""Noun phrases in both languages, from "the black cat" to "a glass of water"."""

from dataclasses import dataclass

from fledge.starter.bilingual.agreement import (
    POSSESSIVES,
    a,
    contracted,
    noun_group,
    owned,
    some,
    the,
    this,
)
from fledge.starter.bilingual.draw import Draw
from fledge.starter.bilingual.english import with_article
from fledge.starter.bilingual.lexicon import Adjective, Gender, Noun

MASS = ("food", "drink", "stuff")
"""Lists of nouns that are not counted."""
HELD = {"kilo": "dish", "piece": "food"}
"""Lists of what a measure holds; the others hold drinks."""
UNKNOWN_SHARE = 0.07
"""Share of nouns of a list that are placeholders for what is not in it."""
OWNERS = tuple(POSSESSIVES)


@dataclass(frozen=True, slots=True)
class Complement:
    """Words behind a verb, and how they read behind a negation: "some bread", "any bread"."""

    english: str
    french: str
    english_negated: str
    french_negated: str


NOTHING = Complement("", "", "", "")


def fixed(english: str, french: str) -> Complement:
    """Return words that a negation does not change."""
    return Complement(english, french, english, french)


@dataclass(frozen=True, slots=True)
class NounPhrase:
    """A noun with its determiner and perhaps an adjective."""

    complement: Complement
    gender: Gender
    is_plural: bool
    """Number in French; English has its own: "the pasta is", "les pâtes sont"."""
    is_english_plural: bool

    @property
    def english(self) -> str:
        """Return the English words, not negated."""
        return self.complement.english

    @property
    def french(self) -> str:
        """Return the French words, not negated."""
        return self.complement.french


@dataclass(frozen=True, slots=True)
class Named:
    """A noun in a number, with an adjective or none, before it has a determiner."""

    noun: Noun
    adjective: Adjective | None
    is_plural: bool

    @property
    def english(self) -> str:
        """Return the English words."""
        word = self.noun.english_plural if self.is_plural else self.noun.english
        return f"{self.adjective.english} {word}" if self.adjective else word

    @property
    def french(self) -> str:
        """Return the French words."""
        return noun_group(self.noun, self.adjective, self.is_plural)

    @property
    def is_french_plural(self) -> bool:
        """Tell whether the French is plural, always or here."""
        return self.is_plural or self.noun.is_plural

    def phrase(self, words: Complement) -> NounPhrase:
        """Return the noun phrase of these words."""
        return NounPhrase(words, self.noun.gender, self.is_french_plural, self.is_plural)


def definite(named: Named) -> NounPhrase:
    """Return "the cat"."""
    french = the(named.french, named.noun.gender, named.is_french_plural)
    return named.phrase(fixed(f"the {named.english}", french))


def pointed_at(draw: Draw, named: Named) -> NounPhrase:
    """Return "this cat" or "those cats"."""
    word = draw.one(("these", "these", "those") if named.is_plural else ("this", "this", "that"))
    french = this(named.french, named.noun.gender, named.is_french_plural)
    return named.phrase(fixed(f"{word} {named.english}", french))


def possessed(owner: str, named: Named) -> NounPhrase:
    """Return "my cat"."""
    french = owned(owner, named.french, named.noun.gender, named.is_french_plural)
    return named.phrase(fixed(f"{owner} {named.english}", french))


def indefinite(draw: Draw, named: Named) -> NounPhrase:
    """Return "a cat", or "some cats"; behind a negation "pas de chat"."""
    if named.is_plural:
        return partitive(draw, named)
    english = with_article(named.english)
    french = a(named.french, named.noun.gender)
    if named.noun.is_plural:
        french = f"des {named.french}"
    return named.phrase(Complement(english, french, english, f"de {named.french}"))


def partitive(draw: Draw, named: Named) -> NounPhrase:
    """Return "some bread" or "bread"; behind a negation "any bread", "pas de pain"."""
    english = named.english if draw.chance(0.5) else f"some {named.english}"
    negated = named.english if draw.chance(0.6) else f"any {named.english}"
    french = some(named.french, named.noun.gender, named.is_french_plural)
    return named.phrase(Complement(english, french, negated, f"de {named.french}"))


def counted(draw: Draw, named: Named) -> NounPhrase:
    """Return "two cats", "many cats" or "a lot of cats"."""
    if draw.chance(0.25):
        word = draw.one(("many", "a lot of"))
        return named.phrase(fixed(f"{word} {named.english}", f"beaucoup de {named.french}"))
    number = draw.number(10)
    return named.phrase(
        fixed(f"{number.english} {named.english}", f"{number.french} {named.french}")
    )


def portion(draw: Draw, measures: str) -> NounPhrase:
    """Return "a glass of water", "two bottles of wine" or "a kilo of apples"."""
    number = None if draw.chance(0.65) else draw.one(draw.lexicon.pairs["numbers"][:4])
    vessel = Named(draw.noun(measures), None, number is not None)
    held = Named(draw.noun(HELD.get(vessel.noun.english, "drink")), None, False)
    if held.noun in draw.lexicon.nouns["dish"] or held.noun.is_plural:
        held = Named(held.noun, None, True)
    if number is None:
        english, french = with_article(vessel.english), a(vessel.french, vessel.noun.gender)
    else:
        english, french = f"{number.english} {vessel.english}", f"{number.french} {vessel.french}"
    return vessel.phrase(fixed(f"{english} of {held.english}", f"{french} de {held.french}"))


def of_someone(draw: Draw) -> NounPhrase:
    """Return "my brother's car" or "Anna's car"."""
    thing = Named(draw.noun("thing", "clothes", "family", "animal"), None, draw.chance(0.2))
    if draw.chance(0.35):
        owner_english = owner_french = draw.first_name()[0]
    else:
        person = possessed(draw.one(OWNERS), Named(draw.noun("family"), None, False))
        owner_english, owner_french = person.english, person.french
    french = the(thing.french, thing.noun.gender, thing.is_french_plural)
    words = fixed(
        f"{owner_english}'s {thing.english}", f"{french} {contracted('de', owner_french)}"
    )
    return thing.phrase(words)


def unknown_noun(draw: Draw) -> Noun:
    """Draw a stand-in for any noun: masculine, the same in both languages and both numbers."""
    word = draw.placeholder()
    return Noun(word, word, word, "m", word)


def named(draw: Draw, *lists: str, plural_share: float = 0.25) -> Named:
    """Draw a noun of the named lists, in a number and sometimes with an adjective."""
    name = draw.one(lists)
    is_mass = name in MASS
    noun = draw.noun(name)
    if name in ("thing", "place", "animal", "clothes") and draw.chance(UNKNOWN_SHARE):
        noun = unknown_noun(draw)
    kinds = {"thing": ("before", "colour"), "clothes": ("before", "colour"), "place": ("before",)}
    kinds |= {"animal": ("before", "colour")}
    adjective = None
    if name in kinds and draw.chance(0.3):
        adjective = draw.adjective(*kinds[name])
    is_plural = not is_mass and name not in ("place", "pair") and draw.chance(plural_share)
    return Named(noun, adjective, is_plural or name == "pair")


def object_phrase(draw: Draw, name: str) -> NounPhrase:
    """Draw what is eaten, seen or bought: a noun phrase with a noun of a list."""
    if name in MASS:
        return _mass_phrase(draw, name)
    found = named(draw, name)
    if name in ("family", "pair"):
        return possessed(draw.one(OWNERS), found)
    share = draw.random.random()
    if found.is_plural and found.adjective is not None and found.adjective.is_before:
        return definite(found) if share < 0.5 else counted(draw, found)
    if name in ("place", "vehicle", "shut", "washed", "taught"):
        return definite(found) if share < 0.6 else pointed_at(draw, found)
    if share < 0.4:
        return indefinite(draw, found)
    if share < 0.6:
        return definite(found)
    if share < 0.8 and name != "dish":
        return possessed(draw.one(OWNERS), found)
    return counted(draw, found) if found.is_plural else pointed_at(draw, found)


def _mass_phrase(draw: Draw, name: str) -> NounPhrase:
    share = draw.random.random()
    if share < 0.2 and name == "drink":
        return portion(draw, "vessel")
    noun = unknown_noun(draw) if draw.chance(UNKNOWN_SHARE) else draw.noun(name)
    found = Named(noun, None, False)
    if share < 0.35 and name == "drink":
        return indefinite(draw, found)
    if share < 0.5:
        return definite(found)
    return partitive(draw, found)
