"""A rehearsal estimates every stage, trains nothing, and leaves no file."""

import json

import pytest

from fledge.config import parse_section
from fledge.errors import DataError
from fledge.runs.estimate.disk import directory_bytes
from fledge.runs.estimate.rehearsal import NOT_TRAINED, rehearsing
from fledge.runs.pipeline import Pipeline
from fledge.runs.run import execute
from fledge.runs.tokenizer import TokenizerConfig
from fledge.runtime.threads import Threads
from fledge.train.progress import SilentProgress
from runs.estimate.toy_runs import RUNTIME, pretraining, run, write_data


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    write_data(home)
    return home


def pipeline(home, output):
    common = {"runtime": RUNTIME, "optimizer": {"steps": 4}, "batch": {"examples": 4}}
    size = {"context_length": 64, "width": 16, "num_layers": 2}
    stages = [
        {"name": "pretrain", "text": [str(home / "book.txt")], "size": size},
        {
            "name": "sft",
            "model": "pretrain",
            "demonstrations": [str(home / "chats.jsonl")],
            "corpus": "pretrain",
        },
        {"name": "reward", "model": "sft", "rankings": [str(home / "pairs.jsonl")]},
        {
            "name": "ppo",
            "policy": "sft",
            "reward": "reward",
            "prompts": [str(home / "chats.jsonl")],
            "rollout": {"examples": 8, "max_new_tokens": 8},
        },
    ]
    values = {
        "output": str(output),
        "tokenizer": {"vocabulary_size": 300},
        "runs": [{"stage": stage, **common} for stage in stages],
    }
    return parse_section(values, Pipeline, "a test")


def test_a_whole_pipeline_is_estimated_before_any_of_it_exists(home, tmp_path):
    plan = pipeline(home, tmp_path / "out")
    tokenizer = {plan.output / "tokenizer": plan.tokenizer}
    with rehearsing(tokenizer) as rehearsal:
        scratch = rehearsal.scratch
        found = [rehearsal.estimate(one, plan.runs[i + 1 :]) for i, one in enumerate(plan.runs)]
    assert [one.stage for one in found] == ["pretrain", "sft", "reward", "ppo"]
    assert [one.steps for one in found] == [4, 4, 4, 4]
    assert found[3].parameters == 2 * found[0].parameters + 17  # policy, critic and its head
    assert found[3].notes == (NOT_TRAINED,)
    assert {"sampling a rollout", "judging a rollout"} <= found[3].memory.keys()
    for one in found:
        assert one.peak_bytes > 2**20
        assert one.total_seconds > 0
        json.dumps(one.as_json())
    assert list(tmp_path.iterdir()) == []
    assert not scratch.exists()


def test_a_run_on_a_busy_machine_is_measured_with_the_threads_it_would_have(
    home, tmp_path, monkeypatch
):
    def two_of_which_one_is_faster(cls, *_):
        return cls([2, 1], lambda *_: {2: 0.1, 1: 3.0}, use=lambda number: None)

    monkeypatch.setattr(Threads, "start", classmethod(two_of_which_one_is_faster))
    with rehearsing() as rehearsal:
        (note,) = rehearsal.estimate(pretraining(home, tmp_path / "out")).notes
    assert note.startswith("measured with 1 of 2 threads: ")


def test_steps_and_disk_are_those_of_the_run_itself(home, tmp_path):
    plan = pretraining(home, tmp_path / "out", optimizer={})
    with rehearsing() as rehearsal:
        found = rehearsal.estimate(plan)
    checkpoint = execute(plan, SilentProgress())
    assert checkpoint.name == f"step-{found.steps:08d}"
    assert found.disk_bytes == pytest.approx(directory_bytes(plan.output), rel=0.25)
    with rehearsing() as rehearsal:
        assert rehearsal.estimate(plan) is None


def test_a_tokenizer_that_is_still_to_be_trained_is_stood_in_for(home, tmp_path):
    directory = tmp_path / "out" / "tokenizer"
    plan = pretraining(home, tmp_path / "out")
    stage = plan.stage.model_copy(update={"tokenizer": directory})
    config = TokenizerConfig(text=(str(home / "book.txt"),), vocabulary_size=280)
    with rehearsing({directory: config}) as rehearsal:
        found = rehearsal.estimate(plan.model_copy(update={"stage": stage}))
    assert found.steps == 12
    assert not directory.exists()


def test_a_translator_is_timed_on_translations(home, tmp_path):
    stage = {
        "name": "translate",
        "pairs": [str(home / "translations.tsv")],
        "vocabulary_size": 280,
        "size": {"width": 16, "encoder_layers": 1, "decoder_layers": 1, "feed_forward_width": 32},
        "batch_tokens": 64,
        "held_out_fraction": 0.2,
    }
    with rehearsing() as rehearsal:
        found = rehearsal.estimate(run(stage, tmp_path / "out"))
    assert found.seconds["evaluations"] > 0
    assert list(tmp_path.iterdir()) == []


def test_data_that_the_run_would_refuse_is_refused(home, tmp_path):
    stage = {"name": "pretrain", "text": ["missing"], "tokenizer": str(home / "tokenizer")}
    with rehearsing() as rehearsal, pytest.raises(DataError, match="missing"):
        rehearsal.estimate(run(stage, tmp_path / "out"))
