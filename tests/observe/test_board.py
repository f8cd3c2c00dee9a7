"""The board of a folder of runs: the list, and the parts of one run."""

import json
import os
from pathlib import Path

import pytest

from fledge.checkpoint.lineage import Lineage, Parent, write_lineage
from fledge.observe.board import Board, flat
from fledge.observe.findings import Warned
from fledge.observe.folder import RunsFolder, RunUnavailable
from fledge.observe.lines import Place
from fledge.observe.state import RunState, state_of
from fledge.train.presence import present

ILL = Warned("negative KL", "it is −1", "Look for top-k")


def made(root: Path, name: str, changed: float, lines: str = "") -> Path:
    run = root / name
    run.mkdir(parents=True)
    (run / "metrics.jsonl").write_text(lines, encoding="utf-8")
    (run / "run.json").write_text('{"stage": {"name": "sft"}, "seed": 1}', encoding="utf-8")
    os.utime(run / "metrics.jsonl", (changed, changed))
    return run


def test_running_ones_come_first_then_the_newest(tmp_path: Path) -> None:
    made(tmp_path, "old", 1_000, '{"step": 1, "seconds": 1, "loss": NaN}\n')
    made(tmp_path, "new", 3_000)
    with present(made(tmp_path, "now", 2_000)):
        found = Board(RunsFolder(tmp_path), clock=lambda: 4_000.0).list()
    assert [(line.name, line.age) for line in found.runs] == [
        ("now", 2_000.0),
        ("new", 1_000.0),
        ("old", 3_000.0),
    ]
    assert found.runs[2].last == {"loss": "NaN", "seconds": 1.0} and not found.is_cut


def test_only_runs_that_changed_are_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        made(tmp_path, name, 1_000)
    board = Board(RunsFolder(tmp_path), clock=lambda: 9_000.0)
    board.list()
    read: list[str] = []

    def counted(run: Path, clock: float) -> RunState:
        read.append(run.name)
        return state_of(run, clock)

    monkeypatch.setattr("fledge.observe.board.state_of", counted)
    assert [line.age for line in board.list().runs] == [8_000.0, 8_000.0] and read == []
    with present(tmp_path / "b"):
        assert board.list().runs[0].state == "running" and read == ["b"]
    (tmp_path / "a" / "ended.json").write_text(
        '{"state": "failed", "message": "x"}', encoding="utf-8"
    )
    assert {line.name: line.state for line in board.list().runs} == {"a": "failed", "b": "stopped"}
    assert sorted(read) == ["a", "b", "b"]


def test_metrics_come_in_parts_with_the_state_of_the_run(tmp_path: Path) -> None:
    run = made(tmp_path, "a", 1_000, '{"step": 1, "seconds": 1, "loss": Infinity}\nnonsense\n')
    board = Board(RunsFolder(tmp_path), clock=lambda: 9_000.0)
    part = board.metrics("a", Place())
    assert part.series["loss"] == ([1.0], ["Infinity"])
    assert (part.unreadable, part.is_fresh, part.is_last, part.run.state) == (
        1,
        True,
        True,
        "stopped",
    )
    with (run / "metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"step": 2, "seconds": 2, "loss": 0.5}\n')
    following = board.metrics("a", Place(part.file, part.next))
    assert following.series["loss"] == ([2.0], [0.5]) and not following.is_fresh
    (run / "metrics.jsonl").unlink()
    assert board.metrics("a", Place(part.file, part.next)).is_fresh, "forget what is gone"
    (run / "run.json").unlink()
    with pytest.raises(RunUnavailable):
        board.metrics("a", Place(part.file, part.next))


def test_what_made_a_run_is_told_with_its_warnings(tmp_path: Path) -> None:
    run = made(tmp_path, "a", 1_000)
    (run / "started.log").write_text("x" * 9_000 + "the end\n", encoding="utf-8")
    base = Lineage(stage="pretrain", step=5, steps=5, seen=9_000, run={})
    own = Lineage(
        stage="sft",
        step=2,
        steps=4,
        seen=1,
        run={},
        data={"a.jsonl": "c0ffee"},
        parents={
            "model": Parent(path="runs/base", weights="ab", lineage=base),
            "critic": Parent(path="far/away", weights="cd"),
        },
    )
    (run / "step-00000002").mkdir()
    write_lineage(run / "step-00000002", own)
    about = Board(RunsFolder(tmp_path), lambda _: [ILL]).about("a")
    assert about.settings == {"stage.name": '"sft"', "seed": "1"}
    assert [(each.depth, each.role, each.path) for each in about.ancestors] == [
        (0, "model", "runs/base"),
        (0, "critic", "far/away"),
    ]
    assert about.ancestors[0].text == "pretrain, step 5 of 5, 9,000 tokens"
    assert about.data == {"a.jsonl": "c0ffee"} and about.warnings == (ILL,)
    assert len(about.log) == 4_000 and about.log.endswith("the end\n")


def test_a_doctor_that_fails_hides_nothing_else(tmp_path: Path) -> None:
    made(tmp_path, "a", 1_000)

    def ill(run: Path) -> list[Warned]:
        raise KeyError("episode")

    about = Board(RunsFolder(tmp_path), ill).about("a")
    assert "episode" in about.problem and about.settings["seed"] == "1"


def test_settings_are_flat_and_strict() -> None:
    values = {"a": {"b": {"c": [1, "é"]}, "empty": {}}, "n": None}
    found = flat(values)
    assert found == {"a.b.c": '[1, "é"]', "a.empty": "{}", "n": "null"}
    assert json.loads(found["a.b.c"]) == [1, "é"]
