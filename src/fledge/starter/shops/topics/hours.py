"""Questions about opening hours: a day, a time of a day, the whole week, and now."""

from random import Random

from fledge.starter.shops.shop import HOUR, Shop
from fledge.starter.shops.turn import Turn, Wording
from fledge.starter.words import DAYS

CLOSED = ("closed", "not open", "aren't open")


def hours_day(wording: Wording) -> Turn:
    """Ask whether the shop is open on a day; closed days are asked for more often than others."""
    return _of_day(wording, _day(wording.shop, wording.random))


def hours_when(wording: Wording) -> Turn:
    """Ask from when to when the shop is open on a day; it may be closed."""
    return _of_day(wording, _day(wording.shop, wording.random))


def hours_all(wording: Wording) -> Turn:
    """Ask for the hours of the whole week."""
    shop = wording.shop
    times = {shop.time(at) for hours in shop.hours if hours for at in (hours.opens, hours.closes)}
    needed = tuple((time,) for time in sorted(times))
    return wording.turn({"week": shop.week()}, needed)


def hours_now(wording: Wording) -> Turn:
    """Ask whether the shop is open now, without telling the time."""
    week = wording.shop.week()
    return wording.turn(
        {"week": week}, (("can't see", "cannot see", "don't know"),), asides=week, warms=False
    )


def hours_time(wording: Wording) -> Turn:
    """Ask whether the shop is open at a time of a day."""
    shop, random = wording.shop, wording.random
    day = _day(shop, random)
    hours = shop.hours[day]
    minutes = random.randint(7, 22) * HOUR
    time = asked_time(shop, minutes, random)
    slots = {"day": DAYS[day], "time": time}
    if hours is None:
        return Turn(
            topic=wording.topic,
            question=wording.ask(slots),
            answer=Wording("hours_day", shop, random).say("closed", slots),
            needed=(CLOSED,),
            denied=("yes", "is fine"),
        )
    slots |= {"opens": shop.time(hours.opens), "closes": shop.time(hours.closes)}
    if hours.opens <= minutes < hours.closes:
        agreed = (("yes", "you can", "is fine"),)
        return wording.turn(slots, agreed, part="yes", denied=("no", "not", "closed"))
    refused = (("no", "not", "closed", "can't"),)
    return wording.turn(slots, refused, part="no", denied=("yes", "is fine"))


def asked_time(shop: Shop, minutes: int, random: Random) -> str:
    """Return a full hour as a customer says it: as the shop writes it, "17:00" or "5 pm"."""
    hour = minutes // HOUR
    half_days = f"{(hour - 1) % 12 + 1} {'am' if hour < 12 else 'pm'}"
    return random.choice((shop.time(minutes), f"{hour}:00", half_days))


def _of_day(wording: Wording, day: int) -> Turn:
    shop = wording.shop
    hours = shop.hours[day]
    slots = {"day": DAYS[day]}
    answers = Wording("hours_day", shop, wording.random)
    if hours is None:
        answer, needed, denied = answers.say("closed", slots), (CLOSED,), ("yes", "we're open")
        return Turn(wording.topic, wording.ask(slots), answer, needed, denied)
    said = {"opens": shop.time(hours.opens), "closes": shop.time(hours.closes)}
    return Turn(
        topic=wording.topic,
        question=wording.ask(slots),
        answer=answers.say("open", slots | said),
        needed=((said["opens"],), (said["closes"],)),
        denied=("closed", "not open"),
    )


def _day(shop: Shop, random: Random) -> int:
    closed = [day for day, hours in enumerate(shop.hours) if hours is None]
    if closed and random.random() < 0.4:
        return random.choice(closed)
    return random.randrange(len(DAYS))
