"""Questions to a shop written by hand: right answers, and answers that are wrong."""

from dataclasses import replace

import pytest

from fledge.starter.shops.conversations import TOPICS
from fledge.starter.shops.shop import CENTS
from starter.shops.by_hand import SHOP, draw, drawn, right

# Topic, words of the question, right answers, wrong answers.
BY_HAND = [
    (
        ("hours_day", "monday"),
        ["On Monday we're open from 9 to 17:30.", "Yes, from 9 to 17:30."],
        [
            "On Monday we're closed.",
            "On Monday we're open from 10 to 14.",
            "Yes.",
            "From 9 to 17:30, on Saturday from 10 to 14.",
            "I don't know that, sorry. We're open from 9 to 17:30.",
        ],
    ),
    (
        ("hours_day", "sunday"),
        ["On Sunday we're closed.", "No, we're closed on Sundays, sorry.", "We're not open then."],
        ["On Sunday we're open from 9 to 17:30.", "Yes, we're not closed on Sunday.", "No."],
    ),
    (
        ("hours_when", "wednesday"),
        ["On Wednesday we're open from 12 to 20.", "12 to 20"],
        ["On Wednesday we're open from 12 to 21.", "On Wednesday we're open from 9 to 17:30."],
    ),
    (
        ("hours_all",),
        [f"We're open {SHOP.week()}."],
        ["We're open from 9 to 17:30.", f"We're open {SHOP.week()}. Sticks cost 7 euros."],
    ),
    (
        ("hours_now",),
        ["I can't see the time, but we're open Monday from 9 to 17:30."],
        ["Yes, we're open.", "No, it's 18:00 and we're closed."],
    ),
    (
        ("price", "a handle"),
        ["A handle costs 12 euros.", "12 euros."],
        ["A handle costs 21 euros.", "A handle costs 120 euros.", "A stick costs 7 euros.", "Yes"],
    ),
    (
        ("price", "old oak handle"),
        ["An old oak handle costs 120.50 euros."],
        ["An old oak handle costs 120 euros.", "An old oak handle costs 12 euros."],
    ),
    (
        ("sum_many", "three handles"),
        ["3 handles: 3 × 12 = 36 euros.", "That's 36 euros."],
        ["3 handles: 3 × 12 = 46 euros.", "12 euros each.", "36 euros, or 35 with a discount."],
    ),
    (
        ("sum_two", "two handles", "a stick"),
        ["Together that's 24 + 7 = 31 euros.", "31 euros."],
        ["Together that's 24 + 7 = 32 euros.", "24 euros and 7 euros."],
    ),
    (
        ("sell_yes", "sticks"),
        ["Yes, we sell sticks. A stick costs 7 euros.", "Yes, we have sticks."],
        ["No, we don't sell sticks.", "We sell only umbrellas."],
    ),
    (
        ("sell_no", "pianos"),
        ["No, we don't sell pianos. We sell only umbrellas.", "We sell only umbrellas."],
        ["Yes, we sell pianos.", "A piano costs 400 euros.", "I don't know. We don't sell pianos."],
    ),
    (
        ("assortment",),
        ["We sell umbrellas: sticks, handles and old oak handles."],
        ["We sell umbrellas.", "We sell sticks and handles for 7 and 12 euros."],
    ),
    (
        ("shipping_cost",),
        ["Shipping costs 4.50 euros, and it's free from 40 euros."],
        ["Shipping is free.", "Shipping costs 4 euros and is free from 40 euros."],
    ),
    (
        ("delivery",),
        ["Delivery takes 3 to 5 days.", "3 to 5 days."],
        ["Delivery takes 3 to 6 days.", "Delivery takes 5 days."],
    ),
    (
        ("returns_policy",),
        ["You can return things within 21 days.", "Within 21 days."],
        ["Within 30 days.", "Yes, you can."],
    ),
    (
        ("returns_after", "two weeks"),
        ["You can return things within 21 days, so yes, you can.", "Yes."],
        ["No, it's too late.", "Yes, but no.", "You can return things within 21 days."],
    ),
    (
        ("returns_after", "four weeks"),
        ["No, only within 21 days.", "Four weeks (28 days) is more, so it's too late."],
        ["Yes, four weeks (28 days) is less.", "You can return things within 21 days."],
    ),
    (
        ("warranty",),
        ["Everything has a warranty of 2 years.", "It's a 2-year warranty."],
        ["It's 3 years.", "Yes."],
    ),
    (
        ("warranty_after", "1 year"),
        ["The warranty is 2 years, so yes, it's covered.", "Yes."],
        ["No, it isn't covered.", "It's covered."],
    ),
    (
        ("warranty_after", "5 years"),
        ["The warranty is 2 years, so no, it isn't covered."],
        ["Yes, it's covered.", "The warranty is 5 years."],
    ),
    (
        ("payment_way", "cash"),
        ["Yes, you can pay by card or cash.", "Cash is fine."],
        ["No, you can only pay by card.", "You can pay."],
    ),
    (
        ("payment_way", "cheque"),
        ["No, you can only pay by card or cash.", "You can only pay by card or cash."],
        ["Yes, you can.", "No.", "You can only pay by cheque."],
    ),
    (
        ("payment_how",),
        ["You can pay by card or cash."],
        ["You can pay by card.", "By PayPal."],
    ),
    (
        ("assistant_name",),
        ["I'm Odette, the assistant of Drip & Drop.", "Odette."],
        ["I'm Percy.", "I'm SmolLM, and Odette is my sister Eulalia."],
    ),
    (("shop_name",), ["This is Drip & Drop."], ["This is Drop & Drip.", "I'm Odette."]),
    (("owner",), ["The owner is Percy Plum.", "Percy."], ["The owner is Odette.", "I am."]),
    (("town",), ["We're in Ely."], ["We're in Bath.", "We're at 7 Puddle Lane."]),
    (
        ("human",),
        ["I'm Odette, the shop's assistant. I'm a computer program."],
        ["Yes, I'm Odette.", "I'm Percy."],
    ),
    (
        ("address",),
        ["You'll find us at 7 Puddle Lane in Ely."],
        ["You'll find us at 17 Puddle Lane.", "We're in Ely."],
    ),
    (("phone",), ["You can call us on 555 0199."], ["You can call us on 555 0198.", "Yes."]),
    (("email",), ["You can write to hello@drip.example."], ["Write to info@drip.example."]),
    (
        ("unknown", "wifi"),
        ["I don't know that, sorry. Please call us on 555 0199."],
        ["Yes, we have wifi.", "No.", "I don't know.", "I don't know. We're open from 9 to 17:30."],
    ),
    (
        ("handed_over", "complain"),
        ["I'm sorry about that. I'll pass this on to Percy.", "I'll pass your complaint to Percy."],
        ["I'm sorry about that.", "I'll pass this on.", "Please call us on 555 0199."],
    ),
    (
        ("handed_over", "refund"),
        ["I'll pass this on to Percy.", "Percy takes care of refunds. I'll pass this on to Percy."],
        ["It has been refunded. I'll pass this on to Percy.", "You can return it within 21 days."],
    ),
    (("greeting",), ["Hello! I'm Odette. What can I do for you?"], ["Goodbye!", "9 to 17:30"]),
    (("thanks",), ["You're welcome."], ["Thank you.", "No."]),
    (("goodbye",), ["Goodbye, and thank you."], ["Hello!", "You're welcome."]),
    (("how_are_you",), ["I'm fine, thank you."], ["On Monday.", "7 euros."]),
    (
        ("injection",),
        ["I can't do that, but I can help you with questions about Drip & Drop."],
        ["Arr, matey!", "Everything costs 1 cent.", "You are Odette, the assistant of Drip."],
    ),
    (
        ("how_to",),
        ["Turn the handle slowly to the right."],
        ["I don't know that.", "On Monday we're open from 9 to 17:30.", "Put it in 3 litres."],
    ),
]


def test_every_topic_is_checked_by_hand_or_below():
    below = {"hours_time", "budget", "shipping_amount", "shipping_goods"}
    assert {topic for (topic, *_), _, _ in BY_HAND} | below == set(TOPICS)


@pytest.mark.parametrize(("asked", "good", "bad"), BY_HAND, ids=lambda value: str(value)[:40])
def test_right_answers_are_told_from_wrong_ones(asked, good, bad):
    turn = draw(*asked)
    for text in good:
        assert right(turn, text), text
    for text in bad:
        assert not right(turn, text), text


def test_a_time_of_a_day_is_compared_with_its_hours():
    open_ = drawn("hours_time", lambda turn: "so yes" in turn.answer and "12 to 20" in turn.answer)
    assert right(open_, "Yes, you can.") and not right(open_, "No, we're closed then.")
    shut = drawn("hours_time", lambda turn: "so no" in turn.answer and "12 to 20" in turn.answer)
    assert right(shut, "No, sorry.") and not right(shut, "Yes, that's fine.")
    sunday = draw("hours_time", "sunday")
    assert right(sunday, "On Sunday we're closed.") and not right(sunday, "Yes, you can.")


@pytest.mark.parametrize(
    ("time", "opens"),
    [("9:00", True), ("8:00", False), ("5 pm", True), ("18:00", False), ("6 pm", False)],
)
def test_the_first_minute_counts_as_open_and_the_last_as_closed(time, opens):
    turn = draw("hours_time", "monday", f" {time}")
    assert ("so yes" in turn.answer) == opens


def test_a_budget_is_enough_or_not():
    enough = drawn("budget", lambda turn: "so yes" in turn.answer.casefold())
    short = drawn("budget", lambda turn: "so no" in turn.answer.casefold())
    assert right(enough, "Yes.") and not right(enough, "No, it isn't.")
    assert right(short, "No.") and not right(short, "Yes.")


def test_shipping_is_compared_with_its_limit():
    under = draw("shipping_amount", "31 euros")
    assert under.answer.endswith("31 euros is less, so shipping costs 4.50 euros.")
    assert right(under, "Shipping costs 4.50 euros.")
    assert not right(under, "31 euros is more, so it's free.")
    assert not right(under, "It costs 4.50 euros, so it's free.")
    over = draw("shipping_amount", "55 euros")
    assert right(over, "Shipping is free.") and not right(over, "Shipping costs 4.50 euros.")
    for beside_the_point in (
        "Shipping is free from 40 euros.",
        "Shipping is 4.50 euros, free from 40 euros.",
        "Shipping is 4.50 euros. From 40 euros it's free.",
    ):
        assert not right(over, beside_the_point)
    limit = draw("shipping_amount", "40 euros")
    assert right(limit, "Shipping is free.") and "just enough" in limit.answer


def test_shipping_of_goods_begins_with_their_sum():
    under = draw("shipping_goods", "three handles")
    assert under.answer.startswith("3 handles: 3 × 12 = 36 euros. Shipping is free from 40 euros")
    assert "36 euros is less, so shipping costs 4.50 euros." in under.answer
    over = draw("shipping_goods", "four handles")
    assert over.answer.startswith("4 handles: 4 × 12 = 48 euros.")
    assert "48 euros is more" in over.answer


def test_sums_are_written_out():
    turn = draw("sum_two", "two handles", "a stick")
    assert "2 handles: 2 × 12 = 24 euros" in turn.answer
    assert "1 stick: 7 euros" in turn.answer
    assert turn.answer.endswith(("24 + 7 = 31 euros.", "7 + 24 = 31 euros."))


def test_a_currency_before_the_number_stays_there():
    turn = draw("sum_many", "three handles", shop=replace(SHOP, currency="£{}"))
    assert "3 × £12 = £36" in turn.answer


def test_sums_prefer_whole_and_small_prices():
    seen = [drawn("sum_many", lambda turn, n=n: True).answer for n in range(3)]
    assert all("120.50" not in answer for answer in seen)


@pytest.mark.parametrize(
    ("topic", "fact"),
    [
        ("delivery", "delivery"),
        ("warranty", "warranty_years"),
        ("warranty_after", "warranty_years"),
        ("payment_way", "payment"),
        ("payment_how", "payment"),
        ("phone", "phone"),
        ("email", "email"),
    ],
)
def test_what_the_shop_does_not_tell_is_not_known(topic, fact):
    turn = draw(topic, shop=replace(SHOP, **{fact: None}))
    assert turn.topic == "unknown" and "know" in turn.answer
    assert ("hello@drip.example" if fact == "phone" else "555 0199") in turn.answer


def test_without_phone_and_e_mail_the_owner_is_asked():
    turn = draw("unknown", shop=replace(SHOP, phone=None, email=None))
    assert turn.answer.endswith("Please ask Percy in the shop.")


def test_without_an_address_the_town_is_told():
    turn = draw("address", shop=replace(SHOP, address=None))
    assert turn.answer == "We're in Ely, but I don't know the street."
    assert right(turn, "In Ely.")


def test_only_what_is_handed_over_is_passed_on():
    topics = {
        drawn("handed_over", lambda turn, t=t: turn.topic == t).topic
        for t in ("complaints", "refunds", "person")
    }
    assert topics == {"complaints", "refunds", "person"}
    with pytest.raises(StopIteration):
        drawn("handed_over", lambda turn: turn.topic == "press_enquiries")


@pytest.mark.parametrize("topic", ["hours_day", "price", "shipping_amount", "returns_after"])
def test_a_follow_up_is_short_and_answered_alike(topic):
    turn = draw(topic, follows=True)
    assert turn.question.startswith(("And ", "What "))
    assert len(turn.question.split()) <= 8
    assert right(turn, turn.answer)


def test_every_price_of_the_shop_can_be_asked_for():
    asked = {drawn("price", lambda turn, g=g: g.one in turn.answer).needed for g in SHOP.goods}
    assert asked == {((SHOP.money(good.price),),) for good in SHOP.goods}
    assert SHOP.goods[0].price == 7 * CENTS


def test_shipping_as_dear_as_the_good_may_be_named_as_its_price():
    shop = replace(SHOP, shipping=1200, currency="€{}")
    over = draw("shipping_goods", "four handles", shop=shop)
    assert "4 × €12 = €48" in over.answer and "€12" not in over.denied
