"""French words that depend on their neighbours: articles, possessives, elision, contraction."""

import re

from fledge.starter.bilingual.conjugation import joined
from fledge.starter.bilingual.lexicon import Adjective, Gender, Noun

VOWELS = "aeiouéèêâîôœhAEIOUÉ"
"""First letters before which French shortens; every small h of the lexicon is silent."""
SHORTENED = re.compile(
    rf"(?<![\w'-])(je|me|te|se|le|la|de|ne|que) (?=[{VOWELS}])(?!huit\b|onze\b)", re.IGNORECASE
)
IT_IS = re.compile(r"\bce (?=est |étai)")
"""The pronoun before a form of "être"; the article of "cet été" has its own rule."""
POSSESSIVES = {
    "my": ("mon", "ma", "mes"),
    "your": ("ton", "ta", "tes"),
    "his": ("son", "sa", "ses"),
    "her": ("son", "sa", "ses"),
    "our": ("notre", "notre", "nos"),
    "their": ("leur", "leur", "leurs"),
}


def elided(french: str) -> str:
    """Shorten little words before a vowel: "je ai" becomes "j'ai", "la école" "l'école"."""
    whole = SHORTENED.sub(lambda match: f"{match[1][:-1]}'", french)
    return IT_IS.sub("c'", whole).replace("' ", "'")


def contracted(preposition: str, french: str) -> str:
    """Join "à" or "de" with a noun phrase: au marché, du pain, aux enfants, de la gare."""
    short = {"à": ("au", "aux"), "de": ("du", "des")}[preposition]
    if french.startswith("le ") and french[3] not in VOWELS:
        return f"{short[0]} {french[3:]}"
    if french.startswith("les "):
        return f"{short[1]} {french[4:]}"
    return f"{preposition} {french}"


def begins_with_vowel(french: str) -> bool:
    """Tell whether little words are shortened before these words."""
    return french[0] in VOWELS


def noun_group(noun: Noun, adjective: Adjective | None = None, is_plural: bool = False) -> str:
    """Return noun and adjective in their French order, agreeing with each other."""
    word = noun.french_plural if is_plural else noun.french
    if adjective is None:
        return word
    form = adjective.agreeing(noun.gender, is_plural or noun.is_plural)
    if not adjective.is_before:
        return f"{word} {form}"
    is_lone_masculine = noun.gender == "m" and not is_plural
    if is_lone_masculine and begins_with_vowel(word):
        form = adjective.before_vowel
    return f"{form} {word}"


def the(group: str, gender: Gender, is_plural: bool) -> str:
    """Put the definite article before a noun group; `elided` shortens it."""
    return joined("les" if is_plural else "le" if gender == "m" else "la", group)


def a(group: str, gender: Gender) -> str:
    """Put the indefinite article before a singular noun group."""
    return joined("un" if gender == "m" else "une", group)


def this(group: str, gender: Gender, is_plural: bool) -> str:
    """Put ce, cet, cette or ces before a noun group."""
    if is_plural:
        return f"ces {group}"
    if gender == "f":
        return f"cette {group}"
    return f"cet {group}" if begins_with_vowel(group) else f"ce {group}"


def some(group: str, gender: Gender, is_plural: bool) -> str:
    """Put the partitive before a noun group: du pain, de l'eau, des pommes."""
    if is_plural:
        return f"des {group}"
    return contracted("de", the(group, gender, is_plural))


def owned(owner: str, group: str, gender: Gender, is_plural: bool) -> str:
    """Put a possessive before a noun group; "mon" serves both genders before a vowel."""
    masculine, feminine, plural = POSSESSIVES[owner]
    if is_plural:
        return f"{plural} {group}"
    is_feminine = gender == "f" and not begins_with_vowel(group)
    return f"{feminine if is_feminine else masculine} {group}"
