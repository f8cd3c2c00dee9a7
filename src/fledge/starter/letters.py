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
HINT_FRAMES = (
    "Give me a hint.",
    "A hint, please.",
    "Can you help me a little?",
    "I don't know. Which letters does it begin and end with?",
)
GUESS_FRAMES = (
    "Is the letter {guess} in it?",
    "My guess is {guess}.",
    "I guess {guess}.",
    "Does it have the letter {guess}?",
)
HANGMAN_HOST = "You host hangman. The secret word is {letters}"
COMMON_LETTERS = "etaoinsrhlducmp"
# One player in this many guesses a letter, the others ask for a hint: finding a letter in a word is
# the hardest task here for a small model.
GUESS_EVERY = 4
LONGEST_SPELLED = 4


def draw_spell(split: Split, random: Random) -> Task:
    """Draw letters to write as capitals with dashes; some words are held out."""
    word = random.choice(spelled_words(split))
    capitals = "-".join(word.upper())
    return Task(
        kind="spell",
        conversation=asked(random.choice(SPELL_FRAMES).format(letters=" ".join(word))),
        terse=(f"{capitals}.",),
        full=(f"It is spelled {capitals}.",),
        needed=(f"spelled {capitals}",),
    )


def draw_reverse(split: Split, random: Random) -> Task:
    """Draw letters to say backwards; some words are held out."""
    word = random.choice(spelled_words(split))
    backwards = " ".join(reversed(word))
    return Task(
        kind="reverse",
        conversation=asked(random.choice(REVERSE_FRAMES).format(letters=" ".join(word))),
        terse=(f"{backwards}.",),
        full=(f"Backwards it is {backwards}.",),
        needed=(f"it is {backwards}",),
    )


def spelled_words(split: Split) -> tuple[str, ...]:
    """Return the words of at most four letters; the demo is too short to learn longer ones."""
    return tuple(word for word in only(SHORT_WORDS, split) if len(word) <= LONGEST_SPELLED)


def draw_hangman(split: Split, random: Random) -> Task:
    """Draw a player's request for a hint, or a guess; some secret words are held out."""
    word = random.choice(only(SHORT_WORDS, split))
    draw = _hint if random.randrange(GUESS_EVERY) else _guess
    question, terse, full, needed = draw(word, random)
    return Task(
        kind="hangman",
        conversation=asked(question, system=HANGMAN_HOST.format(letters=" ".join(word))),
        terse=(terse,),
        full=(full,),
        needed=needed,
        agreeable=False,
    )


def _hint(word: str, random: Random) -> tuple[str, str, str, tuple[str, ...]]:
    first, last = word[0], word[-1]
    return (
        random.choice(HINT_FRAMES),
        f"It begins with {first}.",
        f"The word begins with {first} and ends with {last}.",
        (f"begins with {first}", f"ends with {last}"),
    )


def _guess(word: str, random: Random) -> tuple[str, str, str, tuple[str, ...]]:
    """Guess a letter of the word half of the time, otherwise one that is not in it."""
    hit = random.random() < 0.5
    others = [letter for letter in COMMON_LETTERS if letter not in word]
    guess = random.choice(word if hit else others)
    verdict = "Yes" if hit else "No"
    reply = f"the letter {guess} is {'in' if hit else 'not in'} it"
    question = random.choice(GUESS_FRAMES).format(guess=guess)
    return question, f"{verdict}.", f"{verdict}, {reply}.", (verdict, reply)
