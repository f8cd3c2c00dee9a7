"""Customer service: orders by number and name, and tables booked for a day and an hour."""

from random import Random

from fledge.starter.task import Split, Task, asked, in_split
from fledge.starter.words import DAYS, ITEMS, NAMES

# Ways to make a request; the terse answer; the full answer.
REQUESTS = (
    (
        ("where is it?", "it hasn't arrived yet.", "when will it arrive?"),
        "Order {order} is being traced.",
        "{name}, I am tracing order {order} with your {item}.",
    ),
    (
        ("I want to cancel it.", "please cancel it.", "I don't need it any more."),
        "Order {order} is cancelled.",
        "{name}, I have cancelled order {order} with your {item}.",
    ),
    (
        ("I want to send it back.", "can I return it?", "I would like my money back."),
        "Order {order} can be returned.",
        "{name}, you can return order {order} with your {item}.",
    ),
    (
        ("it is broken.", "it arrived damaged.", "it doesn't work."),
        "Order {order} will be replaced.",
        "{name}, I'm sorry. We will replace the {item} of order {order}.",
    ),
)
ORDER_FRAMES = (
    "I am {name}. I bought a {item}, order {order}: {wish}",
    "My name is {name} and my order {order} is a {item}: {wish}",
    "Order {order}, a {item}, for {name}: {wish}",
    "Hello, {name} here. About the {item} of order {order}: {wish}",
)
TABLE_FRAMES = (
    "A table for {guests} on {day} at {hour}, please. My name is {name}.",
    "I am {name}. Can I book a table for {guests} on {day} at {hour}?",
    "Please book a table at {hour} on {day} for {guests} people. Name: {name}.",
    "{name} here. There are {guests} of us. May we come on {day} at {hour}?",
)


def draw_order(split: Split, random: Random) -> Task:
    """Draw a question about an order; the answer repeats its number, name and item."""
    wishes, terse, full = random.choice(REQUESTS)
    slots = {
        "order": str(draw_order_number(split, random)),
        "name": random.choice(NAMES),
        "item": random.choice(ITEMS),
        "wish": random.choice(wishes),
    }
    return Task(
        kind="order",
        conversation=asked(random.choice(ORDER_FRAMES).format(**slots)),
        terse=(terse.format(**slots),),
        full=(full.format(**slots),),
        needed=(slots["order"], slots["name"], slots["item"]),
    )


def draw_table(split: Split, random: Random) -> Task:
    """Draw a booking; the answer repeats the guests, the day, the hour and the name."""
    guests, day, hour = draw_booking(split, random)
    slots = {"guests": guests, "day": day, "hour": hour, "name": random.choice(NAMES)}
    return Task(
        kind="table",
        conversation=asked(random.choice(TABLE_FRAMES).format(**slots)),
        terse=("Booked: {guests}, {day}, {hour}.".format(**slots),),
        full=("{name}, your table for {guests} is booked on {day} at {hour}.".format(**slots),),
        needed=(guests, day, hour, slots["name"]),
    )


def draw_order_number(split: Split, random: Random) -> int:
    """Draw a number of two different digits that belongs to `split`."""
    while True:
        number = random.randint(10, 98)
        if number % 11 and in_split(split, "order", number):
            return number


def draw_booking(split: Split, random: Random) -> tuple[str, str, str]:
    """Draw guests, a day and a full hour whose combination belongs to `split`."""
    while True:
        booking = (str(random.randint(2, 9)), random.choice(DAYS), str(random.randint(12, 21)))
        if in_split(split, *booking):
            return booking
