"""Subjects: pronouns, names, relatives and other people."""

from fledge.starter.bilingual.clause import PRONOUNS, Subject, as_subject
from fledge.starter.bilingual.draw import Draw
from fledge.starter.bilingual.lexicon import Gender
from fledge.starter.bilingual.noun_phrase import (
    OWNERS,
    Named,
    NounPhrase,
    definite,
    named,
    possessed,
)

I, YOU, HE, SHE, WE, THEY = PRONOUNS  # noqa: E741  (the pronoun)


def someone(draw: Draw) -> Subject:
    """Draw who does something."""
    share = draw.random.random()
    if share < 0.62:
        return draw.one((I, I, I, YOU, HE, HE, SHE, SHE, WE, WE, THEY))
    return third_person(draw)


def asked_person(draw: Draw) -> Subject:
    """Draw who is asked about: "you", for the most part."""
    return YOU if draw.chance(0.45) else someone(draw)


def third_person(draw: Draw) -> Subject:
    """Draw a person or people that are named or described."""
    share = draw.random.random()
    if share < 0.3:
        return named_person(draw)
    if share < 0.4:
        return two_people(draw)
    return as_subject(relative(draw) if share < 0.78 else person(draw))


def named_person(draw: Draw) -> Subject:
    """Draw someone by first name."""
    name, gender = draw.first_name()
    return Subject(name, name, 2, gender, False)


def two_people(draw: Draw) -> Subject:
    """Draw "my mother and my father"; the French is feminine if both are."""
    pair = [relative(draw, plural_share=0.0), relative(draw, plural_share=0.0)]
    if pair[0].english.split()[1] == pair[1].english.split()[1]:
        return two_people(draw)
    gender: Gender = "f" if all(one.gender == "f" for one in pair) else "m"
    english = " and ".join(one.english for one in pair)
    return Subject(english, " et ".join(one.french for one in pair), 5, gender, True)


def relative(draw: Draw, plural_share: float = 0.15) -> NounPhrase:
    """Draw "my mother" or "their children"."""
    owner = draw.one(("my", "my", "my", *OWNERS))
    name = "pair" if draw.chance(plural_share) else "family"
    return possessed(owner, Named(draw.noun(name), None, name == "pair"))


def person(draw: Draw) -> NounPhrase:
    """Draw "the man" or "the children"."""
    return definite(named(draw, "people"))


def anyone(draw: Draw) -> Subject:
    """Draw someone, "you" more often than in statements."""
    return asked_person(draw) if draw.chance(0.35) else someone(draw)
