"""Weeks of opening hours as people write them, against texts written by hand, and read again."""

import re
from dataclasses import replace
from random import Random

import pytest

from fledge.starter.shops.random_shop import random_week
from fledge.starter.shops.shop import Hours
from fledge.starter.shops.written_hours import told_hours, written_hours
from fledge.starter.words import DAYS
from starter.shops.by_hand import SHOP

DAY = Hours(9 * 60, 18 * 60)
SATURDAY = Hours(10 * 60, 14 * 60)
WEEK = replace(SHOP, hours=(None, DAY, DAY, DAY, DAY, SATURDAY, None))
ALL_DAYS = replace(SHOP, hours=(DAY,) * 7)


def writings(shop, write):
    return {write(shop, Random(seed)) for seed in range(4000)}


def test_a_label_is_followed_by_every_way_to_write_a_week():
    assert writings(WEEK, written_hours) == {
        "Tuesday to Friday from 9 to 18, Saturday from 10 to 14, closed on Monday and Sunday",
        "from Tuesday to Friday from 9 to 18 and on Saturday from 10 to 14; on Monday and Sunday "
        "we are closed",
        "from Tuesday to Friday from 9 to 18 and on Saturday from 10 to 14; closed on Monday and "
        "Sunday",
        "from Tuesday to Friday from 9 to 18 and on Saturday from 10 to 14, and closed on Monday "
        "and Sunday",
        "from Tuesday to Friday from 9 to 18 and on Saturday from 10 to 14; on Mondays and Sundays "
        "we are closed",
        "from Tuesday to Friday from 9 to 18 and on Saturday from 10 to 14; closed on Mondays and "
        "Sundays",
        "from Tuesday to Friday from 9 to 18 and on Saturday from 10 to 14, and closed on Mondays "
        "and Sundays",
        "from Tuesday to Friday between 9 and 18 and on Saturday between 10 and 14; on Monday and "
        "Sunday we are closed",
        "from Tuesday to Friday between 9 and 18 and on Saturday between 10 and 14; closed on "
        "Monday and Sunday",
        "from Tuesday to Friday between 9 and 18 and on Saturday between 10 and 14, and closed on "
        "Monday and Sunday",
        "from Tuesday to Friday between 9 and 18 and on Saturday between 10 and 14; on Mondays and "
        "Sundays we are closed",
        "from Tuesday to Friday between 9 and 18 and on Saturday between 10 and 14; closed on "
        "Mondays and Sundays",
        "from Tuesday to Friday between 9 and 18 and on Saturday between 10 and 14, and closed on "
        "Mondays and Sundays",
        "closed on Monday and Sunday, else Tuesday to Friday 9 to 18, Saturday 10 to 14",
        "closed on Monday and Sunday, otherwise Tuesday to Friday 9 to 18, Saturday 10 to 14",
        "closed on Monday and Sunday, Tuesday to Friday 9 to 18, Saturday 10 to 14",
        "Monday: closed; Tuesday to Friday: 9 to 18; Saturday: 10 to 14; Sunday: closed",
        "Tue-Fri 9-18, Sat 10-14, closed Mon and Sun",
        "Tue to Fri 9 to 18, Sat 10 to 14, closed Mon and Sun",
        "Monday closed, Tuesday 9 to 18, Wednesday 9 to 18, Thursday 9 to 18, Friday 9 to 18, "
        "Saturday 10 to 14, Sunday closed",
    }


def test_prose_is_a_sentence_of_it():
    told = writings(WEEK, told_hours)
    assert (
        "We are open Tuesday to Friday from 9 to 18, Saturday from 10 to 14, closed on Monday and "
        "Sunday." in told
    )
    assert (
        "We're open from Tuesday to Friday between 9 and 18 and on Saturday between 10 and 14; on "
        "Mondays and Sundays we are closed." in told
    )
    assert all(re.fullmatch(r"(We are|We're|The shop is|Opening) [^.]+\.", one) for one in told)


def test_a_week_without_a_closed_day_is_never_closed():
    for one in writings(ALL_DAYS, written_hours) | writings(ALL_DAYS, told_hours):
        assert "closed" not in one and one.rstrip(".").endswith(("18", "Sunday 9 to 18")), one
    assert "every day: Monday to Sunday 9 to 18" in writings(ALL_DAYS, written_hours)


@pytest.mark.parametrize("seed", range(60))
def test_every_day_can_be_read_again(seed):
    random = Random(seed)
    shop = replace(SHOP, hours=random_week(random))
    for write in (written_hours, told_hours):
        text = write(shop, random)
        assert read(text) == {
            day: (shop.time(hours.opens), shop.time(hours.closes)) if hours else None
            for day, hours in zip(DAYS, shop.hours, strict=True)
        }, text


def read(text):
    """Return opening and closing time of each day, by a reader that knows no writer."""
    short = [day[:3] for day in DAYS]
    text = re.sub(rf"\b({'|'.join(short)})[a-z]*", lambda found: found[1], text)
    day = "|".join(short)
    week = {}
    days = rf"({day})(?:(?: to |-| and )({day}))?"
    span = rf"{days}:? (?:from |between )?([\d:]+)(?: to | and |-)([\d:]+)"
    for first, last, opens, closes in re.findall(span, text):
        for number in range(short.index(first), short.index(last or first) + 1):
            assert DAYS[number] not in week
            week[DAYS[number]] = (opens, closes)
    for number, name in enumerate(short):
        if DAYS[number] not in week:
            assert re.search(rf"closed[^;:]*{name}|{name}[^\d;]*closed", text), (name, text)
            week[DAYS[number]] = None
    return week
