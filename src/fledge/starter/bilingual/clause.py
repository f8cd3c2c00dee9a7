"""Clauses in both languages: a subject, a predicate and what follows, said, denied or asked."""

from dataclasses import dataclass

from fledge.starter.bilingual.conjugation import joined
from fledge.starter.bilingual.lexicon import Gender, Pair
from fledge.starter.bilingual.noun_phrase import NOTHING, Complement, NounPhrase


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject; `person` counts je, tu, il, nous, vous, ils from 0."""

    english: str
    french: str
    person: int
    gender: Gender
    is_english_plural: bool

    @property
    def is_third(self) -> bool:
        """Tell whether an English verb takes an s after it."""
        return self.person in (2, 5) and not self.is_english_plural

    @property
    def is_plural(self) -> bool:
        """Tell whether a French adjective after it is plural."""
        return self.person > 2


PRONOUNS = (
    Subject("I", "je", 0, "m", False),
    Subject("you", "tu", 1, "m", False),
    Subject("he", "il", 2, "m", False),
    Subject("she", "elle", 2, "f", False),
    Subject("we", "nous", 3, "m", True),
    Subject("they", "ils", 5, "m", True),
)


def as_subject(phrase: NounPhrase) -> Subject:
    """Make a noun phrase the subject of a clause."""
    person = 5 if phrase.is_plural else 2
    return Subject(phrase.english, phrase.french, person, phrase.gender, phrase.is_english_plural)


@dataclass(frozen=True, slots=True)
class Predicate:
    """A verb in its tense, in both languages, taken apart where other words go between."""

    english: str
    """Verb of a plain statement: "eats", "is eating", "ate"."""
    auxiliary: str
    """Verb that "not" follows and that begins a question: "does", "is", "did"."""
    rest: str
    """Words behind the auxiliary: "eat", "eating"."""
    french: str
    """Finite verb, between "ne" and "pas"."""
    french_rest: str = ""
    """Words behind "pas": a participle or an infinitive."""
    clitic: str = ""
    """Pronoun before the finite verb: "me", "le"."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A subject, a predicate, and the words behind them."""

    subject: Subject
    predicate: Predicate
    complement: Complement = NOTHING
    adverb: Pair | None = None

    def said(self) -> Pair:
        """Return the statement: "she eats bread", "elle mange du pain"."""
        english = joined(
            self.subject.english, self.predicate.english, self.complement.english, *self._when(0)
        )
        return Pair(english, self._french("", "", self.complement.french))

    def denied(self, french_no: str = "pas") -> Pair:
        """Return the negation: "she does not eat bread", "elle ne mange pas de pain"."""
        english = joined(
            self.subject.english,
            "cannot" if self.predicate.auxiliary == "can" else f"{self.predicate.auxiliary} not",
            self.predicate.rest,
            self.complement.english_negated,
            *self._when(0),
        )
        return Pair(english, self._french("ne", french_no, self.complement.french_negated))

    def asked(self, word: Pair | None = None) -> Pair:
        """Return the question, behind a question word or without one."""
        english = joined(
            word.english if word else "",
            self.predicate.auxiliary,
            self.subject.english,
            self.predicate.rest,
            self.complement.english,
            *self._when(0),
        )
        french = joined(word.french if word else "", "est-ce que", self.said().french)
        return Pair(english, french)

    def often(self, adverb: Pair) -> Pair:
        """Return the statement with "often" or "always": before an English verb, behind a French.

        Behind a form of "be" it stands in English, too.
        """
        words = [self.predicate.english, adverb.english]
        if self.predicate.rest:
            words.reverse()
        english = joined(self.subject.english, *words, self.complement.english, *self._when(0))
        negation = "ne" if adverb.french == "jamais" else ""
        object_ = self.complement
        french = object_.french_negated if negation else object_.french
        return Pair(english, self._french(negation, adverb.french, french))

    def _french(self, before: str, behind: str, complement: str) -> str:
        return joined(
            self.subject.french,
            before,
            self.predicate.clitic,
            self.predicate.french,
            behind,
            self.predicate.french_rest,
            complement,
            *self._when(1),
        )

    def _when(self, side: int) -> list[str]:
        return [(self.adverb.english, self.adverb.french)[side]] if self.adverb else []
