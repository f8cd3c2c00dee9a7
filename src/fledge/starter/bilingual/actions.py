"""Sentences about what people do: every verb in every tense, said, denied or asked."""

from collections.abc import Callable

from fledge.starter.bilingual.clause import Clause, Predicate, Subject
from fledge.starter.bilingual.complements import draw_action
from fledge.starter.bilingual.conjugation import joined
from fledge.starter.bilingual.draw import Draw
from fledge.starter.bilingual.lexicon import Pair, Verb
from fledge.starter.bilingual.moments import at_an_hour, on_a_day
from fledge.starter.bilingual.noun_phrase import (
    NOTHING,
    Complement,
    Named,
    fixed,
)
from fledge.starter.bilingual.sentence import finished
from fledge.starter.bilingual.subjects import asked_person, someone
from fledge.starter.bilingual.tenses import (
    can,
    going_to,
    must,
    past,
    perfect,
    present_of,
    progressive,
    simple,
    will,
    with_infinitive,
    would_like,
)

QUESTION_WORDS = (
    Pair("where", "où"),
    Pair("when", "quand"),
    Pair("why", "pourquoi"),
    Pair("what time", "à quelle heure"),
    Pair("how", "comment"),
)
WHAT = Pair("what", "qu'")
OBJECTS = ("food", "dish", "drink", "thing", "clothes", "written", "shown", "taught")
"""Lists of things that "what" may ask for."""
PRONOUN_OBJECTS = {
    "me": "me",
    "you": "te",
    "him": "le",
    "her": "la",
    "it": "le",
    "us": "nous",
    "them": "les",
}
SAME_PERSON = {"me": 0, "us": 3, "you": 1}


def action(draw: Draw) -> Pair:
    """Draw a sentence about an action."""
    verb, complement = draw_action(draw)
    if draw.chance(0.32):
        return question(draw, verb, complement)
    is_denied = draw.chance(0.3)
    predicate, moments = tense(draw, verb, is_denied)
    subject = someone(draw)
    clause = Clause(subject, predicate(subject, verb), complement, adverb(draw, moments))
    return finished(draw, clause.denied() if is_denied else clause.said(), ".")


def habit(draw: Draw) -> Pair:
    """Draw "she often eats bread" or "he never eats meat"."""
    verb, complement = draw_action(draw)
    subject = someone(draw)
    clause = Clause(subject, simple(subject, verb), complement)
    return finished(draw, clause.often(draw.pair("frequency")), ".")


def question(draw: Draw, verb: Verb, complement: Complement) -> Pair:
    """Draw a question about an action, with a question word or without one."""
    predicate, moments = tense(draw, verb)
    subject = asked_person(draw)
    clause = Clause(subject, predicate(subject, verb), complement, adverb(draw, moments))
    share = draw.random.random()
    if share < 0.5:
        return finished(draw, clause.asked(), "?")
    if share < 0.75 and set(verb.complements) & {*OBJECTS, "tasks"}:
        bare = Clause(subject, clause.predicate, NOTHING, clause.adverb)
        return finished(draw, bare.asked(WHAT), "?")
    bare = Clause(subject, clause.predicate, complement)
    return finished(draw, bare.asked(draw.one(QUESTION_WORDS)), "?")


def how_many(draw: Draw) -> Pair:
    """Draw "how many children do you have?" or "which film are you watching?"."""
    name = draw.one(("dish", "thing", "clothes", "kin", "written", "shown", "drink"))
    verbs = [verb for verb in draw.lexicon.all_verbs if name in (*verb.complements, "kin")]
    verb, noun = draw.one(verbs), draw.noun(name)
    if name == "kin":
        verb = next(one for one in draw.lexicon.all_verbs if one.french == "avoir")
    one = Named(noun, None, name != "drink")
    word = Pair(
        f"how {'many' if one.is_plural else 'much'} {one.english}", f"combien de {one.french}"
    )
    if draw.chance(0.3) and name != "kin":
        which = "quelle" if noun.gender == "f" else "quel"
        word = Pair(f"{draw.one(('which', 'what'))} {noun.english}", f"{which} {noun.french}")
    # No past: its participle would agree with the object, which stands before it here.
    makers = (simple, simple, can, going_to, must) if verb.is_state else (progressive, simple, will)
    subject = asked_person(draw)
    moment = draw.pair("any") if draw.chance(0.25) else None
    clause = Clause(subject, draw.one(makers)(subject, verb), NOTHING, moment)
    return finished(draw, clause.asked(word), "?")


def who(draw: Draw) -> Pair:
    """Draw a question after the subject: "who eats bread?", "qui mange du pain ?"."""
    verb, complement = draw_action(draw)
    predicate, moments = tense(draw, verb)
    subject = Subject("who", "qui", 2, "m", False)
    clause = Clause(subject, predicate(subject, verb), complement, adverb(draw, moments))
    return finished(draw, clause.said(), "?")


def with_pronoun(draw: Draw) -> Pair:
    """Draw a sentence with a pronoun as its object: "I see her", "je la vois"."""
    verb = draw.one(
        [one for one in draw.lexicon.all_verbs if {"family", "thing"} & {*one.complements}]
    )
    subject = asked_person(draw)
    names = [name for name in PRONOUN_OBJECTS if SAME_PERSON.get(name) != subject.person]
    if "family" not in verb.complements:
        names = ["it", "them"]
    name = draw.one(names)
    makers = [simple, simple, past, past, can, going_to, must, would_like, will]
    if not verb.is_state:
        makers.append(progressive)
    predicate = draw.one(makers)(subject, verb, PRONOUN_OBJECTS[name])
    if draw.chance(0.15):
        forms = present_of("vouloir")
        predicate = with_infinitive(subject, verb, "want", forms, PRONOUN_OBJECTS[name])
    clause = Clause(subject, predicate, fixed(name, ""))
    share = draw.random.random()
    if share < 0.4:
        return finished(draw, clause.said(), ".")
    return (
        finished(draw, clause.denied(), ".")
        if share < 0.65
        else finished(draw, clause.asked(), "?")
    )


Maker = Callable[[Subject, Verb], Predicate]


def tense(draw: Draw, verb: Verb, is_denied: bool = False) -> tuple[Maker, tuple[str, ...]]:
    """Draw a tense, and the lists of moments that go with it."""
    share = draw.random.random()
    if share < 0.42:
        is_simple = verb.is_state or draw.chance(0.55)
        return (simple, ("usual", "any")) if is_simple else (progressive, ("current", "any"))
    if share < 0.6:
        return past, ("past",)
    if share < 0.65:
        return perfect, ("any",)
    if share < 0.76:
        return draw.one((going_to, going_to, will)), ("future", "any")
    return modal(draw, is_denied), ("any", "future")


def modal(draw: Draw, is_denied: bool) -> Maker:
    """Draw "can", "must", "want to", "have to", "like to" or "would like to".

    "Have to" is never denied: "I do not have to" is no "je ne dois pas".
    """
    words = (("want", "vouloir"), ("like", "aimer"), ("have", "devoir"))
    word, french = draw.one(words[:2] if is_denied else words)
    forms = present_of(french)
    return draw.one(
        (can, can, must, would_like, lambda who, verb: with_infinitive(who, verb, word, forms))
    )


def adverb(draw: Draw, moments: tuple[str, ...]) -> Pair | None:
    """Draw when or how something is done, or nothing."""
    share = draw.random.random()
    if share < 0.5:
        return None
    if share < 0.76:
        return draw.pair(*moments)
    if share < 0.85:
        how, when = draw.pair("manner"), draw.pair(*moments) if draw.chance(0.5) else Pair("", "")
        return Pair(joined(how.english, when.english), joined(how.french, when.french))
    if share < 0.9:
        return draw.pair("company")
    if share < 0.95:
        return at_an_hour(draw)
    return on_a_day(draw)
