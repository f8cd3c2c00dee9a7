"""English forms by rule: plurals, verbs, the indefinite article and contractions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

VOWELS = "aeiou"
SIBILANTS = ("s", "x", "z", "ch", "sh")


@dataclass(frozen=True, slots=True)
class VerbForms:
    """The forms of a verb with the words behind it: "look for", "looks for", "looking for"."""

    base: str
    third: str
    progressive: str
    past: str
    participle: str


def verb_forms(given: Sequence[str]) -> VerbForms:
    """Build all forms of "get up, got, got, getting"; what is not given follows the rules."""
    verb, *rest = given[0].split(" ", 1)
    tail = f" {rest[0]}" if rest else ""
    past, participle = given[1:3] if len(given) > 2 else [regular_past(verb)] * 2
    progressive = given[3] if len(given) > 3 else regular_progressive(verb)
    forms = (verb, third_person(verb), progressive, past, participle)
    return VerbForms(*(f"{form}{tail}" for form in forms))


def third_person(verb: str) -> str:
    """Return "goes", "washes", "studies", "has" or "plays"."""
    return "has" if verb == "have" else with_s(verb, (*SIBILANTS, "o"))


def plural_of(noun: str) -> str:
    """Return the plural of a regular noun: watches, libraries, keys."""
    return with_s(noun, SIBILANTS)


def with_s(word: str, hissing: tuple[str, ...]) -> str:
    """Append the s of verbs and plurals."""
    if word.endswith("y") and word[-2] not in VOWELS:
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(hissing) else f"{word}s"


def regular_progressive(verb: str) -> str:
    """Return "making" of "make", "seeing" of "see"."""
    return f"{verb[:-1] if verb.endswith('e') and not verb.endswith('ee') else verb}ing"


def regular_past(verb: str) -> str:
    """Return "played", "danced" or "cried"."""
    if verb.endswith("e"):
        return f"{verb}d"
    if verb.endswith("y") and verb[-2] not in VOWELS:
        return f"{verb[:-1]}ied"
    return f"{verb}ed"


def with_article(words: str) -> str:
    """Put "a" or "an" before a noun with its adjectives."""
    if words.startswith(("uni", "use", "eu")):
        return f"a {words}"
    return f"an {words}" if words[0].lower() in VOWELS or words.startswith("hour") else f"a {words}"


CONTRACTIONS = (
    (r"\b(do|does|did|is|are|was|were|must|have|has|would|could) not\b", r"\1n't"),
    (r"\bcannot\b", "can't"),
    (r"\bwill not\b", "won't"),
    (r"\b(I) am\b", r"\1'm"),
    (r"\b([Yy]ou|[Ww]e|[Tt]hey) are\b", r"\1're"),
    (r"\b([Hh]e|[Ss]he|[Ii]t|[Tt]hat|[Tt]here|[Ww]hat|[Ww]here|[Ww]ho|[Hh]ow) is\b", r"\1's"),
    (r"\b(I|[Yy]ou|[Hh]e|[Ss]he|[Ww]e|[Tt]hey) will\b", r"\1'll"),
    (r"\b(I|[Yy]ou|[Hh]e|[Ss]he|[Ww]e|[Tt]hey) would\b", r"\1'd"),
)


def contracted(sentence: str) -> str:
    """Write a sentence as people type it: "I'm", "don't", "it's"."""
    for pattern, short in CONTRACTIONS:
        sentence = re.sub(pattern, short, sentence)
    return sentence
