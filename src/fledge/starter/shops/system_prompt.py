"""The system prompt of a shop, in the layouts that people write: prose, a list, or both."""

from random import Random

from fledge.starter.shops.shop import Shop, article, joined
from fledge.starter.shops.written_hours import told_hours, written_hours
from fledge.starter.task import capitalised
from fledge.starter.words import NUMBERS

ROLES = (
    "You are {assistant}, the assistant of {shop}, {a} {kind} in {town} run by {owner}.",
    "You are {assistant} and answer customers of {shop}, {a} {kind} in {town}. {owner} owns it.",
    "Your name is {assistant}. You work for {shop}, {a} {kind} in {town}; the owner is {owner}.",
    "You answer for {shop}, {a} {kind} in {town} that {owner} runs. Your name is {assistant}.",
    "{shop} is {a} {kind} in {town}. It belongs to {owner}. You are {assistant}, its assistant.",
)
TONES = {
    "warm": (
        "Be warm and friendly, and keep it short.",
        "Write in a friendly, warm tone. Short answers are best.",
        "Be kind and cheerful; two sentences are enough.",
    ),
    "plain": (
        "Keep your answers short.",
        "Answer briefly and to the point.",
        "Be brief and clear.",
    ),
    "formal": (
        "Answer formally and briefly, without contractions.",
        "Use a formal, polite tone and short answers.",
        "Be formal and concise.",
    ),
}
UNKNOWN = (
    "If you don't know something, say so.",
    "Don't make anything up: say it when you don't know.",
    "Never guess. Say that you don't know, and tell people how to reach us.",
    "",
    "",
)


def system_prompt(shop: Shop, random: Random) -> str:
    """Write what the assistant must know; the order of the facts and the layout are drawn."""
    role = random.choice(ROLES).format(
        assistant=shop.assistant,
        shop=shop.name,
        a=article(shop.trade.kind),
        kind=shop.trade.kind,
        town=shop.town,
        owner=shop.owner,
    )
    tone, unknown = random.choice(TONES[shop.tone]), random.choice(UNKNOWN)
    facts = _facts(shop, random)
    random.shuffle(facts)
    if random.random() < 0.5:
        prose = " ".join(sentence for _, _, sentence in facts)
        return _joined((f"{role} {tone}", prose, unknown), random.choice((" ", "\n\n")))
    mark = random.choice(("- ", "* ", ""))
    lines = "\n".join(f"{mark}{label}: {value}" for label, value, _ in facts)
    return _joined((f"{role} {tone}", lines, unknown), random.choice(("\n", "\n\n")))


def _joined(parts: tuple[str, ...], between: str) -> str:
    return between.join(part for part in parts if part)


def _facts(shop: Shop, random: Random) -> list[tuple[str, str, str]]:
    """Return each fact as a label, a value, and a sentence."""
    return [
        (random.choice(("Prices", "We sell", "Goods")), *_goods(shop, random)),
        (
            random.choice(("Hours", "Opening hours", "Open")),
            written_hours(shop, random),
            told_hours(shop, random),
        ),
        ("Shipping", *_shipping(shop, random)),
        ("Returns", *_returns(shop, random)),
        (
            f"For {shop.owner.split()[0]}",
            joined(shop.handed_over),
            _handed_over(shop, random),
        ),
        *_optional_facts(shop, random),
    ]


def _goods(shop: Shop, random: Random) -> tuple[str, str]:
    priced = [(good, shop.money(good.price)) for good in shop.goods]
    value = random.choice(
        (
            ", ".join(f"{good.one} {price}" for good, price in priced),
            ", ".join(f"{good.many} ({price})" for good, price in priced),
            "; ".join(f"{good.one}: {price}" for good, price in priced),
        )
    )
    sentence = random.choice(
        (
            f"We sell {joined([f'{good.many} for {price}' for good, price in priced])}.",
            f"We only sell {shop.trade.sells}: "
            f"{joined([f'{good.many} at {price}' for good, price in priced])}.",
            f"We sell only {shop.trade.sells}: "
            f"{joined([f'{good.many} for {price} each' for good, price in priced])}.",
            "Prices: " + ", ".join(f"{good.one} {price}" for good, price in priced) + ".",
            capitalised(joined([f"{good.a()} costs {price}" for good, price in priced])) + ".",
        )
    )
    return value, sentence


def _shipping(shop: Shop, random: Random) -> tuple[str, str]:
    cost, limit = shop.money(shop.shipping), shop.money(shop.free_from)
    value = random.choice((f"{cost}, free from {limit}", f"{cost}; orders from {limit} ship free"))
    sentence = random.choice(
        (
            f"Shipping costs {cost} and is free from {limit}.",
            f"Shipping is {cost}; for orders of {limit} or more it is free.",
            f"We charge {cost} for shipping, and nothing for orders from {limit}.",
        )
    )
    return value, sentence


def _returns(shop: Shop, random: Random) -> tuple[str, str]:
    days = shop.return_days
    value = random.choice((f"within {days} days, with the receipt", f"{days} days"))
    sentence = random.choice(
        (
            f"Goods can be returned within {days} days with the receipt.",
            f"Customers may return things for {days} days.",
            f"{capitalised(shop.trade.sells)} can be returned for {days} days, with the receipt.",
            f"We take back unused goods within {days} days.",
        )
    )
    return value, sentence


def _handed_over(shop: Shop, random: Random) -> str:
    topics, owner = joined(shop.handed_over), shop.owner.split()[0]
    return random.choice(
        (
            f"Pass {topics} on to {owner}.",
            f"{capitalised(topics)} are for {owner}: tell the customer that you will pass them on.",
            f"Hand over {topics} to {owner}.",
        )
    )


def _optional_facts(shop: Shop, random: Random) -> list[tuple[str, str, str]]:
    facts: list[tuple[str, str, str]] = []
    if shop.delivery:
        facts.append(("Delivery", shop.delivery, f"Delivery takes {shop.delivery}."))
    if shop.warranty_years:
        facts.append(("Warranty", *_warranty(shop.warranty_years, random)))
    if shop.payment:
        facts.append(("Payment", *_payment(shop.payment, random)))
    contact = ", ".join(_contact(shop))
    if shop.address and random.random() < 0.5:
        where = random.choice(("Find us at {}.", "We are at {}.", "Address: {}."))
        facts.append(("Address and contact", contact, where.format(contact)))
    elif contact:
        facts.append(("Contact", contact, f"Contact: {contact}."))
    return facts


def _warranty(years: int, random: Random) -> tuple[str, str]:
    number = random.choice((str(years), NUMBERS[years]))
    span = f"{number} year{'s' if years > 1 else ''}"
    sentence = random.choice(
        ("Everything has a warranty of {}.", "There is a warranty of {} on everything.")
    )
    return span, sentence.format(span)


def _payment(ways: tuple[str, ...], random: Random) -> tuple[str, str]:
    either = joined(ways, "or")
    every = either.removesuffix("or cash") + "or in cash" if either.endswith("or cash") else either
    sentence = random.choice(
        (
            f"Customers can pay by {either}.",
            f"Customers pay by {every}.",
            f"We take {joined(ways)}.",
        )
    )
    return random.choice((either, joined(ways), ", ".join(ways))), sentence


def _contact(shop: Shop) -> list[str]:
    phone = f"phone {shop.phone}" if shop.phone else None
    return [part for part in (shop.address, phone, shop.email) if part]
