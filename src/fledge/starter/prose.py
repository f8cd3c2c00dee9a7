"""Plain English prose about the world of the starter pack, for pretraining. No conversations."""

from collections.abc import Iterator
from random import Random

from fledge.starter.task import capitalised, only
from fledge.starter.words import DAYS, ITEMS, MONTHS, NAMES, NUMBERS, SHORT_WORDS

SENTENCES = (
    "{name} bought a {item} on {day}.",
    "On {day} {name} and {other} went to the market to look for a {item}.",
    "The {item} was too big for the table, so {name} gave it to {other}.",
    "{other} wrote a letter to {name} about the {item}.",
    "It was {date}, and the shop was full of people.",
    "There were {number} people in the room when {name} came in.",
    "The {word} lay beside the {item}, and nobody knew why.",
    "{name} said that the {item} had never been so good.",
    "At the end of the day {other} closed the shop and went home.",
    "The meeting was moved to {day}, because {name} had to travel.",
    "They paid {number} euros for the {item} and were happy with it.",
    "{name} put the {word} in a box and sent it to {other}.",
    "Nobody in the house knew who had left the {item} at the door.",
    "The table was booked for {number} people on {date}.",
    "When it rains, {name} stays at home and reads about the {word}.",
    "{other} thanked {name} and promised to come back on {day}.",
    "A {item} costs more than a {thing}, but it lasts much longer.",
    "It took {name} {number} days to mend the {item}.",
    "In the evening they sat by the window and talked about the {word}.",
    "{name} did not understand the question, so {other} asked it again.",
)
SENTENCES_EACH = 6


def prose(seed: int, paragraphs: int) -> Iterator[str]:
    """Yield short paragraphs, the same for the same seed; none contains a held-out word."""
    random = Random(f"prose {seed}")
    for _ in range(paragraphs):
        yield " ".join(_sentence(random) for _ in range(SENTENCES_EACH))


def _sentence(random: Random) -> str:
    name, other = random.sample(NAMES, 2)
    item, thing = random.sample(ITEMS, 2)
    return capitalised(
        random.choice(SENTENCES).format(
            name=name,
            other=other,
            item=item,
            thing=thing,
            day=random.choice(DAYS),
            date=f"{random.randint(1, 28)} {random.choice(MONTHS)}",
            number=random.choice(NUMBERS[2:]),
            word=random.choice(only(SHORT_WORDS, "train")),
        )
    )
