"""Sums of small numbers, in words and in digits, in the range a tiny model can learn by heart."""

from random import Random

from fledge.starter.courtesy import of_request
from fledge.starter.task import Scene, Split, Turn, Turns, capitalised, in_split
from fledge.starter.words import NUMBERS

PLUS_FRAMES = (
    "What is {a} plus {b}?",
    "How much is {a} plus {b}?",
    "Add {a} and {b}.",
    "I have {a} apples and get {b} more. How many are there?",
    "Can you work out {a} plus {b}?",
    "What's {a} plus {b}?",
    "{a} plus {b}?",
)
MINUS_FRAMES = (
    "What is {a} minus {b}?",
    "How much is {a} minus {b}?",
    "Take {b} away from {a}.",
    "I have {a} apples and eat {b}. How many are left?",
    "Can you work out {a} minus {b}?",
    "What's {a} minus {b}?",
    "{a} minus {b}?",
)
DIGIT_PLUS_FRAMES = ("What is {a} + {b}?", "{a} + {b} = ?", "{a}+{b}", "What's {a}+{b}?")
DIGIT_MINUS_FRAMES = ("What is {a} - {b}?", "{a} - {b} = ?", "{a}-{b}", "What's {a}-{b}?")
LARGEST = 5


def arithmetic(split: Split, random: Random) -> Scene:
    """Draw sums; combinations of numbers, operation and wording are held out."""
    return Scene(_sums(split, random))


def _sums(split: Split, random: Random) -> Turns:
    while True:
        yield _in_digits(split, random) if random.random() < 0.4 else _in_words(split, random)


def _in_words(split: Split, random: Random) -> Turn:
    frames = (PLUS_FRAMES, MINUS_FRAMES)
    a, b, plus, frame = _drawn(split, frames, random)
    left, right, result = NUMBERS[a], NUMBERS[b], NUMBERS[a + b if plus else a - b]
    operation = "plus" if plus else "minus"
    question = capitalised(frame.format(a=left, b=right)).replace("one apples", "one apple")
    said = f"{capitalised(left)} {operation} {right} is {result}."
    needed = (f"{left} {operation} {right}", result)
    return Turn(question, (f"{capitalised(result)}.",), (said,), needed, of_request(question))


def _in_digits(split: Split, random: Random) -> Turn:
    a, b, plus, frame = _drawn(split, (DIGIT_PLUS_FRAMES, DIGIT_MINUS_FRAMES), random)
    sign, result = ("+", a + b) if plus else ("-", a - b)
    said = f"{a} {sign} {b} is {result}."
    needed = (f"{a} {sign} {b}", str(result))
    return Turn(frame.format(a=a, b=b), (f"{result}.",), (said,), needed)


def _drawn(
    split: Split, frames: tuple[tuple[str, ...], tuple[str, ...]], random: Random
) -> tuple[int, int, bool, str]:
    """Draw two numbers, whether they are added, and the wording."""
    while True:
        a, b = random.randint(1, LARGEST), random.randint(1, LARGEST)
        plus = random.random() < 0.5
        frame = random.choice(frames[0] if plus else frames[1])
        if (plus or a >= b) and in_split(split, a, "+" if plus else "-", b, frame):
            return a, b, plus, frame
