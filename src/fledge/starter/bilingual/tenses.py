"""Predicates: a verb with its subject in a tense, or behind "can", "want to" and the like."""

from fledge.starter.bilingual.clause import Predicate, Subject
from fledge.starter.bilingual.conjugation import (
    IMPERFECT,
    REFLEXIVE,
    WISHING,
    FrenchVerb,
    joined,
    participle,
    present,
    taken_apart,
)
from fledge.starter.bilingual.english import third_person
from fledge.starter.bilingual.lexicon import Gender, Verb

PRECEDING: dict[str, tuple[Gender, bool]] = {
    "la": ("f", False),
    "les": ("m", True),
    "nous": ("m", True),
}
"""Gender and number of pronouns with which a participle behind them agrees."""


def be(subject: Subject, was: bool = False) -> str:
    """Return am, is, are, was or were."""
    if subject.person == 0:
        return "was" if was else "am"
    if subject.is_third:
        return "was" if was else "is"
    return "were" if was else "are"


def do(subject: Subject) -> str:
    """Return do or does."""
    return "does" if subject.is_third else "do"


def agreeing(word: str, gender: Gender, is_plural: bool) -> str:
    """Return a participle in a gender and a number: venues, pris."""
    form = f"{word}e" if gender == "f" else word
    return f"{form}s" if is_plural and not form.endswith("s") else form


def simple(subject: Subject, verb: Verb, clitic: str = "") -> Predicate:
    """Return "eats" and "mange"."""
    french, forms = taken_apart(verb.french), verb.english
    finite = forms.third if subject.is_third else forms.base
    return _now(subject, french, clitic, finite, do(subject), forms.base)


def progressive(subject: Subject, verb: Verb, clitic: str = "") -> Predicate:
    """Return "is eating" and "mange"."""
    doing = verb.english.progressive
    english = f"{be(subject)} {doing}"
    return _now(subject, taken_apart(verb.french), clitic, english, be(subject), doing)


def _now(
    subject: Subject, french: FrenchVerb, clitic: str, english: str, auxiliary: str, rest: str
) -> Predicate:
    pronoun = REFLEXIVE[subject.person] if french.is_reflexive else clitic
    finite = present(french.head, subject.person)
    return Predicate(english, auxiliary, rest, finite, french.tail, pronoun)


def past(subject: Subject, verb: Verb, clitic: str = "") -> Predicate:
    """Return "ate" and "a mangé"."""
    return _past(subject, verb, verb.english.past, "did", verb.english.base, clitic)


def perfect(subject: Subject, verb: Verb) -> Predicate:
    """Return "has eaten" and "a mangé"."""
    have, done = "has" if subject.is_third else "have", verb.english.participle
    return _past(subject, verb, f"{have} {done}", have, done)


def _past(
    subject: Subject, verb: Verb, english: str, auxiliary: str, rest: str, clitic: str = ""
) -> Predicate:
    french = taken_apart(verb.french)
    done = participle(french.head)
    if french.moves:
        done = agreeing(done, subject.gender, subject.is_plural)
    elif clitic in PRECEDING:
        done = agreeing(done, *PRECEDING[clitic])
    helper = present("être" if french.moves else "avoir", subject.person)
    pronoun = REFLEXIVE[subject.person] if french.is_reflexive else clitic
    return Predicate(english, auxiliary, rest, helper, joined(done, french.tail), pronoun)


def going_to(subject: Subject, verb: Verb, clitic: str = "") -> Predicate:
    """Return "is going to eat" and "va manger"."""
    rest = f"going to {verb.english.base}"
    return _behind(
        subject, verb, clitic, f"{be(subject)} {rest}", be(subject), rest, present_of("aller")
    )


def will(subject: Subject, verb: Verb, clitic: str = "") -> Predicate:
    """Return "will eat", and the French near future, which is the usual one in speech."""
    base = verb.english.base
    return _behind(subject, verb, clitic, f"will {base}", "will", base, present_of("aller"))


def can(subject: Subject, verb: Verb, clitic: str = "") -> Predicate:
    """Return "can eat" and "peut manger"."""
    base = verb.english.base
    return _behind(subject, verb, clitic, f"can {base}", "can", base, present_of("pouvoir"))


def with_infinitive(
    subject: Subject, verb: Verb, english: str, forms: str, clitic: str = ""
) -> Predicate:
    """Return "wants to eat" of "want" and the six forms of "vouloir"; "has to", "likes to"."""
    third = {"have": "has"}.get(english, f"{english}s")
    finite = third if subject.is_third else english
    base = f"to {verb.english.base}"
    rest = f"{english} {base}"
    return _behind(subject, verb, clitic, f"{finite} {base}", do(subject), rest, forms)


def must(subject: Subject, verb: Verb, clitic: str = "") -> Predicate:
    """Return "must eat" and "doit manger"."""
    base = verb.english.base
    return _behind(subject, verb, clitic, f"must {base}", "must", base, present_of("devoir"))


def would_like(subject: Subject, verb: Verb, clitic: str = "") -> Predicate:
    """Return "would like to eat" and "voudrait manger"."""
    rest = f"like to {verb.english.base}"
    return _behind(subject, verb, clitic, f"would {rest}", "would", rest, WISHING)


def present_of(infinitive: str) -> str:
    """Return the six forms of the present."""
    return " ".join(present(infinitive, person) for person in range(6))


def _behind(
    subject: Subject, verb: Verb, clitic: str, english: str, auxiliary: str, rest: str, forms: str
) -> Predicate:
    infinitive = taken_apart(verb.french).infinitive(subject.person, clitic)
    return Predicate(english, auxiliary, rest, forms.split()[subject.person], infinitive)


def state(subject: Subject, french: str, was: bool = False) -> Predicate:
    """Return "is" or "was", and "être" or "avoir" in the same tense: "is hungry", "a faim"."""
    finite = IMPERFECT[french].split() if was else present_of(french).split()
    english = be(subject, was)
    return Predicate(english, english, "", finite[subject.person])


def matched(subject: Subject, english: str, french: str, french_rest: str = "") -> Predicate:
    """Return "needs" and "a besoin": the present of two verbs that differ in what follows."""
    finite = third_person(english) if subject.is_third else english
    form = present(french, subject.person)
    return Predicate(finite, do(subject), english, form, french_rest)


def being(subject: Subject, french: str) -> Predicate:
    """Return "is" with the present of any French verb: "I am fine", "je vais bien"."""
    english = be(subject)
    return Predicate(english, english, "", present(french, subject.person))


def turned_round(french: str, subject: Subject) -> str:
    """Return a verb with its pronoun behind it: "as-tu", "a-t-il"."""
    finite = present(french, subject.person)
    return f"{finite}{'-t-' if finite[-1] in 'aec' else '-'}{subject.french}"
