"""A random shop: every number in it is drawn, so that none can be learned by heart."""

from random import Random
from typing import get_args

from fledge.starter.shops.shop import CENTS, CURRENCIES, HOUR, Clock, Good, Hours, Shop, Tone, Trade
from fledge.starter.shops.trades import Names, names, trades
from fledge.starter.task import Split

PAYMENT = ("card", "bank transfer", "PayPal", "cheque", "Apple Pay", "gift voucher", "cash")
HANDED_OVER = ("complaints", "refunds", "legal questions", "damaged goods", "press enquiries")
DELIVERY = ("2 days", "2 to 3 days", "3 to 5 days", "a week", "4 working days", "5 working days")
ALIKE = 0.5
"""Share of the shops whose goods share a word, so that their names must be read to the end."""
RETURN_DAYS = (7, 10, 14, 15, 20, 21, 28, 30, 40, 45, 60, 90)


def random_shop(split: Split, random: Random) -> Shop:
    """Draw a shop of a trade of `split`, with names of `split`."""
    trade, words = random.choice(trades(split)), names(split)
    owner, assistant = random.sample(words.first_names, 2)
    surname = random.choice(words.surnames)
    name = shop_name(trade, words, owner, surname, random)
    return Shop(
        trade=trade,
        name=name,
        assistant=assistant,
        owner=random.choice((owner, f"{owner} {surname}", f"{owner} {surname}")),
        town=random.choice(words.towns),
        tone=random.choice(get_args(Tone)),
        currency=random.choice((*CURRENCIES[:1], *CURRENCIES)),
        clock=random.choice(get_args(Clock)),
        goods=_goods(trade, random),
        hours=random_week(random),
        shipping=random.randint(2, 15) * CENTS + random.choice((0, 0, 0, 50, 90)),
        free_from=random.choice((20, 25, 30, 35, 40, 45, 50, 60, 70, 75, 80, 90, 100, 120)) * CENTS,
        return_days=random.choice(RETURN_DAYS),
        handed_over=tuple(random.sample(HANDED_OVER, random.randint(2, 3))),
        delivery=random.choice(DELIVERY) if random.random() < 0.6 else None,
        warranty_years=random.randint(1, 5) if random.random() < 0.8 else None,
        payment=_payment(random) if random.random() < 0.8 else None,
        address=_address(words, random) if random.random() < 0.85 else None,
        phone=_phone(random) if random.random() < 0.9 else None,
        email=_email(name, random) if random.random() < 0.35 else None,
    )


def shop_name(trade: Trade, words: Names, owner: str, surname: str, random: Random) -> str:
    """Draw a name: "The Blue Owl", "Baker & Silva", "Nina's Bakery", "Owl Books"."""
    first, second = random.choice(words.first_words), random.choice(words.second_words)
    other = random.choice(words.surnames)
    trade_name = trade.kind.title()
    return random.choice(
        (
            f"The {first} {second}",
            f"The {first} {second}",
            f"{first} {second}",
            f"{surname} & {other}",
            f"{owner}'s {trade_name}",
            f"{second} {trade_name}",
        )
    )


def random_week(random: Random) -> tuple[Hours | None, ...]:
    """Draw the hours of Monday to Sunday: weekdays alike but perhaps one, a shorter weekend."""
    usual = _hours(random, (7, 11), (17, 20))
    week: list[Hours | None] = [usual] * 5
    week.append(random.choice((usual, _hours(random, (8, 11), (13, 17)))))
    week.append(_hours(random, (10, 12), (14, 17)) if random.random() < 0.25 else None)
    if random.random() < 0.45:
        week[random.choice((0, 0, 1, 2))] = None
    if random.random() < 0.3:
        week[random.choice((3, 3, 4))] = Hours(usual.opens, usual.closes + HOUR)
    if random.random() < 0.08:
        week[5] = None
    return tuple(week)


def _hours(random: Random, opens: tuple[int, int], closes: tuple[int, int]) -> Hours:
    half = random.choice((0, 0, 0, HOUR // 2))
    return Hours(random.randint(*opens) * HOUR + half, random.randint(*closes) * HOUR + half)


def _goods(trade: Trade, random: Random) -> tuple[Good, ...]:
    """Draw three or four goods, half of the time three alike, and prices, most of them whole."""
    chosen = random.sample(trade.goods, random.randint(3, 4))
    if random.random() < ALIKE:
        chosen = [*trade.alike, *chosen[: random.randint(0, 1)]]
        random.shuffle(chosen)
    return tuple(Good(one, many, _price(low, high, random)) for one, many, low, high in chosen)


def _price(low: int, high: int, random: Random) -> int:
    whole = random.randint(low // CENTS, high // CENTS)
    return whole * CENTS + (random.choice((50, 90, 95)) if random.random() < 0.12 else 0)


def _payment(random: Random) -> tuple[str, ...]:
    """Draw two or three ways to pay, cash last: "by card or cash"."""
    return tuple(sorted(random.sample(PAYMENT, random.randint(2, 3)), key="cash".__eq__))


def _address(words: Names, random: Random) -> str:
    street = random.choice(words.streets)
    return f"{random.randint(1, 199)} {street} {random.choice(('Street', 'Road', 'Lane'))}"


def _phone(random: Random) -> str:
    return f"555 {random.randint(0, 9999):04}"


def _email(name: str, random: Random) -> str:
    host = "".join(letter for letter in name.lower() if letter.isalpha())
    return f"{random.choice(('hello', 'info', 'shop', 'post'))}@{host}.example"
