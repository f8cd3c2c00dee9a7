"""Remarks on how people feel, and sympathetic answers."""

from random import Random

from fledge.starter.task import Scene, Split, Turn, Turns, choose_cell
from fledge.starter.words import listed

GOOD = listed("happy glad cheerful proud excited relaxed hopeful grateful calm lucky great fine")
BAD = listed(
    """sad tired lonely angry nervous afraid bored ill worried unhappy confused stressed hurt
    disappointed sick upset"""
)
FRAMES = (
    "I feel {feeling}.",
    "I am {feeling} today.",
    "I'm so {feeling}!",
    "I'm {feeling}.",
    "I feel a bit {feeling} today.",
    "I feel very {feeling} right now.",
    "I have been {feeling} all day.",
    "Today I'm really {feeling}.",
    "I am feeling {feeling}.",
    "My friend feels {feeling}.",
)
OF_FRIENDS = 1
"""Frames at the end that speak of somebody else."""


def feelings(split: Split, random: Random) -> Scene:
    """Draw what somebody feels; pairs of a feeling and a wording are held out."""
    return Scene(_feelings(split, random))


def _feelings(split: Split, random: Random) -> Turns:
    while True:
        row, column = choose_cell(split, len(GOOD) + len(BAD), len(FRAMES), random)
        feeling = (*GOOD, *BAD)[row]
        is_own = column < len(FRAMES) - OF_FRIENDS
        who = f"you feel {feeling}" if is_own else f"your friend feels {feeling}"
        if feeling in GOOD:
            terse, full, needed = "That's good.", f"I'm glad that {who}.", "glad"
        else:
            terse, needed = "I'm sorry.", "sorry"
            full = f"I'm sorry that {who}. Would you like to talk about it?"
        question = FRAMES[column].format(feeling=feeling)
        yield Turn(question, (terse,), (full,), (needed, who))
