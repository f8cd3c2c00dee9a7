"""Rhymes and word chains."""

import re
from random import Random

from fledge.starter.courtesy import of_request
from fledge.starter.task import Scene, Split, Turn, Turns, capitalised, choose_cell, only
from fledge.starter.words import listed

RHYMES = tuple(
    tuple(family.split())
    for family in (
        "cat hat bat mat rat",
        "tree bee sea key knee",
        "light night right kite bite",
        "day way play clay tray",
        "ring king sing wing thing",
        "moon spoon noon soon tune",
        "rain train chain plane cane",
        "boat coat goat note vote",
        "house mouse blouse",
        "bell well shell tell smell",
        "cake lake snake rake make",
        "star car jar far bar",
        "ball wall tall fall small",
        "book cook look hook took",
        "dog fog log frog",
        "fish dish wish",
        "bear chair hair pear stair",
        "nose rose toes hose",
        "gold cold old hold told",
        "sand hand land band stand",
        "sock clock rock lock block",
        "bread head red bed thread",
        "sun run fun one bun",
        "hill mill bill pill",
    )
)
RHYME_FRAMES = (
    "What rhymes with {word}?",
    "Give me a rhyme for {word}.",
    "Find a word that rhymes with {word}.",
    "I need a rhyme for {word}.",
    "Which word sounds like {word}?",
)
MORE_RHYMES = ("Another one, please.", "One more, please.", "And another one?", "Any others?")
# Each ends with the first letter of another.
CHAIN_WORDS = listed(
    """apple engine ear egg elephant road nest tiger rabbit table eagle eye island dog garden
    night tree river rain needle letter ring goat train nose snow window wall lemon orange yellow
    wind daisy yard drum milk king gate tooth hand door robin oven net tent tulip paper rose salt
    lamp pencil light sand desk kite elbow water hat test star rope piano leaf owl fish house flag
    glass skirt shoe east"""
)
CHAIN_FRAMES = (
    "Word chain! My word is {word}, it ends with {letter}.",
    "Let's play word chain: {word}. Your letter is {letter}.",
    "Word chain: {word}, so you start with {letter}.",
    "I say {word}. Your word must start with {letter}.",
)
NEXT_FRAMES = (
    "{word}. Your letter is {letter}.",
    "My word is {word}, it ends with {letter}.",
    "I say {word}. Your word must start with {letter}.",
    "{word}, so you start with {letter}.",
)


def rhymes(split: Split, random: Random) -> Scene:
    """Draw a word to rhyme; pairs of a word and a wording are held out."""
    return Scene(_rhymes(split, random))


def word_chain(split: Split, random: Random) -> Scene:
    """Draw a word to continue from; some words are held out, but none of their last letters."""
    return Scene(_chain(split, random))


def _rhymes(split: Split, random: Random) -> Turns:
    words = [(word, family) for family in RHYMES for word in family]
    while True:
        row, column = choose_cell(split, len(words), len(RHYME_FRAMES), random)
        word, family = words[row]
        left = [rhyme for rhyme in family if rhyme != word]
        answer = yield _rhyme(RHYME_FRAMES[column].format(word=word), word, left)
        while random.random() < 0.5:
            left = [rhyme for rhyme in left if rhyme not in _words(answer)]
            if not left:
                break
            answer = yield _rhyme(random.choice(MORE_RHYMES), word, left)


def _rhyme(question: str, word: str, left: list[str]) -> Turn:
    return Turn(
        question,
        tuple(f"{capitalised(rhyme)}." for rhyme in left),
        tuple(f"{capitalised(rhyme)} rhymes with {word}." for rhyme in left),
        (f"rhymes with {word}",),
        of_request(question),
    )


def _chain(split: Split, random: Random) -> Turns:
    word, frames = random.choice(only(CHAIN_WORDS, split)), CHAIN_FRAMES
    said = {word}
    while True:
        left = [one for one in CHAIN_WORDS if one[0] == word[-1] and one not in said]
        if not left:
            return
        answer = yield Turn(
            capitalised(random.choice(frames).format(word=word, letter=word[-1])),
            tuple(f"{capitalised(one)}." for one in left),
            tuple(f"My word is {one}. Your letter is {one[-1]}." for one in left),
            ("my word is", "your letter is"),
        )
        # A player who cannot go on from an answer begins again.
        spoken = _words(answer.partition("Your letter")[0])
        replied = next((one for one in spoken if one in left), None)
        said |= {replied} if replied else set()
        begins = [one for one in only(CHAIN_WORDS, split) if one not in said]
        follows = [one for one in begins if replied and one[0] == replied[-1]]
        if not (follows or begins):
            return
        word, frames = random.choice(follows or begins), NEXT_FRAMES if follows else CHAIN_FRAMES
        said.add(word)


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower())
