"""Questions about the shop and its people, and what the assistant hands over to one of them."""

from fledge.starter.shops.topics.unknown import unknown_of
from fledge.starter.shops.turn import Turn, Wording

HAND_OVER = ("pass this on", "pass it on", "pass your", "pass you on", "pass that on")


def assistant_name(wording: Wording) -> Turn:
    """Ask for the assistant's name."""
    return wording.turn({}, ((wording.shop.assistant,),), asides=wording.shop.name)


def shop_name(wording: Wording) -> Turn:
    """Ask for the shop's name."""
    return wording.turn({}, ((wording.shop.name,),))


def owner(wording: Wording) -> Turn:
    """Ask for the owner."""
    return wording.turn({}, ((wording.shop.owner.split()[0],),))


def town(wording: Wording) -> Turn:
    """Ask for the town."""
    return wording.turn({}, ((wording.shop.town,),), asides=wording.shop.address or "")


def human(wording: Wording) -> Turn:
    """Ask whether a person is answering; the assistant says that it is a program."""
    return wording.turn({}, (("program", "not a person", "not a human"),), warms=False)


def address(wording: Wording) -> Turn:
    """Ask where the shop is; some shops tell only their town."""
    shop = wording.shop
    if shop.address is None:
        answer = wording.say("unknown", {})
        return Turn(wording.topic, wording.ask({}), answer, ((shop.town,),), warms=False)
    return wording.turn({"address": shop.address}, ((shop.address,),))


def phone(wording: Wording) -> Turn:
    """Ask for the phone number; some shops do not tell one."""
    shop = wording.shop
    if shop.phone is None:
        return unknown_of(wording, {})
    return wording.turn({"phone": shop.phone}, ((shop.phone,),))


def email(wording: Wording) -> Turn:
    """Ask for the e-mail address; some shops do not tell one."""
    shop = wording.shop
    if shop.email is None:
        return unknown_of(wording, {})
    return wording.turn({"email": shop.email}, ((shop.email,),))


def handed_over(wording: Wording) -> Turn:
    """Bring a matter for a person; the assistant passes it on and settles nothing."""
    shop, random = wording.shop, wording.random
    matter = random.choice((*shop.handed_over, "person")).replace(" ", "_")
    slots = {"one": random.choice(shop.goods).one}
    return Wording(matter, shop, random).turn(
        slots,
        (HAND_OVER, (shop.owner.split()[0],)),
        denied=("has been refunded", "we have refunded", "i will refund", "don't know"),
        warms=False,
    )
