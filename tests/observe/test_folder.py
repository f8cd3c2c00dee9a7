"""The folder of runs: what is found in it, and that nothing leads out of it."""

from pathlib import Path

import pytest

from fledge.errors import ConfigError
from fledge.observe import folder as module
from fledge.observe.folder import RunsFolder, RunUnavailable, plain_file


def made(root: Path, name: str, file: str = "metrics.jsonl") -> Path:
    run = root / name
    run.mkdir(parents=True, exist_ok=True)
    (run / file).write_text("", encoding="utf-8")
    return run


def test_runs_are_found_at_any_depth_by_their_files(tmp_path: Path) -> None:
    made(tmp_path, "b/ppo")
    made(tmp_path, "a", "run.json")
    made(tmp_path, "failed", "started.log")
    made(tmp_path, "a/step-00000010")
    made(tmp_path, ".hidden/run")
    made(tmp_path, "1/2/3/4/5/6/7")
    (tmp_path / "empty").mkdir()
    folder = RunsFolder(tmp_path)
    assert folder.names() == ["a", "b/ppo", "failed"]
    assert folder.run("b/ppo") == tmp_path / "b" / "ppo"
    made(tmp_path, ".")
    assert RunsFolder(tmp_path).names()[0] == "." and folder.run(".") == tmp_path


@pytest.mark.parametrize(
    "name",
    [
        "",
        "..",
        "../outside",
        "a/..",
        "a/../../outside",
        "/etc",
        "a//b",
        "./a",
        "a\\b",
        "c:a",
        "a\0",
    ],
)
def test_a_name_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    made(tmp_path, "outside")
    root = tmp_path / "root"
    made(root, "a")
    with pytest.raises(RunUnavailable):
        RunsFolder(root).run(name)


@pytest.mark.parametrize("name", ["a" * 300, "\ud800", "x\0y"])
def test_a_name_that_no_file_system_takes_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(RunUnavailable, match="no path within"):
        RunsFolder(tmp_path).run(name)
    assert RunsFolder(tmp_path).within(tmp_path / name) is None


def test_links_are_neither_listed_nor_followed(tmp_path: Path) -> None:
    outside = made(tmp_path, "outside")
    root = tmp_path / "root"
    run = made(root, "a")
    try:
        (root / "link").symlink_to(outside, target_is_directory=True)
        (run / "run.json").symlink_to(outside / "metrics.jsonl")
    except OSError:
        pytest.skip("this system makes no links")
    folder = RunsFolder(root)
    assert folder.names() == ["a"]
    with pytest.raises(RunUnavailable, match="no path within"):
        folder.run("link")
    assert plain_file(run, "run.json") is None and plain_file(run, "metrics.jsonl") is not None


def test_a_folder_behind_a_link_is_a_folder(tmp_path: Path) -> None:
    made(tmp_path, "real/a")
    try:
        (tmp_path / "link").symlink_to(tmp_path / "real", target_is_directory=True)
    except OSError:
        pytest.skip("this system makes no links")
    assert RunsFolder(tmp_path / "link").names() == ["a"]


def test_a_run_that_vanished_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(RunUnavailable, match="no run 'a'"):
        RunsFolder(tmp_path).run("a")
    with pytest.raises(ConfigError, match="no such folder"):
        RunsFolder(tmp_path / "nowhere")


def test_the_list_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        made(tmp_path, f"run-{number}")
    monkeypatch.setattr(module, "MOST_RUNS", 2)
    assert len(RunsFolder(tmp_path).names()) == 2
    monkeypatch.setattr(module, "MOST_DIRECTORIES", 1)
    assert RunsFolder(tmp_path).names() == []
