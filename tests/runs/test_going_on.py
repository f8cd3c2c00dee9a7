"""Runs that go on: finished ones made longer, parents that are not finished, advice that works."""

import json
import logging
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.lineage import read_lineage
from fledge.config import parse_section
from fledge.errors import ConfigError, Interrupted, RecordError
from fledge.runs.run import Run, execute
from fledge.text.tokenizer import Tokenizer
from fledge.train import loop
from fledge.train.metrics_file import read_metrics
from fledge.train.progress import SilentProgress

TEXT = "The fox is quick. The dog is lazy. One and one is two, and two and two is four.\n\n" * 60


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("book.txt").write_text(TEXT)
    Tokenizer.train([TEXT], 300).save(Path("tokenizer"))
    chats = [{"prompt": f"Is {n} even?", "completion": "yn"[n % 2]} for n in range(24)]
    Path("chats.jsonl").write_text("".join(json.dumps(one) + "\n" for one in chats))
    return tmp_path


def pretrain(output: str, steps: int | None, schedule: str = "constant", **stage: object) -> Run:
    size = {"context_length": 32, "width": 16, "num_layers": 1}
    own = {"name": "pretrain", "text": ["book.txt"], "tokenizer": "tokenizer", "size": size}
    return a_run(output, steps, {**own, **stage}, schedule)


def sft(output: str, steps: int | None, **stage: object) -> Run:
    own = {"name": "sft", "model": "base", "demonstrations": ["chats.jsonl"]}
    return a_run(output, steps, {**own, **stage})


def a_run(output: str, steps: int | None, stage: object, schedule: str = "constant") -> Run:
    values = {
        "output": output,
        "stage": stage,
        "batch": {"examples": 4},
        "optimizer": {
            "steps": steps,
            "learning_rate": 1e-2,
            "schedule": schedule,
            "warmup_steps": 0,
        },
        "runtime": {"device": "cpu", "dtype": "float32", "compile": False},
    }
    return parse_section(values, Run, "test")


def stop_at(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the loop hear an interrupt after so many steps."""
    steps = iter(range(1, 1000))
    monkeypatch.setattr(loop, "asked", lambda request, runtime: next(steps) == step)


def test_a_finished_run_goes_on_when_its_steps_are_raised(home: Path) -> None:
    execute(pretrain("short", steps=4), SilentProgress())
    longer = execute(pretrain("short", steps=9), SilentProgress())
    at_once = execute(pretrain("long", steps=9), SilentProgress())
    lineage = read_lineage(longer)
    assert lineage is not None and lineage.finished and lineage.step == 9
    ours, theirs = (load_file(one / "model.safetensors") for one in (longer, at_once))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    trained = [line for line in read_metrics(Path("short/metrics.jsonl")) if "loss" in line]
    assert [line["step"] for line in trained] == [*range(1, 10)]


def test_a_finished_run_goes_on_when_its_epochs_are_raised(home: Path) -> None:
    execute(pretrain("base", steps=4), SilentProgress())
    first = read_lineage(execute(sft("tuned", None, epochs=1.0), SilentProgress()))
    second = read_lineage(execute(sft("tuned", None, epochs=2.0), SilentProgress()))
    assert first is not None and second is not None
    assert second.finished and second.step == 2 * first.step


def test_the_same_length_again_trains_nothing(home: Path) -> None:
    checkpoint = execute(pretrain("base", steps=4), SilentProgress())
    written = (checkpoint / "model.safetensors").stat().st_mtime_ns
    assert execute(pretrain("base", steps=4), SilentProgress()) == checkpoint
    assert (checkpoint / "model.safetensors").stat().st_mtime_ns == written


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"steps": 3}, "optimizer.steps is 3 here, 4 there"),
        ({"steps": None}, "optimizer.steps is None here, 4 there"),
        ({"steps": 9, "schedule": "cosine"}, "optimizer.schedule is 'cosine' here"),
    ],
)
def test_a_shorter_or_different_run_is_refused_by_name(
    home: Path, changes: dict[str, object], named: str
) -> None:
    execute(pretrain("base", steps=4), SilentProgress())
    with pytest.raises(ConfigError, match=named):
        execute(pretrain("base", **changes), SilentProgress())  # type: ignore[arg-type]


def test_an_interrupted_run_keeps_the_length_it_was_begun_with(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, pytest.raises(Interrupted):
        stop_at(2, patch)
        execute(pretrain("base", steps=4), SilentProgress())
    with pytest.raises(ConfigError, match=r"optimizer\.steps is 9 here, 4 there"):
        execute(pretrain("base", steps=9), SilentProgress())


def test_an_unfinished_parent_is_said(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patch, pytest.raises(Interrupted):
        stop_at(2, patch)
        execute(pretrain("base", steps=4), SilentProgress())
    with caplog.at_level(logging.WARNING, logger="fledge.runs"):
        execute(sft("tuned", steps=2), SilentProgress())
    (said,) = [record.getMessage() for record in caplog.records if "unfinished" in record.message]
    assert said.startswith(f"{find_checkpoint(Path('base'))}: this model is unfinished, ")
    assert "at step 2 of 4" in said
    caplog.clear()
    execute(pretrain("base", steps=4), SilentProgress())
    execute(sft("again", steps=2), SilentProgress())
    assert "unfinished" not in caplog.text


def test_skipping_bad_records_may_be_chosen_after_a_run_was_begun(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, pytest.raises(Interrupted):
        stop_at(2, patch)
        execute(pretrain("base", steps=4), SilentProgress())
    finished = execute(pretrain("base", steps=4, skip_bad=True), SilentProgress())
    lineage = read_lineage(finished)
    assert lineage is not None and lineage.finished
    with Path("chats.jsonl").open("a") as file:
        file.write('{"prompt": 3}\n')
    with pytest.raises(RecordError):
        execute(sft("tuned", steps=2), SilentProgress())
    execute(sft("tuned", steps=2, skip_bad=True), SilentProgress())
