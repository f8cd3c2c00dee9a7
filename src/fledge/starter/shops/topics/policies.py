"""Questions about shipping, returns, warranty and payment, and comparisons with their limits."""

from dataclasses import dataclass
from random import Random

from fledge.starter.gold import contains
from fledge.starter.shops.random_shop import PAYMENT
from fledge.starter.shops.shop import CENTS, Shop, joined
from fledge.starter.shops.topics.prices import draw_items, good_slots, item_slots
from fledge.starter.shops.topics.unknown import unknown_of
from fledge.starter.shops.turn import Needed, Turn, Wording
from fledge.starter.words import NUMBERS

DAYS_OF_WEEK, DAYS_OF_MONTH, MONTHS_OF_YEAR = 7, 30, 12
YES: Needed = (("yes",),)
NO: Needed = (("no", "not", "isn't", "too late"),)
FREE: Needed = (
    ("it's free", "it is free", "so shipping is free", "is free.", "no shipping", "nothing"),
)
"""Conclusions: the limit alone, "free from 40 euros", does not tell whether an order reaches it."""


@dataclass(frozen=True, slots=True)
class Span:
    """A span of time as a customer says it, and in the shop's unit where that is another.

    `told` begins an explanation: "21 days", "three weeks is 21 days, which".
    """

    said: str
    told: str
    length: int


def shipping_cost(wording: Wording) -> Turn:
    """Ask what shipping costs."""
    slots = shipping_slots(wording.shop)
    return wording.turn(slots, ((slots["cost"],), (slots["limit"],)))


def shipping_amount(wording: Wording) -> Turn:
    """Ask what shipping costs on an order of some amount, under, over or at the limit."""
    shop, random = wording.shop, wording.random
    cents = _near(shop.free_from, random)
    slots = shipping_slots(shop) | {"amount": shop.money(cents)}
    return _compared(wording, cents, slots)


def shipping_goods(wording: Wording) -> Turn:
    """Ask what shipping costs on a few of one good."""
    items = draw_items(wording.shop, wording.random)
    slots = shipping_slots(wording.shop) | item_slots(items)
    return _compared(wording, items.total, slots)


def delivery(wording: Wording) -> Turn:
    """Ask how long delivery takes; some shops do not say it."""
    told = wording.shop.delivery
    if told is None:
        return unknown_of(wording, {})
    return wording.turn({"delivery": told}, ((told,),))


def returns_policy(wording: Wording) -> Turn:
    """Ask how long things can be returned."""
    days = str(wording.shop.return_days)
    return wording.turn({"days": days}, ((f"{days} days",),))


def returns_after(wording: Wording) -> Turn:
    """Ask whether a thing can still be returned after days, weeks or months."""
    shop, random = wording.shop, wording.random
    span = _days_span(shop.return_days, random)
    slots = {
        "days": str(shop.return_days),
        "span": span.said,
        "told": span.told,
        **good_slots(shop, random.choice(shop.goods)),
    }
    if span.length < shop.return_days:
        return wording.turn(slots, YES, part="yes", denied=("no", "too late", "cannot", "can't"))
    return wording.turn(slots, NO, part="no", denied=("yes",))


def warranty(wording: Wording) -> Turn:
    """Ask how long the warranty is; some shops do not say it."""
    shop = wording.shop
    years = warranty_years(shop)
    if years is None or shop.warranty_years is None:
        return unknown_of(wording, {})
    numbers = (str(shop.warranty_years), NUMBERS[shop.warranty_years])
    said = tuple(f"{number}{unit}" for number in numbers for unit in ("-year", " year", " years"))
    return wording.turn({"years": years}, (said,))


def warranty_after(wording: Wording) -> Turn:
    """Ask whether a thing that broke after some years or months is covered."""
    shop, random = wording.shop, wording.random
    years = warranty_years(shop)
    good = good_slots(shop, random.choice(shop.goods))
    length = random.choice([n for n in range(1, 8) if n != shop.warranty_years])
    span = f"{length} year{'s' if length > 1 else ''}"
    if years is None or shop.warranty_years is None:
        return unknown_of(wording, good | {"span": span})
    slots = good | {"years": years, "span": span}
    if length < shop.warranty_years:
        return wording.turn(slots, YES, part="yes", denied=("no", "not", "isn't"))
    return wording.turn(slots, NO, part="no", denied=("yes",))


def payment_way(wording: Wording) -> Turn:
    """Ask whether one can pay in some way."""
    shop, random = wording.shop, wording.random
    if shop.payment is None:
        return unknown_of(wording, {"way": random.choice(PAYMENT)})
    way = random.choice((*shop.payment, *(way for way in PAYMENT if way not in shop.payment)))
    slots = {"way": way, "ways": joined(shop.payment, "or")}
    if way in shop.payment:
        return wording.turn(slots, (("yes", way),), part="yes", denied=("no", "not"))
    return wording.turn(
        slots, (("no", "only", "not"), *((w,) for w in shop.payment)), part="no", denied=("yes",)
    )


def payment_how(wording: Wording) -> Turn:
    """Ask for all ways to pay; some shops do not say them."""
    ways = wording.shop.payment
    if ways is None:
        return unknown_of(wording, {})
    return wording.turn({"ways": joined(ways, "or")}, tuple((way,) for way in ways))


def shipping_slots(shop: Shop) -> dict[str, str]:
    """Return the slots of wordings about shipping."""
    return {"cost": shop.money(shop.shipping), "limit": shop.money(shop.free_from)}


def warranty_years(shop: Shop) -> str | None:
    """Return the length of the warranty in words: "2 years"."""
    years = shop.warranty_years
    return None if years is None else f"{years} year{'s' if years > 1 else ''}"


def _compared(wording: Wording, cents: int, slots: dict[str, str]) -> Turn:
    shop = wording.shop
    asides = f"{slots['cost']} {slots['limit']}"
    if cents < shop.free_from:
        return wording.turn(
            slots,
            ((slots["cost"],),),
            part="paid",
            denied=("so it's free", "so shipping is free", "no shipping", "is more"),
            asides=asides,
        )
    part = "equal" if cents == shop.free_from else "free"
    # Cost and limit together would be right for every order; a good may cost as much as shipping.
    is_a_price = contains(slots.get("product", ""), slots["cost"])
    cost = f"costs {slots['cost']}" if is_a_price else slots["cost"]
    denied = ("is less", "it's free from", "it is free from", cost)
    return wording.turn(slots, FREE, part=part, denied=denied, asides=asides)


def _near(limit: int, random: Random) -> int:
    """Draw a whole amount below or above a limit, seldom the limit itself."""
    whole = limit // CENTS
    if random.random() < 0.06:
        return limit
    below = random.random() < 0.5
    drawn = random.randint(3, whole - 1) if below else random.randint(whole + 1, 3 * whole)
    return drawn * CENTS


def _days_span(limit: int, random: Random) -> Span:
    """Draw a span shorter or longer than `limit` days, never equal to it."""
    while True:
        unit, days, most = random.choice(
            (
                ("day", 1, 3 * limit),
                ("day", 1, limit),
                ("week", DAYS_OF_WEEK, 10),
                ("week", DAYS_OF_WEEK, 10),
                ("month", DAYS_OF_MONTH, 4),
            )
        )
        number = random.randint(1, most)
        length = number * days
        if length == limit:
            continue
        words = NUMBERS[number] if number < len(NUMBERS) else str(number)
        said = random.choice((str(number), words)) if days == 1 else words
        said = f"{said} {unit}{'s' if number > 1 else ''}"
        in_days = f"{length} day{'s' if length > 1 else ''}"
        if days == 1:
            return Span(said, in_days, length)
        about = "about " if unit == "month" else ""
        return Span(said, f"{said} ({about}{in_days})", length)
