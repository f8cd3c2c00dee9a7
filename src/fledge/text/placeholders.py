"""Placeholders for words that a model never saw, after Luong et al. 2015 (arXiv:1410.8206).

A model that was trained on sentences with placeholders translates around them, and the words come
back into their places afterwards. A model that was not gets its sentences as they are.
"""

from collections.abc import Collection, Mapping, Set
from unicodedata import normalize

from fledge.text.known_words import WORD

PLACEHOLDERS = {True: ("aqx", "eqx", "oqx"), False: ("xqa", "xqe", "xqo")}
"""Stand-ins for words that begin with a vowel, and for others: languages shorten words before a
vowel. One is written with a capital letter where its word is, and where a sentence begins."""
VOWELS = "aeiou"
CASES = (str.lower, str.capitalize)


def hidden(text: str, unknown: Collection[str], known: Set[str]) -> tuple[str, dict[str, str]]:
    """Put placeholders in the places of unknown words; return the text and what they stand for.

    Only placeholders that training had are used. Words beyond their number stay.
    """
    stand_ins: dict[str, str] = {}
    for word in unknown:
        used = {taken.casefold() for taken in stand_ins.values()}
        begins_with_vowel = normalize("NFD", word)[0].casefold() in VOWELS
        free = [one for one in PLACEHOLDERS[begins_with_vowel] if one in known - used]
        if free:
            is_capital = word[0].isupper() or text.lstrip().startswith(word)
            stand_ins[word] = free[0].capitalize() if is_capital else free[0]
    replaced = WORD.sub(lambda match: stand_ins.get(match[0], match[0]), text)
    return replaced, {stand_in: word for word, stand_in in stand_ins.items()}


def restored(text: str, words: Mapping[str, str]) -> str:
    """Put the words back for which placeholders stand, whatever the case of their first letter."""
    cases = {change(stand_in): word for stand_in, word in words.items() for change in CASES}
    return WORD.sub(lambda match: cases.get(match[0], match[0]), text)
