import random

import pytest

from fledge.data.splits import (
    keyed_hash,
    prompt_key,
    split_by_key,
    split_conversations,
    split_rankings,
)
from fledge.errors import DataError
from fledge.feedback.records import ChatTurn, Ranking, Response
from fledge.text.conversation import Conversation, Message


def ranking(prompt, answer, system="Be kind."):
    return Ranking(
        prompt=(ChatTurn(role="system", content=system), ChatTurn(role="user", content=prompt)),
        responses=(Response(id="a", content=answer), Response(id="b", content="no")),
        ranking=(("a",), ("b",)),
    )


def prompts_of(part):
    return {one.prompt for one in part}


RANKINGS = [ranking(f"prompt {i}", f"answer {j}") for i in range(50) for j in range(3)]


def test_no_prompt_is_on_both_sides_and_nothing_is_lost():
    train, held_out = split_rankings(RANKINGS, 0.1)
    assert not prompts_of(train) & prompts_of(held_out)
    assert len(prompts_of(held_out)) == 5
    assert len(train) + len(held_out) == len(RANKINGS)


def test_neither_the_order_of_the_records_nor_their_answers_matter():
    shuffled = random.Random(0).sample(RANKINGS, len(RANKINGS))
    anew = [ranking(f"prompt {i}", f"new answer {i}") for i in range(50)]
    held_out = prompts_of(split_rankings(RANKINGS, 0.1)[1])
    assert held_out == prompts_of(split_rankings(shuffled, 0.1)[1])
    assert held_out == prompts_of(split_rankings(anew, 0.1)[1])


def test_a_test_prompt_never_becomes_a_training_prompt_when_records_come_and_go():
    rounds = [[ranking(f"prompt {i}", "a") for i in range(50 * n, 50 * n + 400)] for n in range(8)]
    trained, tested = set(), set()
    for records in rounds:
        train, held_out = (prompts_of(part) for part in split_rankings(records, 0.1))
        assert not train & tested and not held_out & trained
        assert 0.05 < len(held_out) / len(records) < 0.15
        trained, tested = trained | train, tested | held_out


def test_a_larger_share_holds_out_the_prompts_of_a_smaller_one():
    small, large = (prompts_of(split_rankings(RANKINGS, share)[1]) for share in (0.1, 0.3))
    assert small < large


def test_one_question_under_two_system_prompts_is_two_prompts():
    shops = [
        ranking("When are you open?", "a", system=f"You work for shop {i}.") for i in range(40)
    ]
    train, held_out = split_rankings(shops, 0.2)
    assert train and held_out
    chats = [Conversation(tuple(Message(t.role, t.content) for t in one.prompt)) for one in shops]
    asked = {chat.messages[0].content for chat in split_conversations(chats, 0.2)[1]}
    assert asked == {one.prompt[0].content for one in held_out}, "demonstrations as rankings"


def test_a_prompt_s_key_is_its_system_prompt_and_first_question():
    chat = Conversation(()).then("system", " Be  kind.").then("user", "Who\nare YOU?")
    assert prompt_key(chat.messages) == "be kind.\nwho are you?"
    assert prompt_key(chat.then("assistant", "Me.").then("user", "Why?").messages) == prompt_key(
        chat.messages
    )
    assert prompt_key(Conversation(()).then("user", "Be kind. Who").messages) == "\nbe kind. who"
    assert prompt_key(Conversation(()).then("assistant", "Hi").messages) == "\nhi"
    assert prompt_key(Conversation(()).then("system", "Hi").messages) == "hi\n"


def test_follow_ups_stay_with_their_first_question():
    chats = [
        Conversation(()).then("user", f"Q{i % 4}").then("assistant", f"{i}") for i in range(12)
    ]
    chats += [chat.then("user", "more").then("assistant", "yes") for chat in chats]
    chats += [Conversation(()).then("user", " q1 ").then("assistant", "lower case")]
    train, held_out = split_conversations(chats, 0.25)
    first = [
        {chat.messages[0].content.strip().lower() for chat in part} for part in (train, held_out)
    ]
    assert not first[0] & first[1]


def test_at_least_one_is_held_out_and_at_least_one_stays():
    for fraction in (0.001, 0.999):
        train, held_out = split_by_key("abc", str, fraction, seed=0)
        assert train and held_out
    assert split_by_key("abc", str, 0.0, seed=0) == (["a", "b", "c"], [])


@pytest.mark.parametrize("count", [2, 3, 4, 6, 10, 20])
def test_a_small_data_set_keeps_sensible_sizes(count):
    for number in range(300):
        rankings = [ranking(f"{number} {i}", "a") for i in range(count)]
        train, held_out = split_rankings(rankings, 0.1)
        assert held_out and len(train) >= count * 0.45


def test_one_prompt_cannot_be_split():
    with pytest.raises(DataError, match="at least 2 different prompts"):
        split_by_key("aaa", str, 0.5, seed=0)
    with pytest.raises(DataError, match="3 records share 1 prompt"):
        split_rankings(RANKINGS[:3], 0.5)
    assert split_rankings(RANKINGS[:3], 0.0) == (RANKINGS[:3], [])


def test_the_hash_is_even_and_fixed():
    numbers = [keyed_hash(str(i), seed=5) / 2**64 for i in range(2_000)]
    assert 0.47 < sum(numbers) / len(numbers) < 0.53
    assert keyed_hash("a", seed=-1) != keyed_hash("a", seed=1)
    assert keyed_hash("fledge", seed=0) == 16518927565835106025
