"""French verbs: the present by table or rule, the past participle, and their words in order."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

ENDINGS = {
    "er": "e es e ons ez ent",
    "ir": "is is it issons issez issent",
    "re": "s s - ons ez ent",
}
"""Endings of the regular present; "-" is none."""
PARTICIPLES = {"er": "é", "ir": "i", "re": "u"}
IMPERFECT = {
    "être": "étais étais était étions étiez étaient",
    "avoir": "avais avais avait avions aviez avaient",
    "faire": "faisais faisais faisait faisions faisiez faisaient",
}
WISHING = "voudrais voudrais voudrait voudrions voudriez voudraient"
"""Conditional of "vouloir": "would like"."""
REFLEXIVE = ("me", "te", "se", "nous", "vous", "se")


@dataclass(frozen=True, slots=True)
class Irregular:
    """Forms that no rule makes."""

    present: Mapping[str, str]
    participle: Mapping[str, str]
    with_etre: frozenset[str]


@cache
def irregular() -> Irregular:
    """Read `conjugation.toml`."""
    text = files(__package__).joinpath("conjugation.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    moving = frozenset(data["auxiliary"]["etre"].split())
    return Irregular(data["present"], data["participle"], moving)


def present(infinitive: str, person: int) -> str:
    """Return a form of the present; `person` counts je, tu, il, nous, vous, ils from 0."""
    known = irregular().present.get(infinitive)
    return known.split()[person] if known else regular_present(infinitive, person)


def regular_present(infinitive: str, person: int) -> str:
    """Return a form by rule; the sound of -ger and -cer stays: mangeons, commençons."""
    stem, group = infinitive[:-2], infinitive[-2:]
    ending = ENDINGS[group].split()[person].strip("-")
    if group == "er" and ending == "ons":
        if stem.endswith("g"):
            stem += "e"
        elif stem.endswith("c"):
            stem = f"{stem[:-1]}ç"
    return stem + ending


def participle(infinitive: str) -> str:
    """Return the masculine past participle."""
    known = irregular().participle.get(infinitive)
    return known or infinitive[:-2] + PARTICIPLES[infinitive[-2:]]


@dataclass(frozen=True, slots=True)
class FrenchVerb:
    """An infinitive taken apart: "se lever" is reflexive, "faire les courses" has words behind."""

    head: str
    tail: str
    is_reflexive: bool

    @property
    def moves(self) -> bool:
        """Tell whether the past is made with "être", and its participle agrees."""
        return self.is_reflexive or self.head in irregular().with_etre

    def infinitive(self, person: int, clitic: str = "") -> str:
        """Return the infinitive behind another verb; a reflexive pronoun goes with the person."""
        pronoun = REFLEXIVE[person] if self.is_reflexive else clitic
        return joined(pronoun, self.head, self.tail)


def taken_apart(words: str) -> FrenchVerb:
    """Take apart "se lever", "prendre le petit déjeuner" or "lire"."""
    verb = words.removeprefix("se ").removeprefix("s'")
    head, _, tail = verb.partition(" ")
    return FrenchVerb(head, tail, is_reflexive=verb != words)


def joined(*words: str) -> str:
    """Join words with blanks, and leave out empty ones."""
    return " ".join(word for word in words if word)
