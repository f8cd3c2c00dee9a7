"""Shares of the prompts, and small parts of a round, by hand-made numbers."""

from pathlib import Path

import pytest
import torch

from fledge.data.records import Located
from fledge.errors import ConfigError
from fledge.evaluate.replies import Reply
from fledge.feedback.records import ChatTurn
from fledge.rounds.comparison import Heard, length_explains
from fledge.rounds.config import SharesConfig
from fledge.rounds.lock import alone, is_taken
from fledge.rounds.pays import common_endings, usual_difference
from fledge.rounds.records import given_from, kind_of
from fledge.rounds.reward_report import better_first
from fledge.rounds.scoring import Ranked
from fledge.rounds.shares import place_of, share_of
from fledge.rounds.stage_runs import merged
from fledge.starter.gold import ModelAnswer
from fledge.text.conversation import Conversation, Message


def test_blanks_case_and_later_turns_do_not_change_a_share() -> None:
    one = (Message("user", "How are you?"),)
    more = (ChatTurn(role="user", content=" how ARE  you?"),)
    later = (*one, Message("assistant", "Fine."), Message("user", "And now?"))
    assert place_of(one) == place_of(more) == place_of(later)
    assert place_of((Message("system", "Be kind."), *one)) != place_of(one)


def test_shares_have_their_sizes() -> None:
    shares = SharesConfig(held_out=0.2, judge=0.3)
    found = [share_of((Message("user", f"question {n}"),), shares) for n in range(2000)]
    assert found.count("held out") == pytest.approx(400, abs=60)
    assert found.count("judge") == pytest.approx(600, abs=70)


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        ({"prompt": "a", "chosen": "b", "rejected": "c"}, "rankings"),
        ({"prompt": "a", "completion": "b"}, "demonstrations"),
        ({"messages": [{"role": "user", "content": "a"}]}, "prompts"),
        ({"prompt": "a"}, "prompts"),
        (
            {
                "messages": [
                    {"role": "user", "content": "a"},
                    {"role": "assistant", "content": "b"},
                ]
            },
            "demonstrations",
        ),
    ],
)
def test_records_are_told_apart(record: dict[str, object], kind: str) -> None:
    assert kind_of(Located(Path("a.jsonl"), 1, record)) == kind


def test_equal_records_have_one_digest_and_name_their_person() -> None:
    first = {"prompt": "a", "completion": "b", "author": "ann", "topic": "letters"}
    second = dict(reversed(first.items()))
    one, two = (given_from(Located(Path("a.jsonl"), 1, each)) for each in (first, second))
    assert one.digest == two.digest
    assert (one.person, one.topic) == ("ann", "letters")


def ranked(scores: list[list[float]], ranks: list[list[int]]) -> Ranked:
    return Ranked((), torch.tensor(scores), torch.tensor(ranks), torch.tensor(ranks))


def test_the_usual_difference_leaves_missing_answers_out() -> None:
    # |0 − 1|, |0 − 3|, |1 − 3| and |5 − 7|; the 9 is no answer.
    found = usual_difference(ranked([[0.0, 1.0, 3.0], [5.0, 7.0, 9.0]], [[0, 1, 2], [1, 0, -1]]))
    assert found == pytest.approx((1 + 3 + 2 + 2) / 4)


def test_the_position_of_the_better_answer_is_told() -> None:
    one = ranked([[0.0, 0.0, 0.0]], [[1, 0, 2]])
    # Pairs in order: 0 above 2, then 1 above 0, then 1 above 2.
    assert better_first(one).tolist() == [True, False, True]


def test_a_whole_answer_is_no_constant_ending() -> None:
    prompt = Conversation((Message("user", "a"),))
    texts = ["I see. Bye!"] * 3 + ["No idea."] * 5
    assert common_endings([(prompt, text) for text in texts]) == ["Bye!"]


def heard(scores: list[list[float]], lengths: list[list[int]]) -> Heard:
    flat = [length for row in lengths for length in row]
    replies = [Reply((1,), (2,) * length, ModelAnswer("", True)) for length in flat]
    return Heard(replies, torch.tensor(scores), torch.tensor(scores))


def test_length_explains_what_its_price_would_bring() -> None:
    # A token is worth 0.5 within each prompt; two more tokens explain 1 of a gain of 2.
    before = heard([[0.0, 1.0], [3.0, 4.0]], [[2, 4], [2, 4]])
    after = heard([[2.0, 3.0], [5.0, 6.0]], [[4, 6], [4, 6]])
    assert length_explains(before, after) == pytest.approx(0.5)
    assert length_explains(after, before) == 0.0


def test_changes_go_into_their_places() -> None:
    values = {"stage": {"name": "ppo", "rollout": {"examples": 64, "temperature": 1.0}}}
    changed = merged(values, {"stage": {"rollout": {"examples": 8}}, "seed": 3})
    assert changed == {
        "stage": {"name": "ppo", "rollout": {"examples": 8, "temperature": 1.0}},
        "seed": 3,
    }
    assert values["stage"]["rollout"]["examples"] == 64


def test_a_lock_is_open_again_after_its_block(tmp_path: Path) -> None:
    assert not is_taken(tmp_path)
    with alone(tmp_path):
        assert is_taken(tmp_path)
        with pytest.raises(ConfigError, match="another round is running"), alone(tmp_path):
            pass
    assert not is_taken(tmp_path)
