"""The mathematics of the report card."""

import json
import math
from collections.abc import Sequence

import pytest
import torch

from fledge.checkpoint.model_files import load_language_model
from fledge.demo.real.config import RealDemoConfig
from fledge.demo.real.forecast import Speed, Work, memory_bytes, normalisation_tokens, work_of
from fledge.demo.real.kinds import HAND_OVER, KINDS, counts, kind_of, shares_right
from fledge.demo.real.labelling import judge_of, ranked
from fledge.demo.real.measure import Heard, compare, right_lost_p_value
from fledge.demo.real.measured_text import bits_per_byte
from fledge.demo.real.questions import asked_questions, first_questions, watched_questions
from fledge.demo.real.watched import MonitorRecord, read_monitor
from fledge.errors import CheckpointError
from fledge.evaluate.bits_per_byte import score_text
from fledge.evaluate.replies import Reply
from fledge.runtime import random
from fledge.stages.ppo.prompts import prompt_text
from fledge.stages.reward.data import MOST_TOKENS
from fledge.starter.gold import ModelAnswer
from fledge.starter.python_texts import measured_texts, pieces, rehearsed_texts
from fledge.starter.shops.conversations import TOPICS
from fledge.starter.shops.question import ShopQuestion
from fledge.starter.shops.score import score
from small_smollm2 import SHAPE
from tiny_model import write_language_model

CONFIG = RealDemoConfig(watched=12, asked=12)


def test_the_win_rate_has_its_own_interval():
    before, after = torch.zeros(40), torch.tensor([1.0] * 20 + [0.0] * 10 + [-1.0] * 10)
    one = compare(before, after, random(0, "test"))
    assert one.win_rate == pytest.approx((20 + 5) / 40)
    deviation = math.sqrt((20 * 1 + 10 * 0.25) / 40 - one.win_rate**2)
    half = 1.96 * deviation / math.sqrt(40)
    assert one.low == pytest.approx(one.win_rate - half, abs=0.02)
    assert one.high == pytest.approx(one.win_rate + half, abs=0.02)
    assert one.before == 0 and one.after == pytest.approx(0.25)


def heard(right: Sequence[bool], asked: Sequence[ShopQuestion]) -> Heard:
    """Likeliest answers, so many of them right."""
    texts = [
        one.turn.answer if r else "I like trains." for one, r in zip(asked, right, strict=True)
    ]
    surest = [Reply((1,), (2,), ModelAnswer(text, ended=True)) for text in texts]
    return Heard(shop=[], general=[], surest=surest, sampled=[], bits_per_byte=1.0)


def test_lost_right_answers_are_compared_question_by_question():
    asked = asked_questions(0, CONFIG)
    sft = [True] * 8 + [False] * 4
    lost = [True] * 2 + [False] * 10
    moved = [True] * 7 + [False] * 4 + [True]

    def p_value(ppo: Sequence[bool]) -> float:
        answers = {"sft": heard(sft, asked), "ppo": heard(ppo, asked)}
        return right_lost_p_value(asked, answers, random(0, "test"))

    assert p_value(lost) < 0.01
    assert p_value(moved) > 0.5
    assert p_value(sft) == 1


def test_every_topic_has_one_kind():
    named = [topic for topics in KINDS.values() for topic in topics]
    assert len(named) == len(set(named))
    assert set(TOPICS) - set(named) == {"handed_over"}


def test_shares_count_right_answers_that_end():
    asked = asked_questions(0, CONFIG)
    right = [ModelAnswer(one.turn.answer, ended=True) for one in asked]
    assert shares_right(asked, right) == dict.fromkeys(counts(asked), 1.0)
    cut = [ModelAnswer(one.turn.answer, ended=False) for one in asked]
    assert shares_right(asked, cut)["all"] == 0
    half = [*right[:6], *(ModelAnswer("I like trains.", ended=True) for _ in asked[6:])]
    assert shares_right(asked, half)["all"] == pytest.approx(0.5)
    assert sum(n for kind, n in counts(asked).items() if kind != "all") == 12
    assert {kind_of(one) for one in asked} <= {*KINDS, HAND_OVER}


def test_steps_ask_different_shops_one_question_each():
    asked, watched = asked_questions(0, CONFIG), watched_questions(0, CONFIG)
    assert len(asked) == len(watched) == 12
    assert not {one.conversation for one in asked} & {one.conversation for one in watched}
    assert all(len(one.conversation.messages) == 2 for one in asked)
    assert first_questions(7, 5, "train") == first_questions(7, 5, "train")


def test_the_judge_is_the_rule_without_noise():
    asked = asked_questions(0, CONFIG)
    judge = judge_of(asked)
    prompts = [prompt_text(one.conversation) for one in asked]
    answers = [one.turn.answer for one in asked]
    expected = [score(one, ModelAnswer(one.turn.answer, ended=True)) for one in asked]
    assert judge(prompts, answers) == expected and min(expected) > 0.6


def test_without_noise_the_rule_agrees_with_its_own_rankings():
    asked = asked_questions(0, CONFIG)
    texts = [t for one in asked for t in (one.turn.answer, "I like trains.")]
    replies = [Reply((1,), (2,), ModelAnswer(text, ended=True)) for text in texts]
    pure = RealDemoConfig(answers=2, noise=0.0)
    assert ranked(asked, replies, 0, pure).ceiling() == 1
    noisy = ranked(asked, replies, 0, RealDemoConfig(answers=2, noise=0.4))
    assert noisy.ceiling() < 1
    again = ranked(asked, replies, 0, RealDemoConfig(answers=2, noise=0.4))
    assert noisy.rankings == again.rankings


def test_text_in_pieces_has_the_bits_of_its_windows(tmp_path):
    text = "\n\n".join(["The tide comes in twice a day, because the moon pulls."] * 40)
    cut = list(pieces(text))
    assert "\n\n".join(cut) == text and max(map(len, cut)) < 1100
    loaded = load_language_model(write_language_model(tmp_path / "run") / "step-00000020")
    assert bits_per_byte(loaded, [text]) == pytest.approx(score_text(loaded, cut).bits_per_byte)


def test_the_measured_text_is_of_others():
    texts = measured_texts()
    assert len(texts) >= 6 and 20_000 < sum(map(len, texts)) < 200_000


def test_no_measured_text_is_rehearsed():
    rehearsed = list(rehearsed_texts(0, 160_000))
    size = sum(map(len, rehearsed))
    assert 160_000 <= size < 164_000
    measured = {piece for text in measured_texts() for piece in pieces(text)}
    assert measured.isdisjoint(rehearsed_texts(0, 10**8))
    assert list(rehearsed_texts(0, 160_000)) == rehearsed != list(rehearsed_texts(1, 160_000))
    assert list(rehearsed_texts(0, 0)) == []


def step_line(step: int, rollout: int, mean: float) -> str:
    values = {"step": step, "seconds": 1, "episode": 4 * rollout, "monitor/judge": mean}
    values["monitor/below"] = 0
    return json.dumps({name: float(value) for name, value in values.items()}) + "\n"


def test_the_monitor_s_means_are_read_by_rollout(tmp_path):
    config = RealDemoConfig(ppo_rollouts=3, ppo_answers=4, watch_every=1)
    lines = [(1, 1, 0.5), (2, 1, 0.5), (3, 2, 0.6), (4, 2, 0.6), (5, 3, 0.7), (6, 3, 0.7)]
    written = [step_line(*line) for line in lines]
    file = tmp_path / "metrics.jsonl"
    file.write_text(
        "".join(written) + '{"step": 6.0, "monitor/judge": 0.8, "monitor/below": 0.0}\n'
    )
    means = {"0": 0.5, "1": 0.6, "2": 0.7, "3": 0.8}
    assert read_monitor(tmp_path, config) == MonitorRecord(
        means, stopped_early=False, saved_best=False
    )
    file.write_text(
        "".join(written[:4]) + '{"step": 4.0, "monitor/judge": 0.3, "monitor/below": 1.0}\n'
    )
    fallen = {"0": 0.5, "1": 0.6, "2": 0.3}
    assert read_monitor(tmp_path, config) == MonitorRecord(
        fallen, stopped_early=True, saved_best=True
    )
    file.write_text('{"step": 1.0, "seconds": 1.0}\n')
    with pytest.raises(CheckpointError, match="no measurement of the monitor"):
        read_monitor(tmp_path, config)


def test_the_forecast_knows_plain_text_saves_and_memory():
    config = RealDemoConfig()
    without = work_of(config.model_copy(update={"text_characters": 0}))
    assert work_of(config)["sft"].trained == without["sft"].trained + 40_000
    # 56 steps: saved at 20, 40 and the end, with one evaluation.
    assert config.ranked_prompts == 224
    deviation = MOST_TOKENS // (4 * 257) * 323  # four answers behind one prompt
    assert normalisation_tokens(config, 323) == 3 * MOST_TOKENS + 4 * deviation
    assert 3.5 < memory_bytes(SHAPE, config) / 2**30 < 3.9, "a run took 3.6 GiB"


def test_the_forecast_adds_reading_training_and_writing():
    speed = Speed(read=0.001, written=0.01)
    assert speed.seconds(Work(read=100, trained=10, written=5)) == pytest.approx(0.186)
    small, large = work_of(RealDemoConfig()), work_of(RealDemoConfig(ppo_rollouts=32))
    assert large["ppo"].trained == 2 * small["ppo"].trained
    assert list(small) == ["rehearsal", "sft", "ranking", "reward", "ppo", "evaluation"]
