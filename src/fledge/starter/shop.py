"""A shop's assistant whose name and knowledge stand in the system prompt, and nowhere else."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from fledge.starter.courtesy import of_service
from fledge.starter.task import Scene, Split, Turn, Turns, in_split
from fledge.starter.words import DAYS, ITEMS, NAMES

ROLES = (
    "You are {name}, the assistant in a shop.",
    "You are {name}, the assistant of a shop.",
    "Your name is {name}. You work in a shop.",
    "You answer the customers of a shop. Your name is {name}.",
)
HOURS = (
    "The shop is open from {opens} to {closes}.",
    "We are open from {opens} to {closes}.",
    "Opening hours: {opens} to {closes}.",
    "The shop opens at {opens} and closes at {closes}.",
)
CLOSED = (
    "The shop is closed on {closed}.",
    "We are closed on {closed}.",
    "Closed on {closed}.",
    "On {closed} nobody is there.",
)
PRICES = ("A {item} costs {price} euros.", "{Item}: {price} euros.", "The {item} is {price} euros.")
EXPERTS = (
    "For complaints, send people to {expert}.",
    "{expert} looks after complaints.",
    "Complaints go to {expert}.",
)
OPEN_QUESTIONS = (
    "When are you open?",
    "What are your opening hours?",
    "When can I come?",
    "What are your hours?",
    "From when to when are you open?",
    "How long are you open?",
)
OPENING_QUESTIONS = ("When do you open?", "What time do you open?", "From when are you open?")
CLOSING_QUESTIONS = (
    "When do you close?",
    "What time do you close?",
    "Until when are you open?",
    "How late are you open?",
)
DAY_QUESTIONS = (
    "Are you open on {day}?",
    "Can I come on {day}?",
    "Is the shop open on {day}?",
    "I'd like to come on {day}.",
)
PRICE_QUESTIONS = (
    "How much is the {item}?",
    "How much is a {item}?",
    "What does a {item} cost?",
    "What does the {item} cost?",
    "What is the price of a {item}?",
    "I want to buy a {item}. How much is it?",
    "How much do you want for the {item}?",
)
STOCK_QUESTIONS = (
    "Do you have a {item}?",
    "Do you sell a {item}?",
    "I need a {item}.",
    "Can I buy a {item} here?",
    "I'm looking for a {item}.",
)
NAME_QUESTIONS = (
    "Who are you?",
    "Who am I talking to?",
    "What is your name?",
    "What's your name?",
)
COMPLAINTS = (
    "I want to complain.",
    "I have a complaint.",
    "I'm not happy with my {item}.",
    "My {item} is broken, and I am angry.",
    "Who can I complain to?",
)
UNKNOWN_QUESTIONS = (
    "Do you have a car park?",
    "Is there parking?",
    "Can I bring my dog?",
    "Do you ship to Norway?",
    "Where are you?",
    "What is your address?",
    "What's your phone number?",
    "Can I pay by card?",
    "Do you repair things?",
    "Is there a sale?",
    "Do you have a discount for students?",
    "Can I return it?",
    "Who owns the shop?",
    "How old is the shop?",
)


@dataclass(frozen=True, slots=True)
class Shop:
    """Facts of one shop. `closed` and `expert` are "" where the prompt says nothing of them."""

    name: str
    opens: str
    closes: str
    closed: str
    prices: dict[str, str]
    expert: str


def shop(split: Split, random: Random) -> Scene:
    """Draw a shop and questions about it; some prices and hours are held out."""
    drawn = draw_shop(split, random)
    return Scene(_questions(drawn, random), system=told(drawn, random))


def draw_shop(split: Split, random: Random) -> Shop:
    """Draw the facts of a shop."""
    opens, closes = draw_hours(split, random)
    name, expert = random.sample(NAMES, 2)
    items = random.sample(ITEMS, random.randint(1, 3))
    return Shop(
        name=name,
        opens=opens,
        closes=closes,
        closed=random.choice(DAYS) if random.random() < 0.6 else "",
        prices={item: str(draw_price(split, random)) for item in items},
        expert=expert if random.random() < 0.5 else "",
    )


def told(shop: Shop, random: Random) -> str:
    """Write the system prompt: who the assistant is, then the facts in any order."""
    facts = [random.choice(HOURS).format(opens=shop.opens, closes=shop.closes)]
    if shop.closed:
        facts.append(random.choice(CLOSED).format(closed=shop.closed))
    if shop.expert:
        facts.append(random.choice(EXPERTS).format(expert=shop.expert))
    frame = random.choice(PRICES)
    for item, price in shop.prices.items():
        facts.append(frame.format(item=item, Item=item.capitalize(), price=price))
    random.shuffle(facts)
    return " ".join((random.choice(ROLES).format(name=shop.name), *facts))


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


def _questions(shop: Shop, random: Random) -> Turns:
    while True:
        (ask,) = random.choices(tuple(ASKED), tuple(ASKED.values()))
        yield ask(shop, random)


def _hours_asked(shop: Shop, random: Random) -> Turn:
    hours = f"{shop.opens} to {shop.closes}"
    full = f"We are open from {hours}."
    return _turn(random.choice(OPEN_QUESTIONS), f"From {hours}.", full, "open", hours)


def _opening_asked(shop: Shop, random: Random) -> Turn:
    if random.random() < 0.5:
        question, at = random.choice(OPENING_QUESTIONS), f"at {shop.opens}"
        return _turn(question, f"At {shop.opens}.", f"We open {at}.", "open", at)
    question, at = random.choice(CLOSING_QUESTIONS), f"at {shop.closes}"
    return _turn(question, f"At {shop.closes}.", f"We close {at}.", "close", at)


def _day_asked(shop: Shop, random: Random) -> Turn:
    """Ask about the day of rest half of the time."""
    if not shop.closed:
        return _hours_asked(shop, random)
    others = [day for day in DAYS if day != shop.closed]
    day = shop.closed if random.random() < 0.5 else random.choice(others)
    question = random.choice(DAY_QUESTIONS).format(day=day)
    if day == shop.closed:
        fact = f"closed on {day}"
        return _turn(question, "No.", f"No, we are {fact}.", fact)
    hours = f"from {shop.opens} to {shop.closes}"
    return _turn(question, "Yes.", f"Yes, we are open on {day} {hours}.", f"open on {day}", hours)


def _price_asked(shop: Shop, random: Random) -> Turn:
    item, price = random.choice(tuple(shop.prices.items()))
    question = random.choice(PRICE_QUESTIONS).format(item=item)
    full = f"A {item} costs {price} euros."
    return _turn(question, f"{price} euros.", full, item, f"{price} euros")


def _stock_asked(shop: Shop, random: Random) -> Turn:
    """Ask for a good that the shop has half of the time."""
    if random.random() < 0.5:
        item, price = random.choice(tuple(shop.prices.items()))
        question = random.choice(STOCK_QUESTIONS).format(item=item)
        full = f"Yes, we have a {item} for {price} euros."
        return _turn(question, "We have one.", full, item, f"{price} euros")
    item = random.choice([each for each in ITEMS if each not in shop.prices])
    frame = random.choice((*STOCK_QUESTIONS, *PRICE_QUESTIONS))
    full = f"I'm sorry, we don't have a {item}."
    return _turn(frame.format(item=item), "We have none.", full, "don't have", item)


def _name_asked(shop: Shop, random: Random) -> Turn:
    full = f"I'm {shop.name}, the assistant in the shop."
    return _turn(random.choice(NAME_QUESTIONS), f"{shop.name}.", full, shop.name, "assistant")


def _complained(shop: Shop, random: Random) -> Turn:
    if not shop.expert:
        return _unknown_asked(shop, random)
    question = random.choice(COMPLAINTS).format(item=random.choice(ITEMS))
    full = f"I'm sorry. Please talk to {shop.expert} about that."
    return _turn(question, f"Ask {shop.expert}.", full, "sorry", shop.expert)


def _unknown_asked(shop: Shop, random: Random) -> Turn:
    """Ask what the prompt does not tell."""
    question, full = random.choice(UNKNOWN_QUESTIONS), "I'm sorry, I don't know that."
    return Turn(question, ("I don't know.",), (full,), ("don't know",))


def _turn(question: str, terse: str, full: str, *needed: str) -> Turn:
    return Turn(question, (terse,), (full,), needed, of_service(question, full))


ASKED: dict[Callable[[Shop, Random], Turn], float] = {
    _hours_asked: 2,
    _opening_asked: 1,
    _day_asked: 2,
    _price_asked: 3,
    _stock_asked: 2,
    _name_asked: 1,
    _complained: 1,
    _unknown_asked: 1,
}
"""The questions of a customer, with their weights."""
