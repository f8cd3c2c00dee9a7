"""Words behind a verb: what is eaten, where people go, to whom something is given."""

import re
from collections.abc import Callable

from fledge.starter.bilingual.agreement import contracted
from fledge.starter.bilingual.conjugation import joined
from fledge.starter.bilingual.draw import Draw
from fledge.starter.bilingual.lexicon import Pair, Verb
from fledge.starter.bilingual.noun_phrase import (
    NOTHING,
    Complement,
    Named,
    definite,
    fixed,
    object_phrase,
)
from fledge.starter.bilingual.subjects import relative

INDEFINITE = ("bath", "coffee", "music", "tasks", "asked")
"""Lists of words whose article a negation changes: "pas de douche"; not "jouer du piano"."""
ARTICLE = re.compile(r"^(une?|du|de la|des) ")


def draw_action(draw: Draw) -> tuple[Verb, Complement]:
    """Draw a verb, and what may follow it."""
    verb = draw.one(draw.lexicon.verbs[draw.one(("common", "other"))])
    return verb, complement_of(draw, draw.one(verb.complements))


def complement_of(draw: Draw, name: str) -> Complement:
    """Draw the words of a list, of nouns or of fixed words, or of a place."""
    if name == "-":
        return NOTHING
    if name in PLACES:
        return PLACES[name](draw)
    if name in draw.lexicon.pairs:
        found = draw.pair(name)
        if name in INDEFINITE:
            negated = ARTICLE.sub("de ", found.french)
            return Complement(found.english, found.french, found.english, negated)
        return fixed(found.english, found.french)
    return object_phrase(draw, name).complement


def to_place(draw: Draw) -> Complement:
    """Draw "to the station", sometimes with the way of travelling."""
    place = definite(Named(draw.noun("place"), None, False))
    ride = draw.pair("ride") if draw.chance(0.2) else Pair("", "")
    french = joined(contracted("à", place.french), ride.french)
    return fixed(joined(f"to {place.english}", ride.english), french)


def at_place(draw: Draw) -> Complement:
    """Draw "at the hotel"."""
    place = definite(Named(draw.noun("place"), None, False))
    return fixed(f"at {place.english}", contracted("à", place.french))


def host(draw: Draw) -> Complement:
    """Draw "my grandmother", to whom French puts "à"."""
    someone_visited = relative(draw)
    return fixed(someone_visited.english, f"à {someone_visited.french}")


def given(draw: Draw) -> Complement:
    """Draw "a book to my sister"."""
    what = object_phrase(draw, draw.one(("thing", "clothes", "written"))).complement
    who_gets_it = relative(draw)
    to, à = f" to {who_gets_it.english}", f" à {who_gets_it.french}"
    return Complement(
        what.english + to, what.french + à, what.english_negated + to, what.french_negated + à
    )


def chez(draw: Draw) -> Complement:
    """Draw "to my aunt's house"; only French has a word for someone's home."""
    if draw.chance(0.4):
        name, _ = draw.first_name()
        return fixed(f"to {name}'s", f"chez {name}")
    who_lives_there = relative(draw, plural_share=0.0)
    return fixed(f"to {who_lives_there.english}'s house", f"chez {who_lives_there.french}")


def city(draw: Draw, word: str) -> Complement:
    """Draw "to London" or "in London", sometimes with a name that is not known."""
    found = draw.pair("city")
    if draw.chance(0.3):
        name = draw.placeholder().capitalize()
        found = Pair(name, name)
    return fixed(f"{word} {found.english}", f"à {found.french}")


def country(draw: Draw, word: str) -> Complement:
    """Draw "to France" or "in France"."""
    found = draw.pair("country")
    return fixed(f"{word} {found.english}", found.french)


PLACES: dict[str, Callable[[Draw], Complement]] = {
    "to_place": to_place,
    "at_place": at_place,
    "chez": chez,
    "host": host,
    "given": given,
    "to_city": lambda draw: city(draw, "to"),
    "in_city": lambda draw: city(draw, "in"),
    "to_country": lambda draw: country(draw, "to"),
    "in_country": lambda draw: country(draw, "in"),
}
