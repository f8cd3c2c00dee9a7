"""Conversations of customers with the assistants of random shops, and single questions of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from types import MappingProxyType

from fledge.starter.shops.random_shop import random_shop
from fledge.starter.shops.shop import Shop
from fledge.starter.shops.system_prompt import system_prompt
from fledge.starter.shops.topics import hours, knowledge, people, policies, prices, talk, unknown
from fledge.starter.shops.trades import names, wordings
from fledge.starter.shops.turn import Turn, Wording, formal
from fledge.starter.shops.typed import typed
from fledge.starter.task import Split, capitalised
from fledge.starter.words import DAYS
from fledge.text.conversation import Conversation, Message
from fledge.text.passages import with_passages

Draw = Callable[[Wording], Turn]

TOPICS: Mapping[str, tuple[Draw, int]] = MappingProxyType(
    {
        "hours_day": (hours.hours_day, 8),
        "hours_when": (hours.hours_when, 4),
        "hours_all": (hours.hours_all, 2),
        "hours_time": (hours.hours_time, 6),
        "hours_now": (hours.hours_now, 1),
        "price": (prices.price, 6),
        "sum_many": (prices.sum_many, 7),
        "sum_two": (prices.sum_two, 13),
        "budget": (prices.budget, 1),
        "sell_yes": (prices.sell_yes, 2),
        "sell_no": (prices.sell_no, 5),
        "assortment": (prices.assortment, 2),
        "shipping_cost": (policies.shipping_cost, 2),
        "shipping_amount": (policies.shipping_amount, 7),
        "shipping_goods": (policies.shipping_goods, 11),
        "delivery": (policies.delivery, 1),
        "returns_policy": (policies.returns_policy, 2),
        "returns_after": (policies.returns_after, 11),
        "warranty": (policies.warranty, 2),
        "warranty_after": (policies.warranty_after, 2),
        "payment_way": (policies.payment_way, 6),
        "payment_how": (policies.payment_how, 1),
        "assistant_name": (people.assistant_name, 3),
        "shop_name": (people.shop_name, 1),
        "owner": (people.owner, 2),
        "town": (people.town, 1),
        "human": (people.human, 1),
        "address": (people.address, 4),
        "phone": (people.phone, 2),
        "email": (people.email, 1),
        "handed_over": (people.handed_over, 6),
        "unknown": (unknown.unknown, 7),
        "greeting": (talk.greeting, 1),
        "thanks": (talk.thanks, 1),
        "goodbye": (talk.goodbye, 1),
        "how_are_you": (talk.how_are_you, 1),
        "injection": (talk.injection, 2),
        "how_to": (talk.how_to, 1),
    }
)
"""Every topic with its weight: how often it is asked."""
DEMONSTRATED_LENGTHS = (1, 8, 8, 9, 9, 10, 10)
"""Questions of a demonstration, drawn from this list; long ones read the system prompt once."""
ASKED_LENGTHS = (1, 1, 2, 3, 4)
"""Questions of a conversation of which only the last is answered, drawn from this list."""
FOLLOW_UP = 0.35
"""Chance that the next question is of the same topic, asked in short, where there is such a way."""
KNOWLEDGE = 0.08
"""Share of the shops that have passages of knowledge files under their system prompt."""
LETTER = 0.02
"""Share of the questions that are e-mails to be answered."""
LETTER_TOPICS = ("hours_day", "hours_all", "price", "shipping_cost", "returns_policy", "sell_no")


@dataclass(frozen=True, slots=True)
class ShopConversation:
    """A conversation with all its answers, the shop, and the turns with their marks."""

    shop: Shop
    system: str
    turns: tuple[Turn, ...]

    @property
    def conversation(self) -> Conversation:
        """Return the whole conversation, as a demonstration."""
        chat = Conversation((Message("system", self.system),))
        for turn in self.turns:
            chat = chat.then("user", turn.question).then("assistant", turn.answer)
        return chat

    @property
    def prompt(self) -> Conversation:
        """Return the conversation up to its last question."""
        return Conversation(self.conversation.messages[:-1])


def conversations(
    seed: int, count: int, split: Split = "train", lengths: Sequence[int] = DEMONSTRATED_LENGTHS
) -> Iterator[ShopConversation]:
    """Yield `count` conversations with one of `lengths` questions, each of another random shop."""
    random = Random(f"shops {split} {seed}")
    for _ in range(count):
        yield _conversation(split, random.choice(lengths), random)


def _conversation(split: Split, length: int, random: Random) -> ShopConversation:
    shop = random_shop(split, random)
    system = system_prompt(shop, random)
    passages: list[knowledge.Passage] = []
    if random.random() < KNOWLEDGE:
        passages = knowledge.draw_passages(shop, names(split).first_names, random)
        system = with_passages(system, passages) or system
    turns: list[Turn] = []
    while len(turns) < length:
        turn = _turn(shop, split, passages, turns, random)
        if all(turn.question != earlier.question for earlier in turns):
            turns.append(turn)
    return ShopConversation(shop, system, tuple(turns))


def _turn(
    shop: Shop,
    split: Split,
    passages: list[knowledge.Passage],
    before: list[Turn],
    random: Random,
) -> Turn:
    if passages and random.random() < 0.7:
        asked = knowledge.missing_turn if random.random() < 0.25 else knowledge.passage_turn
        turn = asked(Wording("unknown", shop, random), passages)
    elif random.random() < LETTER:
        return _letter(shop, split, random)
    else:
        turn = _of_topic(shop, before, random)
    goods = tuple(name for good in shop.goods for name in (good.one, good.many))
    fixed = (shop.name, shop.assistant, shop.owner, *goods, *DAYS)
    return replace(turn.in_tone(shop.tone, random), question=typed(turn.question, random, fixed))


def _of_topic(shop: Shop, before: list[Turn], random: Random) -> Turn:
    last = before[-1].topic if before else ""
    if "follow" in wordings().get(last, {}) and random.random() < FOLLOW_UP:
        draw, _ = TOPICS[last]
        return draw(Wording(last, shop, random, follows=True))
    topic = random.choices(list(TOPICS), [weight for _, weight in TOPICS.values()])[0]
    draw, _ = TOPICS[topic]
    return draw(Wording(topic, shop, random))


def _letter(shop: Shop, split: Split, random: Random) -> Turn:
    """Draw an e-mail of a customer that the assistant answers in the shop's name."""
    inner = _of_letter(shop, random)
    customer = random.choice(names(split).first_names)
    wording = Wording("letter", shop, random)
    mail = wording.say("mail", {"question": inner.question, "customer": customer})
    answer = formal(inner.answer) if shop.tone == "formal" else inner.answer
    return Turn(
        topic="letter",
        question=wording.ask({"mail": mail}),
        answer=wording.say("answer", {"customer": customer, "answer": capitalised(answer)}),
        needed=(*inner.needed, (f"dear {customer}",), (shop.assistant,)),
        denied=inner.denied,
        asides=f"{inner.asides} Kind Thank Dear Best",
        warms=False,
    )


def _of_letter(shop: Shop, random: Random) -> Turn:
    topic = random.choice(LETTER_TOPICS)
    return TOPICS[topic][0](Wording(topic, shop, random))
