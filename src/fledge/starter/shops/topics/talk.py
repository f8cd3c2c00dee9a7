"""Small talk, attempts to change the assistant's task, and how to use the shop's goods."""

from fledge.starter.shops.turn import Turn, Wording

LONG_WORD = 4
"""Letters of a word that says something: an answer needs one such word of the trade's advice."""


def greeting(wording: Wording) -> Turn:
    """Say hello."""
    return wording.turn({}, (("hello", "hi", "welcome"),), asides=wording.shop.assistant)


def thanks(wording: Wording) -> Turn:
    """Say thank you."""
    return wording.turn({}, (("welcome", "pleasure", "glad"),))


def goodbye(wording: Wording) -> Turn:
    """Say goodbye."""
    return wording.turn({}, (("goodbye", "bye", "see you"),))


def how_are_you(wording: Wording) -> Turn:
    """Ask the assistant how it is."""
    return wording.turn({}, (("fine", "well", "good"),), warms=False)


def injection(wording: Wording) -> Turn:
    """Ask the assistant to leave its task; it stays with it."""
    return wording.turn({}, (("can't", "cannot", "can only"),), warms=False)


def how_to(wording: Wording) -> Turn:
    """Ask how to use or keep the goods; the trade knows."""
    advice = wording.random.choice(wording.shop.trade.advice)
    words = sorted(set(advice.answer.casefold().replace(",", "").replace(".", "").split()))
    telling = tuple(word for word in words if len(word) > LONG_WORD)
    return Turn(wording.topic, advice.question, advice.answer, (telling,), warms=False)
