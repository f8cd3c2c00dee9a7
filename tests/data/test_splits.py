import random

import pytest

from fledge.data.splits import keyed_hash, split_by_key, split_conversations, split_rankings
from fledge.errors import DataError
from fledge.feedback.records import ChatTurn, Ranking, Response
from fledge.text.conversation import Conversation


def ranking(prompt, answer):
    return Ranking(
        prompt=(ChatTurn(role="system", content="Be kind."), ChatTurn(role="user", content=prompt)),
        responses=(Response(id="a", content=answer), Response(id="b", content="no")),
        ranking=(("a",), ("b",)),
    )


RANKINGS = [ranking(f"prompt {i}", f"answer {j}") for i in range(50) for j in range(3)]


def test_no_prompt_is_on_both_sides_and_nothing_is_lost():
    train, held_out = split_rankings(RANKINGS, 0.1, seed=0)
    prompts = [{one.prompt for one in part} for part in (train, held_out)]
    assert not prompts[0] & prompts[1]
    assert len(prompts[1]) == 5
    assert len(train) + len(held_out) == len(RANKINGS)


def test_the_order_of_the_records_does_not_matter_but_the_seed_does():
    shuffled = random.Random(0).sample(RANKINGS, len(RANKINGS))
    held_out = split_rankings(RANKINGS, 0.1, seed=0)[1]
    again = split_rankings(shuffled, 0.1, seed=0)[1]
    other = split_rankings(RANKINGS, 0.1, seed=1)[1]
    assert {one.prompt for one in held_out} == {one.prompt for one in again}
    assert {one.prompt for one in held_out} != {one.prompt for one in other}


def test_follow_ups_stay_with_their_first_question():
    chats = [
        Conversation(()).then("user", f"Q{i % 4}").then("assistant", f"{i}") for i in range(12)
    ]
    chats += [chat.then("user", "more").then("assistant", "yes") for chat in chats]
    chats += [Conversation(()).then("user", " q1 ").then("assistant", "lower case")]
    train, held_out = split_conversations(chats, 0.25, seed=0)
    first = [
        {chat.messages[0].content.strip().lower() for chat in part} for part in (train, held_out)
    ]
    assert not first[0] & first[1]


def test_at_least_one_is_held_out_and_at_least_one_stays():
    for fraction in (0.001, 0.999):
        train, held_out = split_by_key("abc", str, fraction, seed=0)
        assert train and held_out
    assert split_by_key("abc", str, 0.0, seed=0) == (["a", "b", "c"], [])


def test_one_prompt_cannot_be_split():
    with pytest.raises(DataError, match="at least 2 different prompts"):
        split_by_key("aaa", str, 0.5, seed=0)


def test_the_hash_is_even_and_fixed():
    numbers = [keyed_hash(str(i), seed=5) / 2**64 for i in range(2_000)]
    assert 0.47 < sum(numbers) / len(numbers) < 0.53
    assert keyed_hash("a", seed=-1) != keyed_hash("a", seed=1)
    assert keyed_hash("fledge", seed=0) == 16518927565835106025
