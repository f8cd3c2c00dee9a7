"""Sentences put together from others: joined, believed, or behind a greeting."""

from fledge.starter.bilingual.actions import tense
from fledge.starter.bilingual.clause import Clause
from fledge.starter.bilingual.complements import draw_action
from fledge.starter.bilingual.draw import Draw
from fledge.starter.bilingual.exchanges import asking_for, called, price
from fledge.starter.bilingual.lexicon import Pair
from fledge.starter.bilingual.noun_phrase import fixed
from fledge.starter.bilingual.orders import request
from fledge.starter.bilingual.people import wishing
from fledge.starter.bilingual.places import there_is, way, where_is
from fledge.starter.bilingual.sentence import finished
from fledge.starter.bilingual.states import graded
from fledge.starter.bilingual.subjects import someone
from fledge.starter.bilingual.tenses import simple, state
from fledge.starter.task import capitalised

ADDRESSED = (where_is, way, price, wishing, request, called, called, asking_for, there_is)
"""Kinds of sentences that may follow a greeting; none begins with a name."""
LINKS = (
    ("{one} and {two}", "{un} et {deux}"),
    ("{one}, but {two}", "{un}, mais {deux}"),
    ("{one} because {two}", "{un} parce que {deux}"),
    ("{one} when {two}", "{un} quand {deux}"),
    ("{one}, so {two}", "{un}, donc {deux}"),
    ("if {one}, {two}", "si {un}, {deux}"),
)


def brief(draw: Draw) -> Clause:
    """Draw a short statement to put together with others."""
    subject, share = someone(draw), draw.random.random()
    if share < 0.3:
        adjective = draw.adjective("feeling")
        if adjective.masculine != "bien":
            return Clause(subject, state(subject, "être"), graded(draw, subject, adjective))
    if share < 0.45:
        words = draw.pair("having")
        return Clause(subject, state(subject, "avoir"), fixed(words.english, words.french))
    verb, complement = draw_action(draw)
    predicate, _ = tense(draw, verb)
    maker = predicate if share < 0.8 else simple
    return Clause(subject, maker(subject, verb), complement)


def said_or_denied(draw: Draw) -> Pair:
    """Say a short statement, or deny it."""
    clause = brief(draw)
    is_denied = draw.chance(0.25) and not clause.predicate.rest.startswith("have to")
    return clause.denied() if is_denied else clause.said()


def linked(draw: Draw) -> Pair:
    """Draw two statements joined by "and", "but" or "because"."""
    english, french = draw.one(LINKS)
    one, two = said_or_denied(draw), said_or_denied(draw)
    words = Pair(
        english.format(one=one.english, two=two.english),
        french.format(un=one.french, deux=two.french),
    )
    return finished(draw, Pair(words.english, words.french.replace("si il", "s'il")), ".")


def believed(draw: Draw) -> Pair:
    """Draw "I think that you are right"."""
    belief, what = draw.pair("belief"), said_or_denied(draw)
    english = f"{belief.english}{draw.one((' that', ''))} {what.english}"
    return finished(draw, Pair(english, f"{belief.french} que {what.french}"), ".")


def opened(draw: Draw) -> Pair:
    """Draw a sentence behind a word of greeting: "hello, I am hungry"."""
    first, what = draw.pair("greeting"), said_or_denied(draw)
    return finished(
        draw, Pair(f"{first.english}, {what.english}", f"{first.french}, {what.french}"), "."
    )


def addressed(draw: Draw) -> Pair:
    """Draw a whole sentence behind a word of greeting: "excuse me, where is the bank?"."""
    first, what = draw.pair("greeting"), draw.one(ADDRESSED)(draw)
    english = what.english if what.english.startswith(("I ", "I'")) else uncapitalised(what.english)
    words = (f"{first.english}, {english}", f"{first.french}, {uncapitalised(what.french)}")
    return Pair(*map(capitalised, words))


def uncapitalised(text: str) -> str:
    """Return the text with its first letter in lower case."""
    return text[:1].lower() + text[1:]
