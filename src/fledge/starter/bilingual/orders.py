"""Orders and requests: "close the door, please", "can you help my sister?"."""

from fledge.starter.bilingual.complements import draw_action
from fledge.starter.bilingual.conjugation import present, taken_apart
from fledge.starter.bilingual.draw import Draw
from fledge.starter.bilingual.lexicon import Pair
from fledge.starter.bilingual.sentence import finished


def order(draw: Draw) -> Pair:
    """Draw "close the door, please", "do not eat the cake" or "let's go"."""
    verb, complement = draw_action(draw)
    french, share = taken_apart(verb.french), draw.random.random()
    if french.is_reflexive or verb.is_state:
        return order(draw)
    command = present(french.head, 1)
    if command.endswith(("es", "as")):
        command = command[:-1]
    words = Pair(
        f"{verb.english.base} {complement.english}", f"{command} {french.tail} {complement.french}"
    )
    if share < 0.2:
        words = Pair(
            f"do not {verb.english.base} {complement.english_negated}",
            f"ne {command} pas {french.tail} {complement.french_negated}",
        )
    elif share < 0.3:
        us = present(french.head, 3)
        words = Pair(f"let's {words.english}", f"{us} {french.tail} {complement.french}")
    return finished(draw, polite(draw, tidied(words), "s'il te plaît"), ".")


def tidied(words: Pair) -> Pair:
    """Take out blanks where nothing stood."""
    return Pair(" ".join(words.english.split()), " ".join(words.french.split()))


def polite(draw: Draw, words: Pair, please: str) -> Pair:
    """Add "please" to some requests, behind or before them."""
    share = draw.random.random()
    if share < 0.3:
        return Pair(f"{words.english}, please", f"{words.french}, {please}")
    if share < 0.4:
        return Pair(f"please {words.english}", f"{words.french}, {please}")
    return words


def request(draw: Draw) -> Pair:
    """Draw "can you close the door, please?"."""
    verb, complement = draw_action(draw)
    french = taken_apart(verb.french).infinitive(1)
    english = draw.one(("can you", "can you", "could you"))
    asked = Pair(
        f"{english} {verb.english.base} {complement.english}",
        f"est-ce que tu peux {french} {complement.french}",
    )
    words = tidied(asked)
    if draw.chance(0.6):
        words = Pair(f"{words.english}, please", f"{words.french}, s'il te plaît")
    return finished(draw, words, "?")
