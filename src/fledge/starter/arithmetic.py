"""Sums in words, in the range a tiny model can learn by heart."""

from random import Random

from fledge.starter.task import Split, Task, asked, capitalised, in_split
from fledge.starter.words import NUMBERS

PLUS_FRAMES = (
    "What is {a} plus {b}?",
    "How much is {a} plus {b}?",
    "Add {a} and {b}.",
    "I have {a} apples and get {b} more. How many are there?",
    "Can you work out {a} plus {b}?",
)
MINUS_FRAMES = (
    "What is {a} minus {b}?",
    "How much is {a} minus {b}?",
    "Take {b} away from {a}.",
    "I have {a} apples and eat {b}. How many are left?",
    "Can you work out {a} minus {b}?",
)
LARGEST = 5


def draw_arithmetic(split: Split, random: Random) -> Task:
    """Draw a sum; combinations of numbers, operation and wording are held out."""
    while True:
        a, b = random.randint(1, LARGEST), random.randint(1, LARGEST)
        plus = random.random() < 0.5
        column = random.randrange(len(PLUS_FRAMES))
        if (plus or a >= b) and in_split(split, a, "+" if plus else "-", b, column):
            break
    left, right = NUMBERS[a], NUMBERS[b]
    result = NUMBERS[a + b if plus else a - b]
    operation = "plus" if plus else "minus"
    frame = (PLUS_FRAMES if plus else MINUS_FRAMES)[column]
    return Task(
        kind="arithmetic",
        conversation=asked(frame.format(a=left, b=right)),
        terse=(f"{capitalised(result)}.",),
        full=(f"{capitalised(left)} {operation} {right} is {result}.",),
        needed=(f"{left} {operation} {right}", result),
    )
