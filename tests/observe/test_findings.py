"""The doctor's practice: a run is examined once for each state, and not all the time."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from fledge.errors import CheckpointError
from fledge.observe import findings
from fledge.observe.findings import Practice, Warned


class Doctor:
    """Counts its examinations; each takes a second."""

    def __init__(self) -> None:
        self.now = 100.0
        self.seen = 0

    def __call__(self, run: Path) -> list[Warned]:
        self.now += 1.0
        self.seen += 1
        return [Warned("ill", f"for the {self.seen}. time", "rest")]


def test_a_run_that_stands_still_is_examined_once_and_one_that_goes_on_now_and_then(
    tmp_path: Path,
) -> None:
    doctor = Doctor()
    practice = Practice(doctor, lambda: doctor.now)
    metrics = tmp_path / "metrics.jsonl"
    for _ in range(3):
        assert practice.examined(tmp_path).warnings[0].seen == "for the 1. time"
        doctor.now += 1_000.0
    metrics.write_text("{}\n", encoding="utf-8")
    assert practice.examined(tmp_path).warnings[0].seen == "for the 2. time"
    metrics.write_text("{}\n{}\n", encoding="utf-8")
    assert practice.examined(tmp_path).warnings[0].seen == "for the 2. time", "it has just been"
    doctor.now += findings.REST
    assert practice.examined(tmp_path).warnings[0].seen == "for the 3. time"


@pytest.mark.parametrize("error", [CheckpointError("run.json is damaged"), KeyError("stage")])
def test_what_cannot_be_read_is_told(tmp_path: Path, error: Exception) -> None:
    def ill(run: Path) -> list[Warned]:
        raise error

    found = Practice(ill).examined(tmp_path)
    assert found.warnings == () and str(error) in found.problem


def test_a_run_that_is_too_long_is_left_to_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "MOST_BYTES", 2)
    (tmp_path / "metrics.jsonl").write_text("{}\n", encoding="utf-8")
    assert "fledge doctor" in Practice(Doctor()).examined(tmp_path).problem


@pytest.mark.parametrize("error", [RecursionError(), OverflowError(), IndexError()])
def test_a_file_that_no_run_writes_is_a_problem_of_that_run(tmp_path: Path, error: Exception):
    def fails(run: Path) -> list[Warned]:
        raise error

    assert "cannot read this run" in Practice(fails).examined(tmp_path).problem


def test_the_doctor_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "else").write_text("{}", encoding="utf-8")
    (tmp_path / "metrics.jsonl").symlink_to(tmp_path / "else")
    doctor = Doctor()
    assert "is a link" in Practice(doctor).examined(tmp_path).problem and not doctor.seen


def test_one_run_is_examined_while_another_is(tmp_path: Path) -> None:
    begun, told = Event(), Event()

    def slow(run: Path) -> list[Warned]:
        if run.name == "long":
            begun.set()
            assert told.wait(20)
        return []

    practice = Practice(slow)
    with ThreadPoolExecutor() as pool:
        long = pool.submit(practice.examined, tmp_path / "long")
        assert begun.wait(20)
        assert not practice.examined(tmp_path / "short").warnings
        told.set()
        assert long.result(20).problem == ""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows makes neither links nor such pipes")
@pytest.mark.parametrize("name", ["not_finite.json", "step-00000001/fledge.json"])
def test_the_doctor_reads_neither_through_a_link_nor_from_a_pipe(tmp_path: Path, name: str) -> None:
    run, secret = tmp_path / "run", tmp_path / "secret"
    secret.write_text("[]", encoding="utf-8")
    (run / name).parent.mkdir(parents=True)
    (run / name).symlink_to(secret)
    doctor = Doctor()
    assert "is a link or no plain file" in Practice(doctor).examined(run).problem
    (run / name).unlink()
    os.mkfifo(run / name)
    assert "is a link or no plain file" in Practice(doctor).examined(run).problem
    assert doctor.seen == 0
