"""The line before a run: said once, of long runs alone, and without effect on the run."""

import logging

import pytest
import torch
from safetensors.torch import load_file

from fledge.runs.estimate import announcement
from fledge.runs.run import execute
from fledge.train.progress import SilentProgress
from runs.estimate.toy_runs import pretraining, write_data


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    write_data(home)
    return home


def lines(caplog):
    return [record.getMessage() for record in caplog.records if "about" in record.getMessage()]


def test_a_short_run_says_nothing(home, tmp_path, caplog):
    caplog.set_level(logging.INFO, "fledge")
    execute(pretraining(home, tmp_path / "run"), SilentProgress())
    assert lines(caplog) == []


def test_measuring_beforehand_changes_no_bit_of_the_run(home, tmp_path, caplog, monkeypatch):
    caplog.set_level(logging.INFO, "fledge")
    optimizer = {"steps": 12, "name": "muon"}
    plain = execute(pretraining(home, tmp_path / "plain", optimizer=optimizer), SilentProgress())
    assert lines(caplog) == []
    monkeypatch.setattr(announcement, "LONG", 0.0)
    monkeypatch.setattr(announcement, "SHARE", 1.0)
    measured = execute(pretraining(home, tmp_path / "told", optimizer=optimizer), SilentProgress())
    (line,) = lines(caplog)
    assert line.startswith("pretrain: about ")
    assert "12 steps of 256 tokens" in line
    files = ("model.safetensors", "training/trainer.safetensors")
    for file in files:
        one, other = load_file(plain / file), load_file(measured / file)
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one)


def test_where_measuring_would_cost_too_much_the_first_steps_are_measured(
    home, tmp_path, caplog, monkeypatch
):
    caplog.set_level(logging.INFO, "fledge")
    monkeypatch.setattr(announcement, "LONG", 0.0)
    monkeypatch.setattr(announcement, "SHARE", 0.0)
    execute(pretraining(home, tmp_path / "run"), SilentProgress())
    (line,) = lines(caplog)
    assert "more, " in line
    assert "of memory so far" in line
    assert "12 steps" in line


def test_what_will_not_fit_is_warned_of_before_the_first_step(home, tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(announcement, "LONG", 0.0)
    monkeypatch.setattr(announcement, "SHARE", 1.0)
    monkeypatch.setattr("fledge.runs.estimate.advice.machine_memory", lambda: 2**20)
    execute(pretraining(home, tmp_path / "run"), SilentProgress())
    (warning,) = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
    assert "pretrain will not fit" in warning
