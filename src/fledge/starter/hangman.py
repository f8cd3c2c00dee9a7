"""Hosting hangman: hints, guesses of letters and of the word, wrong guesses counted, endings."""

from random import Random

from fledge.starter.task import Scene, Split, Turn, Turns, only
from fledge.starter.words import NUMBERS, SHORT_WORDS

HOST = "You host hangman. The secret word is {word}: {letters}"
HINT_FRAMES = (
    "Give me a hint.",
    "A hint, please.",
    "Can you help me a little?",
    "I don't know. Please help me.",
    "Can I have a hint?",
    "Hint, please!",
)
LENGTH_FRAMES = (
    "How many letters does it have?",
    "How long is the word?",
    "How many letters are there?",
)
GUESS_FRAMES = (
    "Is the letter {guess} in it?",
    "My guess is {guess}.",
    "I guess {guess}.",
    "Does it have the letter {guess}?",
    "Is {guess} in the word?",
    "Does the word have {guess}?",
)
WORD_FRAMES = ("Is it {guess}?", "Is the word {guess}?", "I think it is {guess}.", "It's {guess}!")
SURRENDER_FRAMES = ("I give up.", "What is the word?", "Tell me the word, please.")
COMMON_LETTERS = "etaoinsrhlducmp"
MOST_WRONG = 6
"""Wrong guesses that lose the game."""


def hangman(split: Split, random: Random) -> Scene:
    """Draw a secret word; some are held out. The player asks, guesses, and ends the game."""
    word = random.choice(only(SHORT_WORDS, split))
    host = HOST.format(word=word, letters=" ".join(word))
    return Scene(_game(word, only(SHORT_WORDS, split), random), system=host)


def _game(word: str, words: tuple[str, ...], random: Random) -> Turns:
    guessed: set[str] = set()
    wrong = 0
    while wrong < MOST_WRONG:
        move = random.choices(("hint", "length", "letter", "word", "end"), (3, 1, 3, 1, 0.4))[0]
        if move == "letter":
            guess = _letter(word, guessed, random)
            guessed.add(guess)
            wrong += guess not in word
            yield _letter_guessed(word, guess, wrong, random)
        elif move == "word":
            guess = word if random.random() < 0.5 else random.choice(words)
            wrong += guess != word
            yield _word_guessed(word, guess, wrong, random)
            if guess == word:
                return
        elif move == "end" and guessed:
            said = f"The word was {word}."
            yield Turn(random.choice(SURRENDER_FRAMES), (f"{word}.",), (said,), (f"was {word}",))
            return
        elif move == "length":
            yield _length_asked(word, random)
        else:
            yield _hint_asked(word, random)


def _letter(word: str, guessed: set[str], random: Random) -> str:
    """Choose a letter of the word half of the time, otherwise one that is not in it."""
    hits = [letter for letter in word if letter not in guessed]
    misses = [letter for letter in COMMON_LETTERS if letter not in {*word, *guessed}]
    if hits and (not misses or random.random() < 0.5):
        return random.choice(hits)
    return random.choice(misses or list(word))


def _hint_asked(word: str, random: Random) -> Turn:
    first, last = word[0], word[-1]
    return Turn(
        random.choice(HINT_FRAMES),
        (f"It begins with {first}.",),
        (f"The word begins with {first} and ends with {last}.",),
        (f"begins with {first}", f"ends with {last}"),
    )


def _length_asked(word: str, random: Random) -> Turn:
    length = NUMBERS[len(word)]
    question, said = random.choice(LENGTH_FRAMES), f"The word has {length} letters."
    return Turn(question, (f"{length.capitalize()}.",), (said,), (f"{length} letters",))


def _letter_guessed(word: str, guess: str, wrong: int, random: Random) -> Turn:
    question = random.choice(GUESS_FRAMES).format(guess=guess)
    if guess in word:
        fact = f"the letter {guess} is in it"
        return Turn(question, ("Yes.",), (f"Yes, {fact}.",), ("yes", fact))
    fact = f"the letter {guess} is not in it"
    return Turn(question, ("No.",), (f"No, {fact}. {_counted(word, wrong)}",), ("no", fact))


def _word_guessed(word: str, guess: str, wrong: int, random: Random) -> Turn:
    question = random.choice(WORD_FRAMES).format(guess=guess)
    if guess == word:
        fact = f"the word is {word}"
        return Turn(question, ("Yes.",), (f"Yes, {fact}. Well done!",), ("yes", fact))
    fact = f"it is not {guess}"
    return Turn(question, ("No.",), (f"No, {fact}. {_counted(word, wrong)}",), ("no", fact))


def _counted(word: str, wrong: int) -> str:
    if wrong == MOST_WRONG:
        return f"You have lost: the word is {word}."
    return f"Wrong guesses: {NUMBERS[wrong]}."
