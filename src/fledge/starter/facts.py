"""A few well-known facts that the model learns by heart."""

from random import Random

from fledge.starter.task import Scene, Split, Turn, Turns, capitalised, choose_cell
from fledge.starter.words import DAYS, MONTHS

CAPITALS = {
    "France": "Paris",
    "Germany": "Berlin",
    "Italy": "Rome",
    "Spain": "Madrid",
    "England": "London",
    "Austria": "Vienna",
    "Greece": "Athens",
    "Poland": "Warsaw",
    "Portugal": "Lisbon",
    "Japan": "Tokyo",
    "China": "Beijing",
    "Russia": "Moscow",
    "Egypt": "Cairo",
    "Sweden": "Stockholm",
    "Ireland": "Dublin",
    "the United States": "Washington",
}
OPPOSITES = {
    "hot": "cold",
    "big": "small",
    "early": "late",
    "good": "bad",
    "fast": "slow",
    "day": "night",
    "strong": "weak",
    "up": "down",
    "full": "empty",
    "happy": "sad",
    "rich": "poor",
    "wet": "dry",
}
COLOURS = {
    "the sky": "blue",
    "snow": "white",
    "grass": "green",
    "coal": "black",
    "blood": "red",
    "a banana": "yellow",
    "the sea": "blue",
    "milk": "white",
}
COUNTS = {
    "days are in a week": "seven",
    "months are in a year": "twelve",
    "legs does a dog have": "four",
    "legs does a spider have": "eight",
    "hours are in a day": "twenty-four",
    "minutes are in an hour": "sixty",
    "fingers does a hand have": "five",
    "wheels does a car have": "four",
}
AROUND = ("", "Please tell me: ", "Do you know this? ", "I'd like to know: ", "A question: ")
FACTS: tuple[tuple[str, str, str], ...] = (
    *(
        (f"What is the capital of {land}?", f"{city}.", f"The capital of {land} is {city}.")
        for land, city in CAPITALS.items()
    ),
    *(
        (f"What is the opposite of {one}?", f"{capitalised(other)}.", f"The opposite is {other}.")
        for pair in OPPOSITES.items()
        for one, other in (pair, pair[::-1])
    ),
    *(
        (
            f"What colour is {thing}?",
            f"{capitalised(colour)}.",
            f"{capitalised(thing)} is {colour}.",
        )
        for thing, colour in COLOURS.items()
    ),
    *(
        (f"How many {what}?", f"{capitalised(number)}.", f"The answer is {number}.")
        for what, number in COUNTS.items()
    ),
    *(
        (f"Which day comes after {day}?", f"{after}.", f"After {day} comes {after}.")
        for day, after in zip(DAYS, (*DAYS[1:], DAYS[0]), strict=True)
    ),
    *(
        (f"Which month comes after {month}?", f"{after}.", f"After {month} comes {after}.")
        for month, after in zip(MONTHS, (*MONTHS[1:], MONTHS[0]), strict=True)
    ),
)
"""Questions, short answers and full answers."""


def facts(split: Split, random: Random) -> Scene:
    """Draw questions; pairs of a question and what stands before it are held out."""
    return Scene(_facts(split, random))


def _facts(split: Split, random: Random) -> Turns:
    while True:
        row, column = choose_cell(split, len(FACTS), len(AROUND), random)
        question, terse, full = FACTS[row]
        needed = (full.rstrip("."),)
        yield Turn(AROUND[column] + question, (terse,), (full,), needed)
