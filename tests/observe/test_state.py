"""The state of a run, from its files alone."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from fledge.checkpoint.lineage import Lineage, write_lineage
from fledge.errors import Interrupted, NonFiniteLoss
from fledge.observe.state import RECENT_SECONDS, state_of
from fledge.train.presence import LOCK_FILE, present


def write(run: Path, lines: list[Mapping[str, object]], steps: int | None = 10) -> None:
    run.mkdir(exist_ok=True)
    settings = {"stage": {"name": "ppo"}, "optimizer": {"steps": steps}}
    (run / "run.json").write_text(json.dumps(settings), encoding="utf-8")
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (run / "metrics.jsonl").write_text(text, encoding="utf-8")
    os.utime(run / "metrics.jsonl", (1_000, 1_000))


def saved(run: Path, step: int, steps: int = 10) -> None:
    checkpoint = run / f"step-{step:08d}"
    checkpoint.mkdir()
    write_lineage(checkpoint, Lineage(stage="ppo", step=step, steps=steps, seen=1, run={}))


STEP = {"step": 7, "loss": 0.5, "seconds": 1.0}


def test_a_run_that_is_trained_is_running_whatever_its_age(tmp_path: Path) -> None:
    write(tmp_path, [STEP, {"step": 7, "accuracy": 0.75}])
    with present(tmp_path):
        found = state_of(tmp_path, 1e9)
    assert (found.state, found.process, found.stage) == ("running", os.getpid(), "ppo")
    assert (found.step, found.steps, found.changed) == (7, 10, 1_000)
    assert found.last == {"loss": 0.5, "seconds": 1.0, "held-out accuracy": 0.75}


def test_ends_are_told_apart(tmp_path: Path) -> None:
    write(tmp_path, [STEP])
    with pytest.raises(Interrupted), present(tmp_path):
        raise Interrupted("at step 7 of 10")
    assert (state_of(tmp_path).state, state_of(tmp_path).message) == ("stopped", "at step 7 of 10")
    with pytest.raises(NonFiniteLoss), present(tmp_path):
        raise NonFiniteLoss(8, float("nan"))
    assert state_of(tmp_path).state == "failed" and "loss is nan" in state_of(tmp_path).message
    with present(tmp_path):
        saved(tmp_path, 10)
    assert (state_of(tmp_path).state, state_of(tmp_path).message) == ("finished", "")


def test_a_run_that_was_lengthened_and_killed_is_not_finished(tmp_path: Path) -> None:
    write(tmp_path, [STEP], steps=20)
    saved(tmp_path, 10)
    found = state_of(tmp_path)
    assert (found.state, found.steps) == ("stopped", 20)


def test_a_killed_run_is_stopped_and_says_so(tmp_path: Path) -> None:
    write(tmp_path, [STEP])
    (tmp_path / LOCK_FILE).write_text("123\n", encoding="ascii")
    found = state_of(tmp_path, 1_001.0)
    assert found.state == "stopped" and "killed" in found.message


def test_a_run_of_an_older_version_counts_as_running_while_it_writes(tmp_path: Path) -> None:
    write(tmp_path, [STEP])
    assert state_of(tmp_path, 1_000.0 + RECENT_SECONDS - 1).state == "running"
    assert state_of(tmp_path, 1_000.0 + RECENT_SECONDS + 1).state == "stopped"
    saved(tmp_path, 10)
    assert state_of(tmp_path, 1_001.0).state == "finished"


def test_a_run_that_only_began_or_is_damaged_is_shown(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    write(begun, [], steps=None)
    assert (state_of(begun).step, state_of(begun).steps, state_of(begun).last) == (None, None, {})
    for damage in ("{", "[]", '{"stage": 3, "optimizer": []}'):
        (begun / "run.json").write_text(damage, encoding="utf-8")
        assert state_of(begun).stage == "unknown"
    saved(begun, 5)
    assert (state_of(begun).stage, state_of(begun).step) == ("ppo", 5)
    (begun / "step-00000005" / "fledge.json").write_text("{", encoding="utf-8")
    assert "damaged" in state_of(begun).message
