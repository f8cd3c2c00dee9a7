"""Conversations of random shops: facts hold, splits are disjoint, and seeds repeat."""

import re
from collections import Counter

from fledge.starter.shops import conversations, general_prompts, held_out, mixed
from fledge.starter.shops.checked import numbers_in
from fledge.starter.shops.conversations import TOPICS
from fledge.starter.shops.trades import names, trades, wordings
from fledge.starter.words import DAYS
from fledge.text.conversation import Conversation, Message

CHATS = list(conversations(0, 600))
HELD_OUT = list(conversations(0, 300, "held_out"))


def turns(topic):
    return [(chat, turn) for chat in CHATS for turn in chat.turns if turn.topic == topic]


def test_the_same_seed_gives_the_same_conversations_and_another_gives_others():
    assert list(conversations(0, 50)) == CHATS[:50]
    assert list(conversations(1, 50)) != CHATS[:50]
    assert len({chat.system for chat in CHATS}) == len(CHATS)


def test_conversations_have_one_to_ten_questions_under_a_system_prompt():
    assert {len(chat.turns) for chat in CHATS} == {1, 8, 9, 10}
    for chat in CHATS:
        roles = [message.role for message in chat.conversation.messages]
        assert roles == ["system", *("user", "assistant") * len(chat.turns)]
        assert chat.prompt.messages == chat.conversation.messages[:-1]
        assert all(message.content.strip() for message in chat.conversation.messages)


def test_every_topic_is_asked():
    asked = Counter(turn.topic for chat in [*CHATS, *HELD_OUT] for turn in chat.turns)
    assert set(TOPICS) - {"handed_over"} <= set(asked)
    assert {"knowledge", "letter", "refunds", "complaints", "person"} <= set(asked)


def test_nobody_sells_lamps():
    for chat in [*CHATS, *HELD_OUT]:
        assert not re.search(r"\b(lamps?|bulbs?|vera|jonas|glowworm)\b", chat.system.casefold())


def test_trades_and_names_of_held_out_shops_are_their_own():
    kinds = {trade.kind for trade in trades("train")}
    assert kinds.isdisjoint(trade.kind for trade in trades("held_out"))
    goods, others = (
        {one for trade in trades(split) for one, *_ in (*trade.goods, *trade.alike)}
        for split in ("train", "held_out")
    )
    assert goods.isdisjoint(others)
    train, apart = names("train"), names("held_out")
    for field in ("first_names", "surnames", "first_words", "second_words", "towns", "streets"):
        assert set(getattr(train, field)).isdisjoint(getattr(apart, field))
    assert {chat.shop.trade.kind for chat in CHATS} == kinds
    assert not kinds & {chat.shop.trade.kind for chat in HELD_OUT}


def test_customers_of_held_out_shops_have_names_of_their_own():
    train = set(names("train").first_names)
    letters = [one for one in held_out(0, 600) if one.turn.topic == "letter"]
    assert letters
    for one in letters:
        assert one.turn.answer.split(",")[0].removeprefix("Dear ") not in train


def test_sums_are_right():
    for topic in ("sum_many", "sum_two"):
        assert turns(topic)
        for chat, turn in turns(topic):
            for many, each, total in re.findall(
                r"(\d+) × \D?([\d.]+) = \D?([\d.]+\d|\d)", turn.answer
            ):
                assert int(many) * round(100 * float(each)) == round(100 * float(total))
            for one, two, total in re.findall(
                r"\D([\d.]+) \+ \D?([\d.]+) = \D?([\d.]+\d|\d)", turn.answer
            ):
                assert round(100 * (float(one) + float(two))) == round(100 * float(total))
            for price in re.findall(r"× \D?([\d.]+\d|\d)", turn.answer):
                assert price in numbers_in(chat.system)


def test_opening_hours_are_those_of_the_day_asked_for():
    for topic in ("hours_day", "hours_when"):
        for chat, turn in turns(topic):
            (day,) = (n for n, name in enumerate(DAYS) if name in turn.answer)
            hours = chat.shop.hours[day]
            if hours is None:
                assert "closed" in turn.answer
            else:
                assert chat.shop.span(hours) in turn.answer
            assert DAYS[day].casefold() in turn.question.casefold()


def test_shipping_is_free_from_the_limit_on():
    seen = Counter()
    for topic in ("shipping_amount", "shipping_goods"):
        for chat, turn in turns(topic):
            limit, cost = chat.shop.money(chat.shop.free_from), chat.shop.money(chat.shop.shipping)
            said = re.search(r"and \D?([\d.]*\d)[^,]* (is more|is less|is just)", turn.answer)
            amount = round(100 * float(said[1]))
            assert f"free from {limit}" in turn.answer
            if amount < chat.shop.free_from:
                assert said[2] == "is less" and f"shipping costs {cost}" in turn.answer
            else:
                assert said[2] == ("is more" if amount > chat.shop.free_from else "is just")
                assert "costs" not in turn.answer
            seen[said[2]] += 1
    assert min(seen["is less"], seen["is more"]) > 20


def test_returns_are_counted_in_days():
    factors = {"day": 1, "week": 7, "month": 30}
    words = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7}
    for chat, turn in turns("returns_after"):
        told = re.search(
            r"and (?:(\w+) (\w+?)s? \((?:about )?(\d+) days?\)|(\d+) days?) is", turn.answer
        )
        days = int(told[3] or told[4])
        if told[2] and told[1] in words:
            assert words[told[1]] * factors[told[2]] == days
        assert ("so yes" in turn.answer) == (days < chat.shop.return_days)


def test_what_is_not_told_is_not_known():
    for chat, turn in turns("unknown"):
        assert re.search(r"(don't|do not) know", turn.answer)
        contact = chat.shop.phone or chat.shop.email or chat.shop.owner.split()[0]
        assert contact in turn.answer


def test_formal_shops_use_no_contractions_in_answers():
    for chat in CHATS:
        if chat.shop.tone == "formal":
            for turn in chat.turns:
                assert not re.search(r"\b(I|we|it|you|can|don|isn)'(m|re|s|ll|t)\b", turn.answer)


def test_answers_from_passages_name_them():
    found = turns("knowledge")
    assert found
    for chat, turn in found:
        number = re.search(r"\[(\d)\]$", turn.answer)[1]
        passage = chat.system.split(f"\n\n[{number}] ")[1].split("\n\n[")[0]
        assert any(one.casefold() in passage.casefold() for one in turn.needed[0])


def test_wordings_are_filled_in():
    for chat in [*CHATS, *HELD_OUT]:
        for message in chat.conversation.messages:
            assert not re.search(r"[{}]", message.content)
    assert all(
        len(set(texts)) == len(texts) for parts in wordings().values() for texts in parts.values()
    )


def test_held_out_questions_end_with_the_customer():
    for question in held_out(3, 40):
        assert question.conversation.messages[-1].role == "user"
        assert question.conversation.messages[-1].content == question.turn.question


def test_rehearsals_are_mixed_in_by_their_share():
    shops = [Conversation((Message("user", f"shop {n}"),)) for n in range(75)]
    general = [Conversation((Message("user", f"general {n}"),)) for n in range(10)]
    both = mixed(shops, general, 0.25, seed=0)
    assert len(both) == 100 and set(shops) | set(general) == set(both)
    assert Counter(both)[general[0]] in (2, 3)
    assert both == mixed(shops, general, 0.25, seed=0) != mixed(shops, general, 0.25, seed=1)
    assert both[:75] != shops
    assert sorted(map(str, mixed(shops, [], 0.25, seed=0))) == sorted(map(str, shops))


def test_some_general_prompts_have_a_generic_system_prompt():
    roles = Counter(prompt.messages[0].role for prompt in general_prompts())
    assert roles["user"] > 2 * roles["system"] > 60
