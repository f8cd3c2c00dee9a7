"""A shop's ways to write money, times, weeks and lists, against texts written by hand."""

from dataclasses import replace

import pytest

from fledge.starter.shops.shop import CURRENCIES, Good, Hours, article, joined
from starter.shops.by_hand import SHOP, USUAL


@pytest.mark.parametrize(
    ("currency", "cents", "written"),
    [
        ("{} euros", 1200, "12 euros"),
        ("{} euros", 1250, "12.50 euros"),
        ("{} euros", 1205, "12.05 euros"),
        ("{} euros", 100, "1 euro"),
        ("{} pounds", 100, "1 pound"),
        ("{} dollars", 100, "1 dollar"),
        ("{} dollars", 150, "1.50 dollars"),
        ("£{}", 100, "£1"),
        ("£{}", 10000, "£100"),
        ("${}", 495, "$4.95"),
        ("€{}", 90, "€0.90"),
    ],
)
def test_money_is_written_as_the_shop_does(currency, cents, written):
    assert currency in CURRENCIES
    assert replace(SHOP, currency=currency).money(cents) == written


@pytest.mark.parametrize(
    ("clock", "minutes", "written"),
    [
        ("plain", 9 * 60, "9"),
        ("plain", 17 * 60 + 30, "17:30"),
        ("plain", 12 * 60, "12"),
        ("colon", 9 * 60, "9:00"),
        ("colon", 17 * 60 + 30, "17:30"),
        ("half_days", 9 * 60, "9 am"),
        ("half_days", 9 * 60 + 30, "9:30 am"),
        ("half_days", 12 * 60, "12 pm"),
        ("half_days", 12 * 60 + 30, "12:30 pm"),
        ("half_days", 17 * 60, "5 pm"),
        ("half_days", 22 * 60, "10 pm"),
    ],
)
def test_times_are_written_as_the_shop_does(clock, minutes, written):
    assert replace(SHOP, clock=clock).time(minutes) == written


def test_hours_run_from_opening_to_closing():
    assert SHOP.span(USUAL) == "9 to 17:30"
    assert replace(SHOP, clock="half_days").span(USUAL) == "9 am to 5:30 pm"


def test_a_week_puts_equal_days_together_and_closed_days_last():
    assert SHOP.week() == (
        "Monday and Tuesday from 9 to 17:30, Wednesday from 12 to 20, Thursday and Friday from 9 "
        "to 17:30, Saturday from 10 to 14, closed on Sunday"
    )


def test_a_week_without_a_closed_day_ends_with_its_last_hours():
    day = Hours(8 * 60, 18 * 60)
    assert replace(SHOP, hours=(day,) * 7).week() == "Monday to Sunday from 8 to 18"


def test_a_week_names_each_closed_day():
    day = Hours(8 * 60, 18 * 60)
    week = replace(SHOP, hours=(None, day, day, day, day, None, None)).week()
    assert week == "Tuesday to Friday from 8 to 18, closed on Monday, Saturday and Sunday"


def test_closed_days_part_equal_ones():
    day = Hours(8 * 60, 18 * 60)
    week = replace(SHOP, hours=(day, None, day, day, day, day, None)).week()
    assert (
        week
        == "Monday from 8 to 18, Wednesday to Saturday from 8 to 18, closed on Tuesday and Sunday"
    )


def test_goods_are_counted():
    good = Good("loaf of bread", "loaves of bread", 300)
    assert good.counted(1) == "1 loaf of bread"
    assert good.counted(3) == "3 loaves of bread"
    assert good.a() == "a loaf of bread"


@pytest.mark.parametrize(
    ("noun", "expected"),
    [
        ("mug", "a"),
        ("orchid", "an"),
        ("apple pie", "an"),
        ("inner tube", "an"),
        ("easel", "an"),
        ("umbrella stand", "an"),
        ("ukulele", "a"),
        ("hat", "a"),
        ("art shop", "an"),
    ],
)
def test_articles_are_those_of_english(noun, expected):
    assert article(noun) == expected


def test_lists_are_joined_as_in_a_sentence():
    assert joined([]) == ""
    assert joined(["a"]) == "a"
    assert joined(["a", "b"]) == "a and b"
    assert joined(("a", "b", "c"), "or") == "a, b or c"
