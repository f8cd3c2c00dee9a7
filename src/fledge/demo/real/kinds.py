"""Kinds of questions to a shop, by which the report card counts right answers."""

from collections.abc import Mapping, Sequence
from statistics import fmean

from fledge.starter.gold import ModelAnswer
from fledge.starter.shops.question import ShopQuestion
from fledge.starter.shops.score import is_right

KINDS: Mapping[str, tuple[str, ...]] = {
    "opening hours": ("hours_day", "hours_when", "hours_all", "hours_time", "hours_now"),
    "prices": ("price", "assortment", "sell_yes"),
    "sums": ("sum_many", "sum_two", "budget"),
    "not sold": ("sell_no",),
    "shipping": ("shipping_cost", "shipping_amount", "shipping_goods", "delivery"),
    "returns and warranty": ("returns_policy", "returns_after", "warranty", "warranty_after"),
    "payment": ("payment_way", "payment_how"),
    "names and places": (
        "assistant_name",
        "shop_name",
        "owner",
        "town",
        "human",
        "address",
        "phone",
        "email",
    ),
    "not told": ("unknown",),
    "knowledge files": ("knowledge",),
    "letters": ("letter",),
    "talk": ("greeting", "thanks", "goodbye", "how_are_you", "injection", "how_to"),
}
"""Topics of each kind; all others are matters for a person."""
HAND_OVER = "for a person"


def kind_of(question: ShopQuestion) -> str:
    """Return the kind of a question."""
    topic = question.turn.topic
    return next((kind for kind, topics in KINDS.items() if topic in topics), HAND_OVER)


def answered_rightly(question: ShopQuestion, answer: ModelAnswer) -> bool:
    """Tell whether an answer is right by the rule, and ended."""
    return answer.ended and is_right(question, answer.text)


def shares_right(
    questions: Sequence[ShopQuestion], answers: Sequence[ModelAnswer]
) -> dict[str, float]:
    """Return the shares of right answers, in [0, 1]: "all", then by kind."""
    right = [answered_rightly(*pair) for pair in zip(questions, answers, strict=True)]
    kinds = [kind_of(question) for question in questions]
    return {"all": fmean(right)} | {
        kind: fmean(r for r, k in zip(right, kinds, strict=True) if k == kind)
        for kind in in_order(kinds)
    }


def counts(questions: Sequence[ShopQuestion]) -> dict[str, int]:
    """Return the number of questions: "all", then by kind."""
    kinds = [kind_of(question) for question in questions]
    return {"all": len(kinds)} | {kind: kinds.count(kind) for kind in in_order(kinds)}


def in_order(kinds: Sequence[str]) -> list[str]:
    """Return the kinds that occur, in the order of the table."""
    return [kind for kind in (*KINDS, HAND_OVER) if kind in kinds]
