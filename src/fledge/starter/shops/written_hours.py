"""A week of opening hours in the ways that people write it in a system prompt."""

from collections.abc import Callable
from random import Random

from fledge.starter.shops.shop import Hours, Shop, joined
from fledge.starter.words import DAYS

Writing = Callable[[Shop, Random], str]


def written_hours(shop: Shop, random: Random) -> str:
    """Write the week as a label's value: "Tue-Sat 9-18, closed Mon and Sun"."""
    return random.choice((_week, _week, _from_and_on, _closed_first, _labelled, _short, _each_day))(
        shop, random
    )


def told_hours(shop: Shop, random: Random) -> str:
    """Write the week as a sentence or two of prose."""
    written = random.choice((_week, _week, _from_and_on))(shop, random)
    frame = random.choice(
        (
            "We are open {}.",
            "We are open {}.",
            "We're open {}.",
            "Opening hours: {}.",
            "The shop is open {}.",
        )
    )
    return frame.format(written)


def _week(shop: Shop, _: Random) -> str:
    return shop.week()


def _from_and_on(shop: Shop, random: Random) -> str:
    """Write "from Monday to Friday from 9 to 18 and on Saturday from 9 to 13; closed on Sunday"."""
    between = random.random() < 0.3
    parts = []
    for first, last, hours in shop.runs():
        if hours:
            days = _days(first, last, "from {} to {}", "on {}")
            opens, closes = shop.time(hours.opens), shop.time(hours.closes)
            times = f"between {opens} and {closes}" if between else f"from {opens} to {closes}"
            parts.append(f"{days} {times}")
    closed = shop.closed_days()
    if not closed:
        return joined(parts)
    names = joined([f"{day}s" for day in closed] if random.random() < 0.3 else closed)
    ending = random.choice(
        (f"; on {names} we are closed", f"; closed on {names}", f", and closed on {names}")
    )
    return joined(parts) + ending


def _closed_first(shop: Shop, random: Random) -> str:
    closed = joined(shop.closed_days())
    parts = ", ".join(
        f"{_days(first, last, '{} to {}', '{}')} {shop.span(hours)}"
        for first, last, hours in shop.runs()
        if hours
    )
    if not closed:
        return random.choice((f"every day: {parts}", parts))
    return f"closed on {closed}, {random.choice(('else ', 'otherwise ', ''))}{parts}"


def _labelled(shop: Shop, _: Random) -> str:
    """Write "Monday to Friday: 9 to 18; Saturday: 9 to 13; Sunday: closed"."""
    return "; ".join(
        f"{_days(first, last, '{} to {}', '{}')}: {shop.span(hours) if hours else 'closed'}"
        for first, last, hours in shop.runs()
    )


def _short(shop: Shop, random: Random) -> str:
    """Write "Mon-Fri 9-18, Sat 9-13, closed Sun"."""
    to = random.choice(("-", " to ", "-"))
    parts = [
        _days(first, last, f"{{:.3}}{to}{{:.3}}", "{:.3}") + " " + _span(shop, hours, to)
        for first, last, hours in shop.runs()
        if hours
    ]
    closed = [day[:3] for day in shop.closed_days()]
    return ", ".join(parts) + (f", closed {joined(closed)}" if closed else "")


def _each_day(shop: Shop, _: Random) -> str:
    """Write all seven days: "Monday closed, Tuesday 9 to 18, …"."""
    return ", ".join(
        f"{day} {shop.span(hours) if hours else 'closed'}"
        for day, hours in zip(DAYS, shop.hours, strict=True)
    )


def _span(shop: Shop, hours: Hours, to: str) -> str:
    return f"{shop.time(hours.opens)}{to}{shop.time(hours.closes)}"


def _days(first: int, last: int, several: str, single: str) -> str:
    return single.format(DAYS[first]) if first == last else several.format(DAYS[first], DAYS[last])
