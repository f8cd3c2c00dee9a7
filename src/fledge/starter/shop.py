"""A shop's assistant whose name and knowledge stand in the system prompt."""

from random import Random

from fledge.starter.task import Split, Task, asked, in_split
from fledge.starter.words import ITEMS, NAMES

PERSONA = (
    "You are {name}, the assistant in a shop. It is open from {opens} to {closes}. "
    "A {item} costs {price} euros."
)
# Ways to ask; the terse answer; the full answer; the parts of a complete answer.
QUESTIONS = (
    (
        ("When are you open?", "What are your opening hours?", "When can I come?"),
        "From {opens} to {closes}.",
        "We are open from {opens} to {closes}.",
        ("open", "{opens} to {closes}"),
    ),
    (
        ("How much is the {item}?", "What does a {item} cost?", "What is the price of a {item}?"),
        "{price} euros.",
        "A {item} costs {price} euros.",
        ("{item}", "{price} euros"),
    ),
    (
        ("Who are you?", "Who am I talking to?", "What is your name?"),
        "{name}.",
        "I'm {name}, the assistant in the shop.",
        ("{name}", "assistant"),
    ),
)


def draw_shop(split: Split, random: Random) -> Task:
    """Draw a question that the system prompt answers; some prices and hours are held out."""
    said, terse, full, needed = random.choice(QUESTIONS)
    opens, closes = draw_hours(split, random)
    slots = {
        "name": random.choice(NAMES),
        "opens": opens,
        "closes": closes,
        "item": random.choice(ITEMS),
        "price": str(draw_price(split, random)),
    }
    return Task(
        kind="shop",
        conversation=asked(random.choice(said).format(**slots), PERSONA.format(**slots)),
        terse=(terse.format(**slots),),
        full=(full.format(**slots),),
        needed=tuple(piece.format(**slots) for piece in needed),
    )


def draw_hours(split: Split, random: Random) -> tuple[str, str]:
    """Draw opening and closing hours, a pair that belongs to `split`."""
    while True:
        opens, closes = random.randint(6, 11), random.randint(14, 22)
        if in_split(split, opens, closes):
            return str(opens), str(closes)


def draw_price(split: Split, random: Random) -> int:
    """Draw a price in euros, of two different digits, that belongs to `split`."""
    while True:
        price = random.randint(10, 98)
        if price % 11 and in_split(split, "price", price):
            return price
