"""Finished sentences: elision, a capital letter, the mark, and English as people type it."""

from fledge.starter.bilingual.agreement import elided
from fledge.starter.bilingual.clause import Clause
from fledge.starter.bilingual.draw import Draw
from fledge.starter.bilingual.english import contracted
from fledge.starter.bilingual.lexicon import Pair
from fledge.starter.task import capitalised

SHARE_ASKED, SHARE_DENIED = 0.25, 0.2
CONTRACTED_SHARE = 0.35
MARKS = {".": ".", "?": " ?", "!": " !"}
"""French marks; it puts a blank before two of them."""


def finished(draw: Draw, words: Pair, mark: str) -> Pair:
    """Return a whole sentence of words that are still apart."""
    english = capitalised(f"{words.english}{mark}")
    if draw.chance(CONTRACTED_SHARE):
        english = contracted(english)
    return Pair(english, capitalised(elided(f"{words.french}{MARKS[mark]}")))


def told(draw: Draw, clause: Clause) -> Pair:
    """Say, deny or ask a clause, as a whole sentence."""
    share = draw.random.random()
    if share < SHARE_ASKED:
        return finished(draw, clause.asked(), "?")
    if share < SHARE_ASKED + SHARE_DENIED:
        return finished(draw, clause.denied(), ".")
    return finished(draw, clause.said(), ".")
