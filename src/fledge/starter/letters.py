"""Games with letters. The prompt shows the letters one by one, so each is a token of its own."""

from random import Random

from fledge.starter.task import Split, Task, asked, only
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
HANGMAN_FRAMES = (
    "Is the letter {guess} in it?",
    "My guess is {guess}.",
    "I guess {guess}.",
    "Does it have the letter {guess}?",
)
HANGMAN_HOST = "You host hangman. The secret word is {letters}"
COMMON_LETTERS = "etaoinsrhlducmp"


def draw_spell(split: Split, random: Random) -> Task:
    """Letters to write as capitals with dashes; held out are the words."""
    word = random.choice(only(SHORT_WORDS, split))
    capitals = "-".join(word.upper())
    return Task(
        kind="spell",
        conversation=asked(random.choice(SPELL_FRAMES).format(letters=" ".join(word))),
        terse=(f"{capitals}.",),
        full=(f"It is spelled {capitals}.",),
        needed=(f"spelled {capitals}",),
    )


def draw_reverse(split: Split, random: Random) -> Task:
    """Letters to say backwards; held out are the words."""
    word = random.choice(only(SHORT_WORDS, split))
    backwards = " ".join(reversed(word))
    return Task(
        kind="reverse",
        conversation=asked(random.choice(REVERSE_FRAMES).format(letters=" ".join(word))),
        terse=(f"{backwards}.",),
        full=(f"Backwards it is {backwards}.",),
        needed=(f"it is {backwards}",),
    )


def draw_hangman(split: Split, random: Random) -> Task:
    """A guess in hangman: the host knows the word and shows where the letter stands."""
    word = random.choice(only(SHORT_WORDS, split))
    hit = random.random() < 0.6
    others = [letter for letter in COMMON_LETTERS if letter not in word]
    guess = random.choice(word if hit else others)
    shown = " ".join(letter if letter == guess else "_" for letter in word)
    verdict = "Yes" if hit else "No"
    reply = f"the letter {guess} is {'in' if hit else 'not in'} it"
    return Task(
        kind="hangman",
        conversation=asked(
            random.choice(HANGMAN_FRAMES).format(guess=guess),
            system=HANGMAN_HOST.format(letters=" ".join(word)),
        ),
        terse=(f"{verdict}: {shown}",),
        full=(f"{verdict}, {reply}: {shown}",),
        needed=(f"{reply}: {shown}",),
        agreeable=False,
    )
