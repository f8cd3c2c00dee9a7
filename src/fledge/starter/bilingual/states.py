"""Sentences about how people and things are: tired, hungry, too expensive."""

from fledge.starter.bilingual.agreement import contracted
from fledge.starter.bilingual.clause import PRONOUNS, Clause, Subject, as_subject
from fledge.starter.bilingual.conjugation import joined, present
from fledge.starter.bilingual.draw import Draw
from fledge.starter.bilingual.lexicon import Adjective, Pair
from fledge.starter.bilingual.noun_phrase import (
    OWNERS,
    Complement,
    Named,
    NounPhrase,
    definite,
    fixed,
    indefinite,
    named,
    of_someone,
    pointed_at,
    possessed,
)
from fledge.starter.bilingual.sentence import finished, told
from fledge.starter.bilingual.subjects import anyone, relative
from fledge.starter.bilingual.tenses import being, state

MASS_OR_ONE = ("food", "drink", "place", "event")
FITTING = {
    "food": ("food",),
    "dish": ("food",),
    "drink": ("food",),
    "event": ("long",),
    "written": ("thing", "long"),
    "taught": ("thing", "long"),
    "clothes": ("thing", "colour", "before"),
}
"""Lists of adjectives that fit the nouns of a list; others take "thing" and "before"."""


def graded(draw: Draw, subject: Subject, adjective: Adjective) -> Complement:
    """Return "very tired" with the French that agrees with a subject."""
    degree = draw.pair("degree") if draw.chance(0.35) else Pair("", "")
    french = adjective.agreeing(subject.gender, subject.is_plural)
    return fixed(joined(degree.english, adjective.english), joined(degree.french, french))


def feeling(draw: Draw) -> Pair:
    """Draw "my sister is sad today" or "were they late?"."""
    subject, adjective = anyone(draw), draw.adjective("feeling", "feeling", "person")
    if adjective.masculine == "bien":
        return told(
            draw, Clause(subject, being(subject, "aller"), fixed(adjective.english, "bien"))
        )
    how, was = graded(draw, subject, adjective), draw.chance(0.2)
    if adjective.masculine == "content" and draw.chance(0.4):
        about = draw.pair("about_feeling")
        how = fixed(f"{how.english} {about.english}", f"{how.french} {about.french}")
    lists = ("past",) if was else ("any", "current")
    moment = draw.pair(*lists) if draw.chance(0.3) else None
    return told(draw, Clause(subject, state(subject, "être", was), how, moment))


def having(draw: Draw) -> Pair:
    """Draw "I am hungry" or "is she afraid of the dog?", which French says with "avoir"."""
    subject, words, was = anyone(draw), draw.pair("having"), draw.chance(0.15)
    has_degree = words.english not in ("right", "wrong") and draw.chance(0.25)
    degree = draw.pair("degree") if has_degree else Pair("", "")
    what = fixed(joined(degree.english, words.english), joined(degree.french, words.french))
    if words.english == "afraid" and draw.chance(0.6):
        cause = definite(Named(draw.noun("animal", "people"), None, draw.chance(0.4)))
        french = contracted("de", cause.french)
        what = fixed(f"{what.english} of {cause.english}", f"{what.french} {french}")
    moment = draw.pair("any", "current") if draw.chance(0.25) and not was else None
    return told(draw, Clause(subject, state(subject, "avoir", was), what, moment))


def aching(draw: Draw) -> Pair:
    """Draw "I have a headache" or "my leg hurts": "j'ai mal à la jambe"."""
    number = draw.one(range(len(PRONOUNS)))
    subject = PRONOUNS[number]
    if draw.chance(0.5):
        part = draw.noun("ache")
        english = f"{subject.english} {'has' if subject.is_third else 'have'} a {part.english}"
    else:
        part = draw.noun("body")
        english = f"{OWNERS[number]} {part.english} hurts"
    where = contracted("à", definite(Named(part, None, False)).french)
    french = f"{subject.french} {present('avoir', subject.person)} mal {where}"
    return finished(draw, Pair(english, french), ".")


def thing(draw: Draw) -> Pair:
    """Draw "this coat is too expensive" or "was the soup good?"."""
    name = draw.one(("thing", "thing", "place", *FITTING))
    subject = as_subject(thing_phrase(draw, name))
    adjective = draw.adjective(*FITTING.get(name, ("thing", "before")))
    how, was = graded(draw, subject, adjective), draw.chance(0.15)
    return told(draw, Clause(subject, state(subject, "être", was), how))


def thing_phrase(draw: Draw, name: str) -> NounPhrase:
    """Draw "the soup", "these shoes", "my lesson" or "Anna's car"."""
    is_plural = name not in MASS_OR_ONE and draw.chance(0.3)
    one, share = Named(named(draw, name).noun, None, is_plural), draw.random.random()
    if share < 0.1 and name in ("thing", "clothes"):
        return of_someone(draw)
    if share < 0.25 and name not in ("food", "drink", "place"):
        return possessed(draw.one(OWNERS), one)
    return definite(one) if share < 0.65 else pointed_at(draw, one)


def it_is(draw: Draw) -> Pair:
    """Draw "it is easy" or "that is not possible": French says it with "ce"."""
    subject = Subject(draw.one(("it", "it", "that", "this")), "ce", 2, "m", False)
    how = graded(draw, subject, draw.adjective("thing", "long", "food", "before"))
    return told(draw, Clause(subject, state(subject, "être", draw.chance(0.15)), how))


def this_is(draw: Draw) -> Pair:
    """Draw "this is my brother" or "these are not my shoes"."""
    phrase = shown(draw)
    words = ("these", "they", "those") if phrase.is_english_plural else ("this", "it", "that")
    # A negation does not change what something is: "ce n'est pas un chat".
    what = fixed(phrase.english, phrase.french)
    person = 5 if phrase.is_plural else 2
    subject = Subject(draw.one(words), "ce", person, "m", phrase.is_english_plural)
    return told(draw, Clause(subject, state(subject, "être"), what))


def shown(draw: Draw) -> NounPhrase:
    """Draw who or what is pointed at."""
    share = draw.random.random()
    if share < 0.35:
        return relative(draw)
    if share < 0.6:
        return indefinite(draw, named(draw, "thing", "clothes", "animal", plural_share=0.0))
    if share < 0.75:
        return of_someone(draw)
    return possessed(draw.one(OWNERS), named(draw, "thing", "clothes"))
