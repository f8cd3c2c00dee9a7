"""Letters to spell and to turn. The prompt shows them one by one, so each is a token of its own."""

from random import Random

from fledge.starter.courtesy import of_request
from fledge.starter.task import Scene, Split, Turn, Turns, only
from fledge.starter.words import SHORT_WORDS

SPELL_FRAMES = (
    "Spell in capitals: {letters}",
    "Write these letters in capitals: {letters}",
    "Spell the word {letters} in capitals.",
    "How do you spell {letters} in capitals?",
)
REVERSE_FRAMES = (
    "Spell backwards: {letters}",
    "Say these letters backwards: {letters}",
    "Reverse the word {letters}",
    "What is {letters} backwards?",
)
LONGEST_SPELLED = 4


def spelling(split: Split, random: Random) -> Scene:
    """Draw letters to write as capitals with dashes; some words are held out."""
    return Scene(_spelled(split, random))


def reversal(split: Split, random: Random) -> Scene:
    """Draw letters to say backwards; some words are held out."""
    return Scene(_reversed(split, random))


def spelled_words(split: Split) -> tuple[str, ...]:
    """Return the words of at most four letters; the demo is too short to learn longer ones."""
    return tuple(word for word in only(SHORT_WORDS, split) if len(word) <= LONGEST_SPELLED)


def _spelled(split: Split, random: Random) -> Turns:
    while True:
        word = random.choice(spelled_words(split))
        capitals = "-".join(word.upper())
        question = random.choice(SPELL_FRAMES).format(letters=" ".join(word))
        full, needed = f"It is spelled {capitals}.", f"spelled {capitals}"
        yield Turn(question, (f"{capitals}.",), (full,), (needed,), of_request(question))


def _reversed(split: Split, random: Random) -> Turns:
    while True:
        word = random.choice(spelled_words(split))
        backwards = " ".join(reversed(word))
        question = random.choice(REVERSE_FRAMES).format(letters=" ".join(word))
        full, needed = f"Backwards it is {backwards}.", f"it is {backwards}"
        yield Turn(question, (f"{backwards}.",), (full,), (needed,), of_request(question))
