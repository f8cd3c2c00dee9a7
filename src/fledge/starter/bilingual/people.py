"""Sentences about people: professions, ages, relatives, and what they like, need and want."""

from dataclasses import replace

from fledge.starter.bilingual.agreement import contracted
from fledge.starter.bilingual.clause import PRONOUNS, Clause
from fledge.starter.bilingual.complements import draw_action
from fledge.starter.bilingual.conjugation import WISHING, joined, present, taken_apart
from fledge.starter.bilingual.draw import Draw
from fledge.starter.bilingual.english import with_article
from fledge.starter.bilingual.lexicon import INVARIABLE, Pair, read_noun
from fledge.starter.bilingual.noun_phrase import (
    OWNERS,
    Complement,
    Named,
    NounPhrase,
    counted,
    definite,
    fixed,
    indefinite,
    object_phrase,
    pointed_at,
    portion,
    possessed,
)
from fledge.starter.bilingual.sentence import finished, told
from fledge.starter.bilingual.subjects import anyone, relative, someone
from fledge.starter.bilingual.tenses import be, matched, state, turned_round

LIKINGS = (
    ("like", "aimer"),
    ("like", "aimer"),
    ("love", "adorer"),
    ("hate", "détester"),
    ("prefer", "préférer"),
)
FAMILY = read_noun("family | famille f")
WISHERS = (PRONOUNS[0], PRONOUNS[0], PRONOUNS[0], PRONOUNS[2], PRONOUNS[4])


def profession(draw: Draw) -> Pair:
    """Draw "my mother is a doctor"; French has no article."""
    subject, word = anyone(draw), draw.adjective("profession")
    if subject.is_plural or word.agreeing(subject.gender) == INVARIABLE:
        return profession(draw)
    what = fixed(with_article(word.english), word.agreeing(subject.gender))
    return told(draw, Clause(subject, state(subject, "être"), what))


def age(draw: Draw) -> Pair:
    """Draw "she is ten years old"."""
    subject, number = anyone(draw), draw.number()
    english = number.english + draw.one((" years old", " years old", ""))
    clause = Clause(subject, state(subject, "avoir"), fixed(english, f"{number.french} ans"))
    return finished(draw, clause.said(), ".")


def how_old(draw: Draw) -> Pair:
    """Draw "how old is your brother?"; French turns the subject round."""
    subject = anyone(draw)
    french = f"{present('avoir', subject.person)} {subject.french}"
    if subject in PRONOUNS:
        french = turned_round("avoir", subject)
    english = f"how old {be(subject)} {subject.english}"
    return finished(draw, Pair(english, f"quel âge {french}"), "?")


def kin(draw: Draw) -> Pair:
    """Draw "he has two brothers and a sister"."""
    subject, parts = anyone(draw), [_one_or_more(draw) for _ in range(draw.one((1, 1, 2)))]
    words = [part.complement for part in parts]
    what = Complement(
        " and ".join(part.english for part in words),
        " et ".join(part.french for part in words),
        " or ".join(part.english_negated for part in words),
        " ni ".join(part.french_negated for part in words),
    )
    return told(draw, Clause(subject, matched(subject, "have", "avoir"), what))


def _one_or_more(draw: Draw) -> NounPhrase:
    noun = draw.noun("kin")
    if draw.chance(0.12):
        one = indefinite(draw, Named(noun, None, False))
        return replace(one, complement=replace(one.complement, english=f"one {noun.english}"))
    if draw.chance(0.5):
        return indefinite(draw, Named(noun, None, False))
    return counted(draw, Named(noun, None, True))


def liking(draw: Draw) -> Pair:
    """Draw "I like coffee", "she loves cats" or "do you prefer tea?": French has the article."""
    subject = anyone(draw)
    name = draw.one(("food", "dish", "drink", "animal", "clothes", "shown", "written", "pastime"))
    noun, share = draw.noun(name), draw.random.random()
    one = Named(noun, None, name not in ("food", "drink", "pastime"))
    what = fixed(one.english, definite(one).french)
    if share < 0.2:
        what = pointed_at(draw, Named(noun, None, False)).complement
    elif share < 0.3:
        what = relative(draw).complement
    return told(draw, Clause(subject, matched(subject, *draw.one(LIKINGS)), what))


def liking_to(draw: Draw) -> Pair:
    """Draw "I like reading" or "do you love to dance?"."""
    subject, (verb, complement) = anyone(draw), draw_action(draw)
    if verb.is_state:
        return liking_to(draw)
    word, infinitive = draw.one(LIKINGS[:4])
    what = draw.one((verb.english.progressive, f"to {verb.english.base}"))
    french = taken_apart(verb.french).infinitive(subject.person)
    words = Complement(
        joined(what, complement.english),
        joined(french, complement.french),
        joined(what, complement.english),
        joined(french, complement.french),
    )
    return told(draw, Clause(subject, matched(subject, word, infinitive), words))


def comparing(draw: Draw) -> Pair:
    """Draw "my brother is taller than me"."""
    subject, adjective = someone(draw), draw.adjective("comparative")
    other = draw.pair("compared")
    if draw.chance(0.5):
        phrase = relative(draw)
        other = Pair(phrase.english, phrase.french)
    how = fixed(
        f"{adjective.english} than {other.english}",
        f"plus {adjective.agreeing(subject.gender, subject.is_plural)} que {other.french}",
    )
    return told(draw, Clause(subject, state(subject, "être"), how))


def household(draw: Draw) -> Pair:
    """Draw "there are five people in my family"."""
    number, owner = draw.number(10), draw.one(OWNERS)
    one = possessed(owner, Named(FAMILY, None, False))
    who = draw.one((Pair("people", "personnes"), Pair("children", "enfants")))
    return finished(
        draw,
        Pair(
            f"there are {number.english} {who.english} in {one.english}",
            f"il y a {number.french} {who.french} dans {one.french}",
        ),
        ".",
    )


def needing(draw: Draw) -> Pair:
    """Draw "I need a doctor" or "we need milk": French has "avoir besoin de"."""
    subject = anyone(draw)
    name = draw.one(("thing", "clothes", "food", "drink", "dish", "stuff", "people"))
    words = object_phrase(draw, name).complement
    is_partitive = words.french_negated != words.french and words.french[:2] != "un"
    french = words.french_negated if is_partitive else contracted("de", words.french)
    what = Complement(words.english, french, words.english_negated, french)
    return told(draw, Clause(subject, matched(subject, "need", "avoir", "besoin"), what))


def wishing(draw: Draw) -> Pair:
    """Draw "I would like a coffee and a croissant, please"."""
    phrases = [ordered(draw) for _ in range(draw.one((1, 1, 2)))]
    english = " and ".join(phrase.english for phrase in phrases)
    french = " et ".join(phrase.french for phrase in phrases)
    polite = (", please", ", s'il vous plaît") if draw.chance(0.6) else ("", "")
    subject, share = draw.one(WISHERS), draw.random.random()
    wish = WISHING.split()[subject.person]
    if share < 0.2:
        words = Pair(f"{english}, please", f"{french}, s'il vous plaît")
    elif share < 0.3:
        words = Pair(f"can I have {english}", f"est-ce que je peux avoir {french}")
        return finished(draw, Pair(words.english + polite[0], words.french + polite[1]), "?")
    elif share < 0.4:
        words = Pair(f"would you like {english}", f"est-ce que tu voudrais {french}")
        return finished(draw, words, "?")
    else:
        said = f"{subject.french} {wish} {french}{polite[1]}"
        words = Pair(f"{subject.english} would like {english}{polite[0]}", said)
    return finished(draw, words, ".")


def ordered(draw: Draw) -> NounPhrase:
    """Draw what one orders: "a coffee", "some bread" or "two cakes"."""
    name = draw.one(("drink", "dish", "food"))
    if draw.chance(0.12):
        return portion(draw, "measure")
    if name == "dish":
        one = Named(draw.noun(name), None, draw.chance(0.3))
        return counted(draw, one) if one.is_plural else indefinite(draw, one)
    return object_phrase(draw, name)
