"""A shop written by hand, and questions of a topic asked of it."""

from collections.abc import Callable
from random import Random

from fledge.starter.shops import ShopQuestion, is_right
from fledge.starter.shops.conversations import TOPICS
from fledge.starter.shops.shop import Advice, Good, Hours, Shop, Trade
from fledge.starter.shops.turn import Turn, Wording
from fledge.text.conversation import Conversation, Message

TRADE = Trade(
    kind="umbrella repair",
    sells="umbrellas",
    goods=(("stick", "sticks", 500, 900), ("handle", "handles", 700, 1500)),
    alike=(),
    advice=(Advice("How do I roll it?", "Turn the handle slowly to the right."),),
    elsewhere=("pianos", "trumpets"),
)
LATE = Hours(12 * 60, 20 * 60)
USUAL = Hours(9 * 60, 17 * 60 + 30)
SHOP = Shop(
    trade=TRADE,
    name="Drip & Drop",
    assistant="Odette",
    owner="Percy Plum",
    town="Ely",
    tone="plain",
    currency="{} euros",
    clock="plain",
    goods=(
        Good("stick", "sticks", 700),
        Good("handle", "handles", 1200),
        Good("old oak handle", "old oak handles", 12050),
    ),
    hours=(USUAL, USUAL, LATE, USUAL, USUAL, Hours(10 * 60, 14 * 60), None),
    shipping=450,
    free_from=4000,
    return_days=21,
    handed_over=("complaints", "refunds"),
    delivery="3 to 5 days",
    warranty_years=2,
    payment=("card", "cash"),
    address="7 Puddle Lane",
    phone="555 0199",
    email="hello@drip.example",
)
SYSTEM = """You are Odette, the assistant of Drip & Drop, an umbrella repair in Ely run by
Percy Plum. We sell sticks for 7 euros, handles for 12 euros and old oak handles for
120.50 euros. We are open
Monday and Tuesday from 9 to 17:30, Wednesday from 12 to 20, Thursday and Friday from 9 to 17:30,
Saturday from 10 to 14, closed on Sunday. Shipping costs 4.50 euros and is free from 40 euros.
Goods can be returned within 21 days. Delivery takes 3 to 5 days. Everything has a warranty of 2
years. Customers can pay by card or cash. Contact: 7 Puddle Lane, phone 555 0199,
hello@drip.example. Pass complaints and refunds on to Percy."""


def draw(topic: str, *words: str, shop: Shop = SHOP, follows: bool = False) -> Turn:
    """Draw questions of a topic until one holds all the words."""
    function, _ = TOPICS[topic]
    for seed in range(20_000):
        turn = function(Wording(topic, shop, Random(seed), follows))
        if all(word.casefold() in turn.question.casefold() for word in words):
            return turn
    raise AssertionError((topic, words))


def drawn(topic: str, accept: Callable[[Turn], bool], shop: Shop = SHOP) -> Turn:
    """Draw questions of a topic until one is accepted."""
    function, _ = TOPICS[topic]
    turns = (function(Wording(topic, shop, Random(seed))) for seed in range(20_000))
    return next(turn for turn in turns if accept(turn))


def question(turn: Turn, system: str = SYSTEM) -> ShopQuestion:
    """Ask the question of a turn under the system prompt of the shop."""
    chat = Conversation((Message("system", system), Message("user", turn.question)))
    return ShopQuestion(chat, turn, SHOP.tone)


def right(turn: Turn, text: str) -> bool:
    """Tell whether the ranking rule takes a text for a right answer."""
    assert is_right(question(turn), turn.answer), turn
    return is_right(question(turn), text)
