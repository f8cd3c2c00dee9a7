"""Customer service: orders by number and name, tables booked for a day and an hour, corrections."""

from random import Random

from fledge.starter.courtesy import of_service
from fledge.starter.task import Scene, Split, Turn, Turns, in_split
from fledge.starter.words import DAYS, ITEMS, NAMES

# Ways to make a request; the terse answer; the full answer.
REQUESTS = (
    (
        ("where is it?", "it hasn't arrived yet.", "when will it arrive?", "where is my order?"),
        "Order {order} is being traced.",
        "{name}, I am tracing order {order} with your {item}.",
    ),
    (
        ("I want to cancel it.", "please cancel it.", "I don't need it any more.", "cancel it."),
        "Order {order} is cancelled.",
        "{name}, I have cancelled order {order} with your {item}.",
    ),
    (
        ("I want to send it back.", "can I return it?", "I would like my money back."),
        "Order {order} can be returned.",
        "{name}, you can return order {order} with your {item}.",
    ),
    (
        ("it is broken.", "it arrived damaged.", "it doesn't work.", "it's broken."),
        "Order {order} will be replaced.",
        "{name}, I'm sorry. We will replace the {item} of order {order}.",
    ),
)
ORDER_FRAMES = (
    "I am {name}. I bought a {item}, order {order}: {wish}",
    "My name is {name} and my order {order} is a {item}: {wish}",
    "Order {order}, a {item}, for {name}: {wish}",
    "Hello, {name} here. About the {item} of order {order}: {wish}",
    "I'm {name}. My {item} has order number {order}: {wish}",
)
SAME_ORDER_FRAMES = (
    "About the same order: {wish}",
    "One more thing: {wish}",
    "The same order: {wish}",
)
OTHER_NUMBER_FRAMES = (
    "Sorry, the number is {order}.",
    "I meant order {order}.",
    "No, it is order {order}.",
)
OTHER_ITEM_FRAMES = ("Sorry, I meant the {item}.", "No, it is a {item}.", "I meant the {item}.")
TABLE_FRAMES = (
    "A table for {guests} on {day} at {hour}, please. My name is {name}.",
    "I am {name}. Can I book a table for {guests} on {day} at {hour}?",
    "Please book a table at {hour} on {day} for {guests} people. Name: {name}.",
    "{name} here. There are {guests} of us. May we come on {day} at {hour}?",
    "I'd like a table for {guests} on {day} at {hour}. I'm {name}.",
)
# Slots that may be corrected, and ways to say it.
CORRECTIONS = {
    "guests": (
        "Sorry, we are {guests}.",
        "Make it {guests} people, please.",
        "We're {guests} now.",
    ),
    "day": ("Better on {day}.", "Sorry, I meant {day}.", "Can we come on {day} instead?"),
    "hour": ("Better at {hour}.", "Can we come at {hour} instead?", "Sorry, at {hour}, please."),
}
CANCELLATIONS = (
    "Please cancel the table.",
    "I must cancel it.",
    "We can't come. Please cancel it.",
)


def order(split: Split, random: Random) -> Scene:
    """Draw questions about an order; the answer repeats its number, name and item."""
    return Scene(_order(split, random))


def table(split: Split, random: Random) -> Scene:
    """Draw a booking; the answer repeats the guests, the day, the hour and the name."""
    return Scene(_table(split, random))


def _order(split: Split, random: Random) -> Turns:
    slots = {
        "order": str(draw_order_number(split, random)),
        "name": random.choice(NAMES),
        "item": random.choice(ITEMS),
    }
    request = random.choice(REQUESTS)
    yield _requested(random.choice(ORDER_FRAMES), request, slots, random)
    while True:
        frames = random.choice((SAME_ORDER_FRAMES, OTHER_NUMBER_FRAMES, OTHER_ITEM_FRAMES))
        if frames is SAME_ORDER_FRAMES:
            request = random.choice(REQUESTS)
        elif frames is OTHER_NUMBER_FRAMES:
            slots["order"] = _other_number(slots["order"], split, random)
        else:
            slots["item"] = random.choice([item for item in ITEMS if item != slots["item"]])
        yield _requested(random.choice(frames), request, slots, random)


def _other_number(number: str, split: Split, random: Random) -> str:
    while True:
        other = str(draw_order_number(split, random))
        if other != number:
            return other


def _requested(
    frame: str, request: tuple[tuple[str, ...], str, str], slots: dict[str, str], random: Random
) -> Turn:
    wishes, terse, full = request
    question, answer = frame.format(**slots, wish=random.choice(wishes)), full.format(**slots)
    return Turn(
        question,
        (terse.format(**slots),),
        (answer,),
        (slots["order"], slots["name"], slots["item"]),
        of_service(question, answer),
    )


def _table(split: Split, random: Random) -> Turns:
    guests, day, hour = draw_booking(split, random)
    slots = {"guests": guests, "day": day, "hour": hour, "name": random.choice(NAMES)}
    yield _booked(random.choice(TABLE_FRAMES), slots)
    while random.random() < 0.8:
        changed = random.choice(tuple(CORRECTIONS))
        slots |= {changed: _other(slots, changed, split, random)}
        yield _booked(random.choice(CORRECTIONS[changed]), slots)
    question = random.choice(CANCELLATIONS)
    answer = "{name}, your table on {day} at {hour} is cancelled.".format(**slots)
    yield Turn(
        question,
        ("Cancelled: {day}, {hour}.".format(**slots),),
        (answer,),
        (slots["day"], slots["hour"], slots["name"], "cancelled"),
        of_service(question, answer),
    )


def _booked(frame: str, slots: dict[str, str]) -> Turn:
    question = frame.format(**slots)
    answer = "{name}, your table for {guests} is booked on {day} at {hour}.".format(**slots)
    return Turn(
        question,
        ("Booked: {guests}, {day}, {hour}.".format(**slots),),
        (answer,),
        (slots["guests"], slots["day"], slots["hour"], slots["name"]),
        of_service(question, answer),
    )


def _other(slots: dict[str, str], changed: str, split: Split, random: Random) -> str:
    """Draw another value of one slot, so that the booking stays in its split if it can."""
    values = {
        "guests": [str(number) for number in range(2, 10)],
        "day": list(DAYS),
        "hour": [str(number) for number in range(12, 22)],
    }[changed]
    others = [value for value in values if value != slots[changed]]
    booked = [{**slots, changed: value} for value in others]
    fitting = [
        each[changed]
        for each in booked
        if in_split(split, each["guests"], each["day"], each["hour"])
    ]
    return random.choice(fitting or others)


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
