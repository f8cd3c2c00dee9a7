"""A shop's assistant: who it is and what it knows stands in the system prompt."""

from random import Random

from fledge.starter.task import Split, Task, asked, in_split, only
from fledge.starter.words import ITEMS, NAMES, listed

FIRST = listed("Green Blue Red Golden Silver Happy Sunny Little Old New Grand Quiet")
SECOND = listed("Garden Corner House Market Bridge River Star Lion Tree Door Lamp Wheel")
PERSONA = (
    "You are {name}, the assistant of the shop {shop}. It is open from {opens} to {closes}. "
    "A {item} costs {price} euros."
)
# What a customer asks; the terse and the full answer.
QUESTIONS = (
    (
        ("When are you open?", "What are your opening hours?", "When can I come?"),
        "From {opens} to {closes}.",
        "{shop} is open from {opens} to {closes}.",
        ("{shop}", "{opens} to {closes}"),
    ),
    (
        ("How much is the {item}?", "What does a {item} cost?", "What is the price of a {item}?"),
        "{price} euros.",
        "At {shop} a {item} costs {price} euros.",
        ("{shop}", "{item}", "{price} euros"),
    ),
    (
        ("Who are you?", "Who am I talking to?", "What is your name?"),
        "{name}.",
        "I am {name}, the assistant of {shop}.",
        ("{name}", "{shop}"),
    ),
    (
        ("Which shop is this?", "What is this shop called?", "Where am I?"),
        "{shop}.",
        "This is {shop}, and I am {name}.",
        ("{shop}", "{name}"),
    ),
)


def draw_shop(split: Split, random: Random) -> Task:
    """A question that the system prompt answers; held out are shop names, people and prices."""
    said, terse, full, needed = random.choice(QUESTIONS)
    slots = {
        "name": random.choice(only(NAMES, split)),
        "shop": draw_shop_name(split, random),
        "opens": str(random.randint(6, 11)),
        "closes": str(random.randint(14, 22)),
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


def draw_shop_name(split: Split, random: Random) -> str:
    """Two words, such as "Green Garden", whose pair belongs to `split`."""
    while True:
        first, second = random.choice(FIRST), random.choice(SECOND)
        if in_split(split, first, second):
            return f"{first} {second}"


def draw_price(split: Split, random: Random) -> int:
    """Euros, of two or three digits, that belong to `split`."""
    while True:
        price = random.randint(10, 199)
        if in_split(split, "price", price):
            return price
