"""Columns of the prompts' files reach the Python functions that ask for them."""

import functools
import json
import logging
import math
from pathlib import Path

import pytest
import torch

from fledge.config import parse_section
from fledge.errors import ConfigError, RecordError
from fledge.runs.run import Run, execute
from fledge.runtime import Runtime, RuntimeConfig
from fledge.stages.ppo.build import build_ppo
from fledge.stages.ppo.by_length import by_length
from fledge.stages.ppo.columns import Wanted
from fledge.stages.ppo.reward_functions import FunctionScore
from fledge.stages.ppo.rollout import Rollout
from fledge.train.progress import SilentProgress
from fledge.train.stage import BatchConfig, StageContext
from raised import FLOAT32, raise_model, write_lines
from stages.ppo.small_ppo import PAD


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    directory = tmp_path_factory.mktemp("raised")
    found = raise_model(directory)
    text = Path(found["prompts"][0]).read_text(encoding="utf-8")
    asked = [json.loads(line) for line in text.splitlines()]
    rows = [
        {**one, "answer": f"it is {number}", "level": number} for number, one in enumerate(asked)
    ]
    found["prompts"] = [write_lines(directory / "columns.jsonl", rows)]
    found["answer_to"] = {row["prompt"]: row["answer"] for row in rows}
    return found


def run(files, output, prompts=None, steps=4, **stage):
    values = {
        "output": str(output),
        "stage": {
            "name": "ppo",
            "policy": files["policy"],
            "reward": "a function",
            "prompts": prompts or files["prompts"],
            "rollout": {"examples": 8, "max_new_tokens": 6},
            **stage,
        },
        "batch": {"examples": 4},
        "optimizer": {"learning_rate": 1e-3, "steps": steps},
        "checkpoint": {"every": None},
        "runtime": FLOAT32,
    }
    return parse_section(values, Run, source="test")


def build(files, tmp_path, reward, judge=None, **settings):
    one = run(files, tmp_path, **settings)
    runtime = Runtime.start(RuntimeConfig(**FLOAT32))
    context = StageContext(one.output, 5, BatchConfig(examples=4), runtime, None)
    return build_ppo(one.stage, context, reward, judge)


def test_a_function_gets_the_columns_it_names_aligned_in_every_rollout_and_evaluation(
    files, tmp_path
):
    calls = []

    def reward(prompts, responses, answer, weight=1.0, *, level):
        calls.append((prompts, answer, level))
        return [weight * len(response) / 10 for response in responses]

    execute(run(files, tmp_path), SilentProgress(), functools.partial(build_ppo, reward=reward))
    assert len(calls) >= 2
    for prompts, answers, levels in calls:
        assert answers == [files["answer_to"][prompt] for prompt in prompts]
        assert answers == [f"it is {level}" for level in levels]


def test_a_function_with_any_columns_gets_all_of_them_and_one_without_gets_none(files, tmp_path):
    seen = {}

    def everything(prompts, responses, **columns):
        seen.update(columns)
        return [0.0] * len(responses)

    stage = build(files, tmp_path, everything)
    prompts = stage.world.prompts(0)
    rollout = stage.world.answer(prompts, "test")
    stage.world.score(rollout)
    assert set(seen) == {"prompt", "answer", "level"} and len(seen["level"]) == 8
    plain = build(files, tmp_path, lambda prompts, responses: [0.0] * len(responses))
    assert plain.world.score.columns == ()


def test_columns_follow_rows_that_are_ordered_by_length_or_repeated():
    """Several answers to a prompt, and rows in another order, each keep their prompt's record."""
    rollout = Rollout.join([(4,), (5, 6), (4,)], [(7, 7, 7, 7), (8,), (9, 9)], PAD)
    rows = {(4,): {"answer": "four"}, (5, 6): {"answer": "fives", "rare": 1}}

    def reward(prompts, responses, answer, rare):
        return [len(one) + (extra or 0) / 10 for one, extra in zip(answer, rare, strict=True)]

    score = FunctionScore(reward, str, frozenset(), {}, rows, ("answer", "rare"))
    assert torch.allclose(score(rollout), torch.tensor([4.0, 5.1, 4.0]))
    ((order, part),) = by_length(rollout, 3)
    assert order.tolist() == [1, 2, 0]
    assert torch.allclose(score(part), torch.tensor([5.1, 4.0, 4.0]))


def test_a_parameter_that_is_no_column_is_named(files, tmp_path):
    def reward(prompts, responses, anser, grade):
        return [0.0] * len(responses)

    with pytest.raises(ConfigError, match=r"parameters anser, grade name no columns of .*columns"):
        build(files, tmp_path, reward)
    with pytest.raises(ConfigError, match=r"prompt, answer, level \(did you mean 'answer' for"):
        build(files, tmp_path, reward)


def test_a_column_named_like_all_prompts_is_refused(files, tmp_path):
    path = write_lines(tmp_path / "bad.jsonl", [{"prompt": f"yes {n}?", "r": 1} for n in range(9)])

    def reward(p, r, **columns):
        return [0.0] * len(r)

    with pytest.raises(ConfigError, match="column 'r', but the function's parameter"):
        build(files, tmp_path, reward, prompts=[path])


def test_one_prompt_with_two_answers_is_refused_where_the_answer_counts(files, tmp_path, caplog):
    records = [{"prompt": f"yes {n % 9}?", "answer": str(n), "id": n} for n in range(10)]
    path = write_lines(tmp_path / "twice.jsonl", records)

    def named(prompts, responses, answer):
        return [0.0] * len(responses)

    def everything(prompts, responses, **columns):
        return [0.0] * len(responses)

    with pytest.raises(RecordError, match=r"twice.jsonl:10: expected the same 'answer' as at .*:1"):
        build(files, tmp_path, named, prompts=[path])
    build(files, tmp_path, lambda prompts, responses: [], prompts=[path])
    with caplog.at_level(logging.WARNING, logger="fledge"):
        build(files, tmp_path, everything, prompts=[path])
    assert "the others differ in: answer (1), id (1)" in caplog.text


def test_only_columns_that_nobody_takes_are_called_unread(files, tmp_path, caplog):
    def reward(prompts, responses, answer):
        return [0.0] * len(responses)

    with caplog.at_level(logging.WARNING, logger="fledge"):
        build(files, tmp_path, reward)
    assert "'level' (in 40 of 40 records)" in caplog.text and "'answer' (in" not in caplog.text


def test_the_gold_score_and_the_monitor_s_judge_take_columns_too(files, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "def gold(prompts, responses, level):\n    return [float(one) for one in level]\n"
        "def judge(prompts, responses, weight):\n    return weight\n"
    )
    watched = [{"prompt": f"watched {n}?", "weight": n / 2} for n in range(4)]
    monitor = {
        "prompts": [write_lines(tmp_path / "watched.jsonl", watched)],
        "judge": f"{file}:judge",
    }
    score = {"gold": f"{file}:gold", "monitor": monitor}
    stage = build(files, tmp_path, lambda prompts, responses: [0.0] * len(responses), score=score)
    assert sorted(stage.world.watched().tolist()) == [0.0, 0.5, 1.0, 1.5]
    rollout = stage.world.answer(stage.world.prompts(0), "test")
    levels = stage.world.gold(rollout)
    for level, (ids, _) in zip(levels.tolist(), rollout.rows(), strict=True):
        text = stage.world.gold.prompt_texts[tuple(ids)]
        assert files["answer_to"][text] == f"it is {level:.0f}"


def test_signatures_are_read_as_python_calls_them():
    def plain(prompts, responses):
        return []

    def rich(p, r, /, answer, *, level=3, **rest):
        return []

    assert Wanted.of(plain) == Wanted(own=("prompts", "responses"))
    assert Wanted.of(rich) == Wanted(required=("answer",), optional=("level",), every=True)
    partial = functools.partial(rich, level=2)
    assert Wanted.of(partial).optional == ("level",)
    assert Wanted.of(math.fsum) == Wanted()
