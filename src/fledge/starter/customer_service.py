"""Customer service: orders by number and name, and tables booked for a day and an hour."""

from random import Random

from fledge.starter.task import Split, Task, asked, in_split, only
from fledge.starter.words import ITEMS, MONTHS, NAMES

# What a customer wants; what the shop answers, tersely and in full.
REQUESTS = (
    (
        ("where is it?", "it has not come yet.", "when will it come?"),
        "Order {order} is being traced.",
        "{name}, I am tracing order {order} with your {item}.",
    ),
    (
        ("I want to cancel it.", "please cancel it.", "I do not need it any more."),
        "Order {order} is cancelled.",
        "{name}, I have cancelled order {order} with your {item}.",
    ),
    (
        ("I want to send it back.", "can I return it?", "I would like my money back."),
        "Order {order} can come back.",
        "{name}, you can send back order {order} with your {item}.",
    ),
    (
        ("it is broken.", "it arrived damaged.", "it does not work."),
        "Order {order} will be replaced.",
        "{name}, I am sorry. We will replace the {item} of order {order}.",
    ),
)
ORDER_FRAMES = (
    "I am {name}. I bought a {item}, order {order}: {wish}",
    "My name is {name} and my order {order} is a {item}: {wish}",
    "Order {order}, a {item}, for {name}: {wish}",
    "Hello, {name} here. About the {item} of order {order}: {wish}",
)
TABLE_FRAMES = (
    "A table for {guests} on {date} at {hour}, please. My name is {name}.",
    "I am {name}. Can I book a table for {guests} on {date} at {hour}?",
    "Please book a table at {hour} on {date} for {guests} people. Name: {name}.",
    "{name} here. We are {guests} and would like to come on {date} at {hour}.",
)


def draw_order(split: Split, random: Random) -> Task:
    """A customer writes about an order: number, name and item must come back right."""
    wishes, terse, full = random.choice(REQUESTS)
    slots = {
        "order": str(draw_order_number(split, random)),
        "name": random.choice(only(NAMES, split)),
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
    """A guest books a table: number of guests, date, hour and name must come back right."""
    slots = {
        "guests": str(random.randint(2, 9)),
        "date": draw_date(split, random),
        "hour": draw_hour(random),
        "name": random.choice(only(NAMES, split)),
    }
    return Task(
        kind="table",
        conversation=asked(random.choice(TABLE_FRAMES).format(**slots)),
        terse=("Booked: {guests}, {date}, {hour}.".format(**slots),),
        full=("{name}, your table for {guests} is booked on {date} at {hour}.".format(**slots),),
        needed=(slots["guests"], slots["date"], slots["hour"], slots["name"]),
    )


def draw_order_number(split: Split, random: Random) -> int:
    """A number of four digits that belongs to `split`."""
    while True:
        number = random.randint(1000, 9999)
        if in_split(split, "order", number):
            return number


def draw_date(split: Split, random: Random) -> str:
    """A day of the year that belongs to `split`, such as "12 May"."""
    while True:
        date = f"{random.randint(1, 28)} {random.choice(MONTHS)}"
        if in_split(split, "date", date):
            return date


def draw_hour(random: Random) -> str:
    """A time of day on the quarter, such as "19:30"."""
    return f"{random.randint(11, 22)}:{random.choice(('00', '15', '30', '45'))}"
