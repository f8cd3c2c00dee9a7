"""Words of both languages, read from `lexicon.toml`."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from fledge.starter.bilingual.english import VerbForms, plural_of, verb_forms

Gender = Literal["m", "f"]
INVARIABLE = "*"
"""Mark of an adjective that never changes, and of a profession that one gender lacks."""


@dataclass(frozen=True, slots=True)
class Noun:
    """A noun in both languages, with both plurals."""

    english: str
    english_plural: str
    french: str
    gender: Gender
    french_plural: str
    is_plural: bool = False
    """French has the plural alone: les toilettes."""


@dataclass(frozen=True, slots=True)
class Adjective:
    """An adjective; `before_vowel` is the masculine form of "un bel arbre"."""

    english: str
    masculine: str
    feminine: str
    before_vowel: str
    is_invariable: bool = False
    is_before: bool = False
    """Whether it stands before its noun."""

    def agreeing(self, gender: Gender, is_plural: bool = False) -> str:
        """Return the form that agrees with a gender and a number."""
        form = self.masculine if gender == "m" else self.feminine
        return french_plural(form) if is_plural and not self.is_invariable else form


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb with the names of what may follow it; `french` is the infinitive and its words."""

    english: VerbForms
    french: str
    complements: tuple[str, ...]
    is_state: bool
    """English has no progressive of it: "I know", never "I am knowing"."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Words that mean the same in both languages."""

    english: str
    french: str


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Every word of the grammar, by the name of its list."""

    nouns: dict[str, tuple[Noun, ...]]
    adjectives: dict[str, tuple[Adjective, ...]]
    verbs: dict[str, tuple[Verb, ...]]
    pairs: dict[str, tuple[Pair, ...]]
    names: dict[Gender, tuple[str, ...]]

    @property
    def all_verbs(self) -> tuple[Verb, ...]:
        """Return the common verbs and the others."""
        return tuple(verb for verbs in self.verbs.values() for verb in verbs)


@cache
def lexicon() -> Lexicon:
    """Read `lexicon.toml`."""
    data = tomllib.loads(files(__package__).joinpath("lexicon.toml").read_text(encoding="utf-8"))
    people = data["people"]
    pairs = data["complements"] | data["moments"] | data["times"] | {"having": people["having"]}
    nouns = data["nouns"] | {"body": people["body"], "ache": people["ache"]}
    adjectives = data["adjectives"] | {"profession": people["professions"]}
    return Lexicon(
        {name: tuple(map(read_noun, entries)) for name, entries in nouns.items()},
        {
            name: tuple(read_adjective(entry, is_before=name == "before") for entry in entries)
            for name, entries in adjectives.items()
        },
        {name: tuple(map(read_verb, entries)) for name, entries in data["verbs"].items()},
        {name: tuple(map(read_pair, entries)) for name, entries in pairs.items()},
        {"m": tuple(people["men"].split()), "f": tuple(people["women"].split())},
    )


def read_pair(entry: str) -> Pair:
    """Read "today | aujourd'hui"."""
    english, french = entry.split(" | ")
    return Pair(english, french)


def read_noun(entry: str) -> Noun:
    """Read "English[, plural] | French gender[, plural]"; "fp" is a word without singular."""
    english, french = entry.split(" | ")
    one, *several = english.split(", ")
    singular, *plural = french.split(", ")
    word, kind = singular.rsplit(" ", 1)
    gender: Gender = "f" if kind[0] == "f" else "m"
    is_plural = kind.endswith("p")
    english_plural = several[0] if several else plural_of(one)
    plural_word = plural[0] if plural else word if is_plural else french_plural(word)
    return Noun(one, english_plural, word, gender, plural_word, is_plural)


def read_adjective(entry: str, is_before: bool = False) -> Adjective:
    """Read "English | masculine [feminine [before a vowel]]", or "English | words *"."""
    english, french = entry.split(" | ")
    if french.endswith(f" {INVARIABLE}"):
        form = french.removesuffix(f" {INVARIABLE}")
        return Adjective(english, form, form, form, is_invariable=True)
    masculine, *others = french.split()
    feminine, *before = others or [masculine]
    before_vowel = before[0] if before else masculine
    return Adjective(english, masculine, feminine, before_vowel, is_before=is_before)


def read_verb(entry: str) -> Verb:
    """Read "English[, past, participle[, -ing]] | French | complements"."""
    english, french, complements = entry.split(" | ")
    names = complements.split()
    allowed = tuple(name for name in names if name != "still")
    return Verb(verb_forms(english.split(", ")), french, allowed, "still" in names)


UNCHANGED = ("s", "x", "z")
"""Last letters of words whose plural is their singular."""


def french_plural(word: str) -> str:
    """Return the plural of a regular noun or adjective: gâteaux, journaux, prix, pommes."""
    if word.endswith(UNCHANGED):
        return word
    if word.endswith(("eau", "eu")) and word != "bleu":
        return f"{word}x"
    return f"{word[:-2]}aux" if word.endswith("al") else f"{word}s"
