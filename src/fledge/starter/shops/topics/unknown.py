"""Questions that the system prompt does not answer: the assistant says so and names a contact."""

from collections.abc import Mapping

from fledge.starter.shops.shop import Shop
from fledge.starter.shops.turn import Needed, Turn, Wording

ADMITTED: Needed = (("don't know", "do not know"),)


def unknown(wording: Wording) -> Turn:
    """Ask for something that no system prompt here tells."""
    return unknown_of(wording, {})


def unknown_of(wording: Wording, slots: Mapping[str, str]) -> Turn:
    """Ask a question of any topic whose fact this shop does not tell."""
    return admitted(wording, wording.ask(slots))


def admitted(wording: Wording, question: str) -> Turn:
    """Answer a question with "I don't know" and the shop's contact."""
    answers = Wording("unknown", wording.shop, wording.random)
    return Turn(
        topic="unknown",
        question=question,
        answer=answers.say("answer", {"reach": reach(wording.shop)}),
        needed=(*ADMITTED, (contact(wording.shop),)),
        warms=False,
    )


def contact(shop: Shop) -> str:
    """Return the phone number, else the e-mail address, else the owner's first name."""
    return shop.phone or shop.email or shop.owner.split()[0]


def reach(shop: Shop) -> str:
    """Tell how to find out more."""
    if shop.phone:
        return f"Please call us on {shop.phone}."
    if shop.email:
        return f"Please write to {shop.email}."
    return f"Please ask {shop.owner.split()[0]} in the shop."
