"""Sentences about where things and people are, how to get there, and what there is."""

import re

from fledge.starter.bilingual.agreement import contracted
from fledge.starter.bilingual.clause import PRONOUNS, Clause, Subject, as_subject
from fledge.starter.bilingual.conjugation import joined, present
from fledge.starter.bilingual.draw import Draw
from fledge.starter.bilingual.lexicon import Pair
from fledge.starter.bilingual.moments import at_an_hour
from fledge.starter.bilingual.noun_phrase import (
    OWNERS,
    Named,
    NounPhrase,
    counted,
    definite,
    fixed,
    indefinite,
    named,
    of_someone,
    partitive,
    pointed_at,
    possessed,
)
from fledge.starter.bilingual.sentence import finished, told
from fledge.starter.bilingual.subjects import anyone, named_person, relative
from fledge.starter.bilingual.tenses import be, being, matched, state, turned_round

WAYS = (
    ("how do I get to {place}", "comment est-ce que je vais {à_place}", "?"),
    ("how can I get to {place}", "comment est-ce que je peux aller {à_place}", "?"),
    ("how do we get to {place}", "comment est-ce que nous allons {à_place}", "?"),
    ("how do you get to {place}", "comment est-ce que tu vas {à_place}", "?"),
    ("can you tell me where {place} is", "est-ce que tu peux me dire où est {place}", "?"),
    ("do you know where {place} is", "est-ce que tu sais où est {place}", "?"),
    ("I do not know where {place} is", "je ne sais pas où est {place}", "."),
    ("is this the way to {place}", "est-ce que c'est le chemin pour aller {à_place}", "?"),
    ("how far is {place}", "à quelle distance est {place}", "?"),
    ("which bus goes to {place}", "quel bus va {à_place}", "?"),
    ("does this bus go to {place}", "est-ce que ce bus va {à_place}", "?"),
    ("I want to go to {place}", "je veux aller {à_place}", "."),
    ("is {place} open", "est-ce que {place} est ouvert", "?"),
)
TURNS = (
    ("turn left", "tourne à gauche"),
    ("turn right", "tourne à droite"),
    ("go straight on", "va tout droit"),
    ("take the first street on the left", "prends la première rue à gauche"),
    ("take the second street on the right", "prends la deuxième rue à droite"),
    ("take the first street on the right", "prends la première rue à droite"),
)
TURNING = (
    ("{turn}", "{turn}"),
    ("{turn}, please", "{turn}, s'il te plaît"),
    ("{turn} at {place}", "{turn} {à_place}"),
    ("{turn} and then {other}", "{turn} et puis {other}"),
    ("{turn} after {place}", "{turn} après {place}"),
)
HAPPENING = {
    "vehicle": (("leave", "partir"), ("arrive", "arriver")),
    "place": (("open", "ouvrir"), ("close", "fermer")),
    "event": (("start", "commencer"), ("begin", "commencer"), ("finish", "finir")),
    "shown": (("start", "commencer"), ("finish", "finir")),
}
USUAL_SPOTS = (
    Pair("at home", "à la maison"),
    Pair("at school", "à l'école"),
    Pair("at work", "au travail"),
)
TIME_WORDS = (Pair("when", "quand"), Pair("what time", "à quelle heure"), Pair("when", "quand"))
BARE = re.compile(r"^(some|an?) ")
NONE_LEFT = (("no", "pas"), ("no more", "plus"))


def the_place(draw: Draw) -> NounPhrase:
    """Draw "the station"."""
    return definite(Named(draw.noun("place"), None, False))


def where_is(draw: Draw) -> Pair:
    """Draw "where is the station?" or "where are you?"."""
    share = draw.random.random()
    if share < 0.15:
        subject = draw.one(PRONOUNS)
        words = Pair(f"{be(subject)} {subject.english}", turned_round("être", subject))
    else:
        subject = somewhere(draw, share)
        french = f"{present('être', subject.person)} {subject.french}"
        words = Pair(f"{be(subject)} {subject.english}", french)
    return finished(draw, Pair(f"where {words.english}", f"où {words.french}"), "?")


def somewhere(draw: Draw, share: float) -> Subject:
    """Draw who or what is in a place: more often a place itself where `share` is small."""
    if share < 0.5:
        return as_subject(the_place(draw))
    if share < 0.6:
        return named_person(draw)
    if share < 0.7:
        return as_subject(relative(draw))
    if share < 0.75:
        return as_subject(of_someone(draw))
    name = draw.one(("thing", "clothes", "animal"))
    one = named(draw, name)
    return as_subject(possessed(draw.one(OWNERS), one) if draw.chance(0.6) else definite(one))


def located(draw: Draw) -> Pair:
    """Draw "the bank is next to the church" or "are my keys on the table?"."""
    subject = anyone(draw) if draw.chance(0.25) else somewhere(draw, draw.random.random())
    where = spot(draw)
    clause = Clause(
        subject, state(subject, "être", draw.chance(0.08)), fixed(where.english, where.french)
    )
    return told(draw, clause)


def spot(draw: Draw) -> Pair:
    """Draw "next to the church", "in my bag", "at the hotel", "on the left" or "in London"."""
    share = draw.random.random()
    if share < 0.3:
        return draw.pair("side")
    if share < 0.4:
        return draw.one(USUAL_SPOTS)
    if share < 0.5:
        place = the_place(draw)
        return Pair(f"at {place.english}", contracted("à", place.french))
    if share < 0.56:
        city = draw.pair("city")
        return Pair(f"in {city.english}", f"à {city.french}")
    if share < 0.6:
        country = draw.pair("country")
        return Pair(f"in {country.english}", country.french)
    word = draw.one(draw.lexicon.pairs["spot"])
    name = draw.one(("thing", "place", "place"))
    one = Named(draw.noun(name), None, False)
    phrase = (
        possessed(draw.one(OWNERS), one) if name == "thing" and draw.chance(0.3) else definite(one)
    )
    if word.french.endswith(" de"):
        behind = contracted("de", phrase.french)
        return Pair(f"{word.english} {phrase.english}", f"{word.french[:-3]} {behind}")
    return Pair(f"{word.english} {phrase.english}", f"{word.french} {phrase.french}")


def way(draw: Draw) -> Pair:
    """Draw "how do I get to the station?"."""
    place = the_place(draw)
    if place.is_plural:
        return way(draw)
    english, french, mark = draw.one(WAYS)
    if place.gender == "f" and french.endswith("ouvert"):
        french = f"{french}e"
    to_place = contracted("à", place.french)
    words = Pair(
        english.format(place=place.english), french.format(place=place.french, à_place=to_place)
    )
    return finished(draw, words, mark)


def turn(draw: Draw) -> Pair:
    """Draw "turn left at the church"."""
    english, french = draw.one(TURNING)
    (one, first), (other, second), place = draw.one(TURNS), draw.one(TURNS), the_place(draw)
    words = Pair(
        english.format(turn=one, other=other, place=place.english),
        french.format(
            turn=first, other=second, place=place.french, à_place=contracted("à", place.french)
        ),
    )
    return finished(draw, words, ".")


def happening(draw: Draw) -> Pair:
    """Draw "the train leaves at nine o'clock" or "when does the shop open?"."""
    name = draw.one(tuple(HAPPENING))
    one = Named(draw.noun(name), None, draw.chance(0.15) and name not in ("place", "event"))
    subject = as_subject(definite(one) if draw.chance(0.8) else pointed_at(draw, one))
    predicate = matched(subject, *draw.one(HAPPENING[name]))
    if draw.chance(0.45):
        return finished(draw, Clause(subject, predicate).asked(draw.one(TIME_WORDS)), "?")
    return told(draw, Clause(subject, predicate, adverb=at_an_hour(draw)))


def there_is(draw: Draw) -> Pair:
    """Draw "there is a bank near the station" or "is there any milk?"."""
    phrase = existing(draw)
    where = spot(draw) if draw.chance(0.55) else Pair("", "")
    words, mark = _existence(draw, phrase, draw.random.random())
    english, french = joined(words.english, where.english), joined(words.french, where.french)
    return finished(draw, Pair(english, french), mark)


def _existence(draw: Draw, phrase: NounPhrase, share: float) -> tuple[Pair, str]:
    """Ask, deny or say that there is something, by where `share` lies between 0 and 1."""
    is_, words = "are" if phrase.is_english_plural else "is", phrase.complement
    if share < 0.3:
        return Pair(f"{is_} there {words.english}", f"est-ce qu'il y a {words.french}"), "?"
    if share < 0.4:
        english, pas = f"there {is_} not {words.english_negated}", "pas"
    elif share < 0.55 and words.french_negated.startswith("de "):
        no, pas = draw.one(NONE_LEFT)
        english = f"there {is_} {no} {BARE.sub('', words.english)}"
    else:
        return Pair(f"there {is_} {words.english}", f"il y a {words.french}"), "."
    return Pair(english, f"il n'y a {pas} {words.french_negated}"), "."


def existing(draw: Draw) -> NounPhrase:
    """Draw what there is: "a bank", "two cats" or "some milk"."""
    name = draw.one(
        ("place", "place", "thing", "food", "drink", "dish", "people", "animal", "vehicle")
    )
    if name in ("food", "drink"):
        return partitive(draw, Named(draw.noun(name), None, False))
    if name == "place":
        return indefinite(draw, Named(draw.noun(name), None, False))
    one = Named(draw.noun(name), None, draw.chance(0.4))
    if one.is_plural:
        return counted(draw, one) if draw.chance(0.6) else partitive(draw, one)
    return indefinite(draw, one)


def from_where(draw: Draw) -> Pair:
    """Draw "I am from London": French comes from there."""
    subject, origin = anyone(draw), draw.pair("origin")
    words = fixed(f"from {origin.english}", origin.french)
    if draw.chance(0.4):
        return told(draw, Clause(subject, matched(subject, "come", "venir"), words))
    return told(draw, Clause(subject, being(subject, "venir"), words))
