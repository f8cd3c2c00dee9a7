"""English sentences and their French: phrases, and a grammar of gender, number and word order."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from fledge.starter.french import PHRASES
from fledge.starter.task import Split, in_split

VOWELS = "aeiouéèêhœ"
"""First letters before which French shortens; every h of these words is silent."""


@dataclass(frozen=True, slots=True)
class Noun:
    """A noun in both languages; `gender` is m or f."""

    english: str
    french: str
    gender: str
    plural: str
    """French plural; the English plural adds an s."""

    @property
    def elides(self) -> bool:
        """Tell whether articles before it are shortened: l'oiseau."""
        return self.french[0] in VOWELS


@dataclass(frozen=True, slots=True)
class Adjective:
    """An adjective in both genders; its plural adds an s. A few stand before the noun."""

    english: str
    masculine: str
    feminine: str
    is_before: bool = False

    def agreeing(self, noun: Noun, is_plural: bool = False) -> str:
        """Return the form that agrees with a noun."""
        form = self.masculine if noun.gender == "m" else self.feminine
        return f"{form}s" if is_plural else form


NOUNS = (
    Noun("cat", "chat", "m", "chats"),
    Noun("dog", "chien", "m", "chiens"),
    Noun("bird", "oiseau", "m", "oiseaux"),
    Noun("book", "livre", "m", "livres"),
    Noun("garden", "jardin", "m", "jardins"),
    Noun("train", "train", "m", "trains"),
    Noun("hotel", "hôtel", "m", "hôtels"),
    Noun("coat", "manteau", "m", "manteaux"),
    Noun("table", "table", "f", "tables"),
    Noun("door", "porte", "f", "portes"),
    Noun("house", "maison", "f", "maisons"),
    Noun("car", "voiture", "f", "voitures"),
    Noun("flower", "fleur", "f", "fleurs"),
    Noun("school", "école", "f", "écoles"),
    Noun("apple", "pomme", "f", "pommes"),
    Noun("letter", "lettre", "f", "lettres"),
)
ADJECTIVES = (
    Adjective("black", "noir", "noire"),
    Adjective("white", "blanc", "blanche"),
    Adjective("green", "vert", "verte"),
    Adjective("red", "rouge", "rouge"),
    Adjective("clean", "propre", "propre"),
    Adjective("strange", "étrange", "étrange"),
    Adjective("small", "petit", "petite", is_before=True),
    Adjective("big", "grand", "grande", is_before=True),
    Adjective("pretty", "joli", "jolie", is_before=True),
)
EVENTS = (
    Noun("day", "journée", "f", "journées"),
    Noun("evening", "soirée", "f", "soirées"),
    Noun("meeting", "réunion", "f", "réunions"),
    Noun("lesson", "leçon", "f", "leçons"),
    Noun("walk", "promenade", "f", "promenades"),
    Noun("trip", "voyage", "m", "voyages"),
    Noun("lunch", "déjeuner", "m", "déjeuners"),
    Noun("concert", "concert", "m", "concerts"),
)
OWNERS = {"my": "m", "your": "t", "his": "s"}
"""The first letter of "mon", "ton", "son" and of their other forms."""


def sentence_pairs(split: Split) -> list[tuple[str, str]]:
    """Return pairs of English and French; a fifth of the grammar, but no phrase, is held out."""
    learnt = list(PHRASES) if split == "train" else []
    known = {english for english, _ in PHRASES}
    return learnt + [
        pair for pair in grammar() if pair[0] not in known and in_split(split, pair[0])
    ]


def grammar() -> Iterator[tuple[str, str]]:
    """Yield every sentence of the grammar once, with its translation."""
    for noun, adjective in product(NOUNS, ADJECTIVES):
        yield from _described(noun, adjective)
    for owner, noun in product(OWNERS, NOUNS):
        yield from _owned(owner, noun)
    for owner, event in product(OWNERS, EVENTS):
        yield from _past(owner, event)


def _described(noun: Noun, adjective: Adjective) -> Iterator[tuple[str, str]]:
    thing, things = noun.english, f"{noun.english}s"
    how, form = adjective.english, adjective.agreeing(noun)
    with_adjective, several = _with(adjective, noun), _with(adjective, noun, is_plural=True)
    yield f"The {thing} is {how}.", f"{_the(noun)} est {form}.".capitalize()
    yield f"The {things} are {how}.", f"Les {noun.plural} sont {form}s."
    yield f"This {thing} is not {how}.", f"{_this(noun)} {noun.french} n'est pas {form}."
    yield f"Is the {thing} {how}?", f"Est-ce que {_the(noun)} est {form} ?"
    yield f"I see a {how} {thing}.", f"Je vois {_a(noun)} {with_adjective}."
    yield f"We have two {how} {things}.", f"Nous avons deux {several}."
    yield f"She likes {how} {things}.", f"Elle aime les {several}."


def _owned(owner: str, noun: Noun) -> Iterator[tuple[str, str]]:
    mine = f"{_owner(owner, noun)} {noun.french}"
    yield f"Where is {owner} {noun.english}?", f"Où est {mine} ?"
    yield f"{owner.capitalize()} {noun.english} is here.", f"{mine.capitalize()} est ici."
    yield f"Do you see {owner} {noun.english}?", f"Vois-tu {mine} ?"
    yield f"He finds {owner} {noun.english}.", f"Il trouve {mine}."


def _past(owner: str, event: Noun) -> Iterator[tuple[str, str]]:
    mine, ending = f"{_owner(owner, event)} {event.french}", "e" if event.gender == "f" else ""
    yield f"How was {owner} {event.english}?", f"Comment s'est passé{ending} {mine} ?"
    yield (
        f"{owner.capitalize()} {event.english} was long.",
        f"{mine.capitalize()} était {_long(event)}.",
    )
    yield f"When was {owner} {event.english}?", f"Quand était {mine} ?"


def _with(adjective: Adjective, noun: Noun, is_plural: bool = False) -> str:
    """Join adjective and noun in their French order."""
    words = [adjective.agreeing(noun, is_plural), noun.plural if is_plural else noun.french]
    return " ".join(words if adjective.is_before else reversed(words))


def _the(noun: Noun) -> str:
    if noun.elides:
        return f"l'{noun.french}"
    return f"{'le' if noun.gender == 'm' else 'la'} {noun.french}"


def _a(noun: Noun) -> str:
    return "un" if noun.gender == "m" else "une"


def _this(noun: Noun) -> str:
    if noun.gender == "f":
        return "Cette"
    return "Cet" if noun.elides else "Ce"


def _owner(owner: str, noun: Noun) -> str:
    """Return the possessive; before a vowel "mon" serves both genders: "mon école"."""
    return OWNERS[owner] + ("a" if noun.gender == "f" and not noun.elides else "on")


def _long(noun: Noun) -> str:
    return "long" if noun.gender == "m" else "longue"
