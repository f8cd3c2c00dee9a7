"""Questions about goods and their prices, and small sums with them."""

from dataclasses import dataclass
from random import Random

from fledge.starter.shops.shop import CENTS, Good, Shop, joined
from fledge.starter.shops.turn import Turn, Wording
from fledge.starter.task import capitalised
from fledge.starter.words import NUMBERS

MOST_PIECES = 4
SMALL = 100 * CENTS
"""Prices below this are preferred in sums: a customer adds mugs more often than armchairs."""


@dataclass(frozen=True, slots=True)
class Items:
    """A number of one good in an order, with the words of the customer and of the answer."""

    good: Good
    number: int
    asked: str
    shop: Shop

    @property
    def total(self) -> int:
        """Return what they cost, in cents."""
        return self.number * self.good.price

    @property
    def counted(self) -> str:
        """Return their number and name: "3 mugs"."""
        return self.good.counted(self.number)

    @property
    def product(self) -> str:
        """Return the way to their price: "3 × 12 = 36 euros", or "12 euros" for one."""
        total = self.shop.money(self.total)
        if self.number == 1:
            return total
        each = amount(self.shop, self.good.price)
        return f"{self.number} × {each} = {total}"


def price(wording: Wording) -> Turn:
    """Ask for the price of one good."""
    good = wording.random.choice(wording.shop.goods)
    slots = good_slots(wording.shop, good)
    return wording.turn(slots, ((slots["price"],),))


def sum_many(wording: Wording) -> Turn:
    """Ask what a few of one good cost."""
    items = draw_items(wording.shop, wording.random, fewest=2)
    slots = item_slots(items)
    return wording.turn(slots, ((wording.shop.money(items.total),),))


def sum_two(wording: Wording) -> Turn:
    """Ask what a few of one good and a few of another cost together."""
    shop, random = wording.shop, wording.random
    first = draw_items(shop, random)
    second = draw_items(shop, random, other_than=first.good)
    total = shop.money(first.total + second.total)
    slots = item_slots(first) | {
        "others": second.asked,
        "others_counted": second.counted,
        "other_product": second.product,
        "sum": f"{amount(shop, first.total)} + {amount(shop, second.total)} = {total}",
    }
    return wording.turn(slots, ((total,),))


def budget(wording: Wording) -> Turn:
    """Ask whether an amount is enough for a few of one good."""
    shop, random = wording.shop, wording.random
    items = draw_items(shop, random)
    whole = items.total // CENTS
    have = max(1, whole + random.choice((-1, 1)) * random.randint(1, max(2, whole // 2)))
    have = have if random.random() < 0.5 else max(5, round(have, -1))
    enough = have * CENTS >= items.total
    slots = item_slots(items) | {"amount": shop.money(have * CENTS)}
    return wording.turn(
        slots,
        (("yes",),) if enough else (("no", "not", "isn't"),),
        part="yes" if enough else "no",
        denied=("no", "not", "isn't") if enough else ("yes",),
    )


def sell_yes(wording: Wording) -> Turn:
    """Ask whether the shop sells a thing that it sells."""
    good = wording.random.choice(wording.shop.goods)
    slots = good_slots(wording.shop, good)
    return wording.turn(slots, (("yes", "we sell", "we have"),), denied=("no", "don't", "only"))


def sell_no(wording: Wording) -> Turn:
    """Ask whether the shop sells a thing that it does not sell."""
    trade = wording.shop.trade
    things = wording.random.choice((*trade.elsewhere, *OTHER_THINGS))
    return wording.turn({"things": things}, (("no", "don't", "only", "do not"),), denied=("yes",))


def assortment(wording: Wording) -> Turn:
    """Ask for all that the shop sells."""
    goods = [good.many for good in wording.shop.goods]
    return wording.turn({"goods": joined(goods)}, tuple((name,) for name in goods))


OTHER_THINGS = (
    "cars",
    "laptops",
    "phones",
    "sandwiches",
    "train tickets",
    "chairs",
    "beds",
    "washing machines",
    "sunglasses",
    "medicine",
    "stamps",
    "newspapers",
    "curtains",
    "computers",
    "televisions",
    "ice cream",
)


def draw_items(
    shop: Shop, random: Random, fewest: int = 1, other_than: Good | None = None
) -> Items:
    """Draw a number of a good with a whole price, a small one if the shop has any."""
    goods = [good for good in shop.goods if good != other_than]
    whole = [good for good in goods if good.price % CENTS == 0] or goods
    small = [good for good in whole if good.price < SMALL] or whole
    good = random.choice(small if random.random() < 0.9 else whole)
    number = random.randint(fewest, MOST_PIECES)
    name = good.one if number == 1 else good.many
    words = (str(number), NUMBERS[number], NUMBERS[number])
    asked = good.a() if number == 1 and random.random() < 0.6 else f"{random.choice(words)} {name}"
    return Items(good, number, asked, shop)


def good_slots(shop: Shop, good: Good) -> dict[str, str]:
    """Return the slots of wordings about one good."""
    return {
        "one": good.one,
        "many": good.many,
        "a_one": good.a(),
        "A_one": capitalised(good.a()),
        "price": shop.money(good.price),
    }


def amount(shop: Shop, cents: int) -> str:
    """Return an amount inside a sum: "12", "£12"."""
    return shop.money(cents).split()[0]


def item_slots(items: Items) -> dict[str, str]:
    """Return the slots of wordings about a number of one good."""
    return {
        "items": items.asked,
        "counted": items.counted,
        "product": items.product,
        "total": items.shop.money(items.total),
    }
