"""Runs started and stopped from the page, as processes of their own."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from time import sleep

import pytest

from fledge.errors import ConfigError, WriteError
from fledge.observe.board import Board
from fledge.observe.folder import LOG_FILE, RunsFolder
from fledge.observe.processes import Processes, RunFile, log_of
from fledge.process_lock import Process
from fledge.train.presence import LOCK_FILE, present, trainer

FAKE = """
import sys, tomllib
from pathlib import Path
from fledge.errors import FledgeError, Interrupted
from fledge.train.interrupts import listening
from fledge.train.presence import present
command, file = sys.argv[1:]
values = tomllib.loads(Path(file).read_text())
if "broken" in values:
    sys.exit("error: stage.policy: no such checkpoint")
try:
    with present(Path(values["output"])), listening() as request:
        print("training with", command, flush=True)
        while not request.asked:
            import time; time.sleep(0.01)
        raise Interrupted("at step 3 of 10; everything is saved")
except Interrupted as stop:
    sys.exit(stop.exit_code)
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    return tmp_path / "runs"


@pytest.fixture
def processes(root: Path) -> Iterator[Processes]:
    (root.parent / "fake.py").write_text(FAKE, encoding="utf-8")
    made = Processes(RunsFolder(root), (sys.executable, str(root.parent / "fake.py")))
    yield made
    for process in made._started.values():
        process.kill()
        process.wait()


def write(root: Path, name: str, output: str, stage: str = "ppo", more: str = "") -> None:
    text = f'output = "{output}"\n{more}\n[stage]\nname = "{stage}"\n'
    (root / name).write_text(text, encoding="utf-8")


def test_run_files_are_offered_where_the_folder_was_named_by_a_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "named").symlink_to(tmp_path / "real")
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "real", "good.toml", "named/mine")
    (file,) = Processes(RunsFolder(Path("named"))).files()
    assert file == RunFile("good.toml", "ppo", "mine")


def test_only_run_files_whose_output_lies_in_the_folder_are_offered(root: Path) -> None:
    write(root, "good.toml", "runs/ppo-1")
    write(root, "absolute.toml", str(root / "deep" / "ppo-2"), "translate")
    write(root, "outside.toml", "elsewhere")
    write(root, "sly.toml", "runs/../elsewhere")
    write(root, "strange.toml", "runs/x", "rm")
    (root / "pipeline.toml").write_text('output = "runs"\n[[runs]]\n', encoding="utf-8")
    (root / "broken.toml").write_text("output =", encoding="utf-8")
    write(root, "nul.toml", "runs/\\u0000")
    write(root, "long.toml", "runs/" + "x" * 300)
    (root / "deep.toml").write_text("output = " + "[" * 9_000, encoding="utf-8")
    (root / "link.toml").symlink_to(root / "good.toml")
    files, damaged = Processes(RunsFolder(root)).look()
    assert [each.name for each in damaged] == ["broken.toml", "deep.toml"]
    assert all("cannot be read: " in each.problem for each in damaged)
    assert files == [
        RunFile("absolute.toml", "translate", "deep/ppo-2"),
        RunFile("good.toml", "ppo", "ppo-1"),
    ]


@pytest.mark.parametrize("file", ["nowhere.toml", "../fake.py", "outside.toml", "", "ppo-1"])
def test_nothing_else_is_started(root: Path, processes: Processes, file: str) -> None:
    write(root, "outside.toml", "elsewhere")
    with pytest.raises(ConfigError, match="no run file of the folder"):
        processes.start(file)
    assert not processes._started


def until_trained(processes: Processes, run: Path) -> int:
    process = processes._started[run.name]
    while "training with" not in log_of(run):  # only then does it hear a signal
        assert process.poll() is None, log_of(run)
        sleep(0.01)
    assert trainer(run) is not None
    return process.pid


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_a_run_is_started_stopped_and_resumed(root: Path, processes: Processes) -> None:
    write(root, "good.toml", "runs/mine", "translate")
    board = Board(RunsFolder(root), processes=processes)
    assert [each.file for each in board.list().waiting] == ["good.toml"]
    assert board.start("good.toml") == "mine"
    (line,) = board.list().runs
    assert (line.state, line.stage, line.file) == ("running", "translate", "good.toml")
    with pytest.raises(ConfigError, match="already running"):
        board.start("good.toml")
    number = until_trained(processes, root / "mine")
    assert os.getpriority(os.PRIO_PROCESS, number) >= 10 and os.getsid(number) == number
    board.stop("mine")
    processes._started["mine"].wait(20)
    (line,) = board.list().runs
    assert (line.state, line.message) == ("stopped", "at step 3 of 10; everything is saved")
    assert "training with translate-train" in board.about("mine").log
    with pytest.raises(ConfigError, match="not running"):
        board.stop("mine")
    assert board.start("good.toml") == "mine" and not board.list().waiting


def test_a_start_that_fails_shows_its_last_words(root: Path, processes: Processes) -> None:
    write(root, "bad.toml", "runs/bad", more="broken = true")
    board = Board(RunsFolder(root), processes=processes)
    board.start("bad.toml")
    processes._started["bad"].wait(20)
    (line,) = board.list().runs
    assert (line.state, line.message) == ("failed", "error: stage.policy: no such checkpoint")


def test_a_run_that_others_train_is_stopped_but_not_started(
    root: Path, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, "good.toml", "runs/mine")
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda *words: sent.append(words))
    with present(root / "mine"):
        (root / "mine" / "metrics.jsonl").write_text("", encoding="utf-8")
        with pytest.raises(ConfigError, match="already running"):
            processes.start("good.toml")
        processes.stop("mine")
    assert sent == [(os.getpid(), signal.SIGTERM)]


@pytest.mark.parametrize(
    ("note", "said"),
    [
        (f"{os.getpid()} elsewhere {Process.this().began}", "process [0-9]+ on elsewhere"),
        (f"{os.getpid()} {Process.this().host} 1", "process [0-9]+, which"),
        ("", "an unknown process"),
        (f"0 {Process.this().host} ", "an unknown process"),
        (f"{2**40} {Process.this().host} ", "process [0-9]+, which"),
    ],
    ids=["another machine", "a number given again", "no note", "no number", "no such number"],
)
def test_a_process_elsewhere_and_one_that_took_a_number_over_are_left_in_peace(
    root: Path, processes: Processes, monkeypatch: pytest.MonkeyPatch, note: str, said: str
) -> None:
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda *words: sent.append(words))
    with present(root / "mine"):
        (root / "mine" / "metrics.jsonl").write_text("", encoding="utf-8")
        (root / "mine" / LOCK_FILE).write_text(note, encoding="utf-8")
        with pytest.raises(ConfigError, match=said):
            processes.stop("mine")
    assert not sent


def test_a_log_behind_a_link_is_not_written(root: Path, processes: Processes) -> None:
    write(root, "good.toml", "runs/mine", "translate")
    (root / "mine").mkdir()
    (root / "precious").write_text("kept", encoding="utf-8")
    (root / "mine" / LOG_FILE).symlink_to(root / "precious")
    with pytest.raises(ConfigError, match="was not started"):
        processes.start("good.toml")
    assert (root / "precious").read_text(encoding="utf-8") == "kept"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows makes neither links nor such pipes")
def test_a_lock_behind_a_link_or_in_a_pipe_is_nobody_s(root: Path, processes: Processes) -> None:
    lock = root / "mine" / LOCK_FILE
    with present(root.parent / "outside"):
        lock.parent.mkdir()
        (root / "mine" / "metrics.jsonl").write_text("", encoding="utf-8")
        lock.symlink_to(root.parent / "outside" / LOCK_FILE)
        with pytest.raises(ConfigError, match="mine is not running"):
            processes.stop("mine")
        with pytest.raises(WriteError), present(root / "mine"):
            pass
    lock.unlink()
    os.mkfifo(lock)
    assert trainer(root / "mine") is None
