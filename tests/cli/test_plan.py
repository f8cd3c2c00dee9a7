"""`fledge plan` takes the command of a run as it stands, and starts nothing."""

import json

import pytest

from fledge.cli.app import run
from runs.estimate.toy_runs import write_data

SIZE = ["stage.size.context_length=32", "stage.size.width=16", "stage.size.num_layers=2"]
PRETRAIN = ["pretrain", "-d", "book.txt", "-o", "out", "--steps", "40", *SIZE]
PIPELINE = """
output = "checkpoints"
[tokenizer]
vocabulary_size = 300
[[runs]]
stage = { name = "pretrain", text = ["book.txt"], size = { context_length = 64, width = 16 } }
optimizer = { steps = 5 }
[[runs]]
stage = { name = "sft", model = "pretrain", demonstrations = ["chats.jsonl"] }
optimizer = { steps = 5 }
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    write_data(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_plan_of_a_command_shows_each_part_and_writes_nothing(home, capsys):
    before = sorted(home.rglob("*"))
    assert run(["plan", *PRETRAIN]) == 0
    shown = capsys.readouterr().out
    for part in ("parameters", "40 steps of", "at most, in:", "activations", "disk"):
        assert part in shown
    assert sorted(home.rglob("*")) == before


def test_json_holds_the_numbers_and_nothing_else_is_printed(home, capsys):
    assert run(["plan", "--json", *PRETRAIN, "--vocabulary-size", "290"]) == 0
    values = json.loads(capsys.readouterr().out)
    (one,) = values["runs"]
    assert (one["stage"], one["steps"]) == ("pretrain", 40)
    assert one["peak_bytes"] == sum(one["memory_bytes"][one["peak_phase"]].values())
    assert values["warnings"] == []


def test_a_pipeline_is_planned_as_it_is_run(home, capsys):
    (home / "fledge.toml").write_text(PIPELINE)
    assert run(["plan", "run", "runs.1.optimizer.steps=7"]) == 0
    shown = capsys.readouterr().out
    assert "7 steps of" in shown
    assert shown.splitlines()[-1].startswith("all: about ")
    assert not (home / "checkpoints").exists()


def test_mistakes_are_those_of_the_command_itself(home, capsys):
    assert run(["plan", "sft", "-d", "chats.jsonl"]) == 2
    assert "give an --output directory" in capsys.readouterr().err
    assert run(["plan", "sft", "-d", "chats.jsonl", "-m", "missing", "-o", "out"]) == 1
    assert "missing: no checkpoint here" in capsys.readouterr().err
    assert list(home.glob("out")) == []
