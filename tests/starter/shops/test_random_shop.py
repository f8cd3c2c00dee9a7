"""Random shops: numbers in their ranges, weeks that shops have, names that fit the trade."""

from collections import Counter
from random import Random

from fledge.starter.shops.random_shop import PAYMENT, RETURN_DAYS, random_shop, random_week
from fledge.starter.shops.shop import CENTS
from fledge.starter.shops.trades import names, trades

SHOPS = [random_shop("train", Random(seed)) for seed in range(500)]


OFFERS = {trade.kind: (*trade.goods, *trade.alike) for trade in trades("train")}


def test_half_of_the_shops_have_goods_that_share_a_word():
    alike = 0
    for shop in SHOPS:
        family = {one for one, *_ in shop.trade.alike}
        if family <= {good.one for good in shop.goods}:
            alike += 1
            assert len(shop.goods) <= 4
    assert 200 < alike < 300
    for trade in trades("train"):
        first, second, third = (set(one.split()) - {"of"} for one, *_ in trade.alike)
        assert first & second & third, trade.kind


def test_shops_differ():
    assert len({shop.name for shop in SHOPS}) > 350
    assert len({(shop.shipping, shop.free_from, shop.return_days) for shop in SHOPS}) > 450
    assert len({tuple(good.price for good in shop.goods) for shop in SHOPS}) > 490


def test_the_same_seed_draws_the_same_shop():
    assert random_shop("train", Random(3)) == SHOPS[3]
    assert random_shop("held_out", Random(3)) != SHOPS[3]


def test_prices_lie_in_the_range_of_their_good():
    for shop in SHOPS:
        assert 3 <= len(shop.goods) <= 4
        ranges = {one: (low, high) for one, _, low, high in OFFERS[shop.trade.kind]}
        for good in shop.goods:
            low, high = ranges[good.one]
            assert low - CENTS < good.price < high + CENTS
            assert good.price % CENTS in (0, 50, 90, 95)


def test_policies_are_drawn_from_their_ranges():
    for shop in SHOPS:
        assert 2 * CENTS <= shop.shipping < 16 * CENTS
        assert 20 * CENTS <= shop.free_from <= 120 * CENTS
        assert shop.return_days in RETURN_DAYS
        assert 2 <= len(shop.handed_over) == len(set(shop.handed_over)) <= 3
        assert shop.warranty_years is None or 1 <= shop.warranty_years <= 5
        if shop.payment:
            assert set(shop.payment) <= set(PAYMENT)
            assert "cash" not in shop.payment[:-1]


def test_facts_are_missing_in_some_shops_and_told_in_others():
    for fact in ("delivery", "warranty_years", "payment", "address", "phone", "email"):
        told = sum(getattr(shop, fact) is not None for shop in SHOPS)
        assert 75 < told < 460, fact


def test_owner_and_assistant_are_two_people_of_the_split():
    for split in ("train", "held_out"):
        for seed in range(100):
            shop = random_shop(split, Random(seed))
            assert shop.owner.split()[0] != shop.assistant
            assert {shop.owner.split()[0], shop.assistant} <= set(names(split).first_names)
            assert shop.town in names(split).towns
            assert shop.trade in trades(split)


def test_weeks_open_and_close_as_shops_do():
    closed = Counter[int]()
    for seed in range(500):
        week = random_week(Random(seed))
        assert len(week) == 7 and sum(hours is not None for hours in week) >= 4
        for day, hours in enumerate(week):
            if hours is None:
                closed[day] += 1
            else:
                assert 7 * 60 <= hours.opens < hours.closes <= 21 * 60 + 30
                assert hours.opens % 30 == hours.closes % 30 == 0
    assert closed[6] > 300 > 150 > closed[0] > closed[5] > 10
    assert closed[3] == closed[4] == 0


def test_an_e_mail_address_is_made_from_the_name():
    shop = next(shop for shop in SHOPS if shop.email and "&" in shop.name)
    first, last = shop.name.lower().split(" & ")
    assert shop.email.endswith(f"@{first}{last}.example")


def test_phone_numbers_are_no_ones():
    assert all(
        shop.phone.startswith("555 ") and len(shop.phone) == 8 for shop in SHOPS if shop.phone
    )
