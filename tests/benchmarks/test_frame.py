import argparse
import sys

import _baselines
import _frame
import pytest
from _frame import Measurement, Table, parse
from _machine import Ceiling, Ceilings
from _measure import Row
from _work import Work

TABLE = Table(
    [
        Row("5M", "fledge", [2.0, 4.0, 3.0], 600, Work(90e9, "bfloat16"), 3 * 2**20),
        Row("5M", "peer", [6.0, 6.0, 6.0], 600),
    ],
    "tokens",
    {"5M": "peer"},
)


@pytest.fixture
def idle(monkeypatch, tmp_path):
    """A machine that does nothing else and multiplies 100 GFLOP/s, with a folder for baselines."""

    def ceilings(threads, quick):
        return Ceilings((Ceiling("bfloat16", "oneDNN", threads, 100e9),))

    monkeypatch.setattr(_frame, "busy_cores", lambda seconds: 0.01)
    monkeypatch.setattr(_frame, "measure_ceilings", ceilings)
    monkeypatch.setattr(_baselines, "FOLDER", tmp_path)
    return tmp_path


def busy_from_now_on(monkeypatch):
    monkeypatch.setattr(_frame, "busy_cores", lambda seconds: 1.2)


def begin(record=False, quick=False):
    return Measurement("training", quick=quick, record=record)


def test_a_table_has_medians_ratios_shares_and_memory(idle, capsys):
    begin().finish([TABLE])
    printed = capsys.readouterr().out
    assert "| task | program | median s | best s | tokens/s | n | ratio | MiB | share |" in printed
    # 90 GFLOP in 3 s are 30 GFLOP/s, of 100.
    assert "| 5M | fledge | 3.000 | 2.000 | 200 | 3 | 2.00 | 3 | 30% of bfloat16 |" in printed
    assert "| 5M | peer | 6.000 | 6.000 | 100 | 3 | 1.00 | – | – |" in printed
    assert "COUNT" not in printed
    assert list(idle.iterdir()) == []  # nothing is written unless asked for


def test_a_table_from_a_busy_machine_is_marked(idle, capsys, monkeypatch):
    measured = begin()
    busy_from_now_on(monkeypatch)
    measured.look()
    measured.finish([TABLE])
    printed = capsys.readouterr().out
    assert "| task (DOES NOT COUNT) | program |" in printed
    assert "These numbers DO NOT COUNT: others kept up to 1.20 cores busy" in printed


def test_a_busy_machine_is_not_recorded(idle, monkeypatch):
    measured = begin(record=True)
    busy_from_now_on(monkeypatch)
    with pytest.raises(SystemExit, match=r"needs an idle machine.*1.20 cores.*Nothing was written"):
        measured.finish([TABLE])
    assert list(idle.iterdir()) == []


def test_a_busy_machine_is_refused_before_anything_runs(idle, monkeypatch):
    busy_from_now_on(monkeypatch)
    with pytest.raises(SystemExit, match="needs an idle machine"):
        begin(record=True)


def test_a_ceiling_that_falls_during_the_run_spoils_it(idle, monkeypatch):
    measured = begin()

    def slower(threads, quick):
        return Ceilings((Ceiling("bfloat16", "oneDNN", threads, 70e9),))

    monkeypatch.setattr(_frame, "measure_ceilings", slower)
    measured.look_again()
    assert "a ceiling changed by 30%" in measured.objection()
    assert measured.ceilings.best("bfloat16", measured.machine.threads) == 100e9


def test_a_system_that_tells_nothing_is_not_idle(idle, monkeypatch):
    monkeypatch.setattr(_frame, "busy_cores", lambda seconds: None)
    assert "does not tell" in begin().objection()


def test_a_recorded_run_is_what_later_ones_are_compared_with(idle, capsys):
    begin(record=True).finish([TABLE])
    (path,) = idle.iterdir()
    assert path.name == "training.json"
    capsys.readouterr()
    faster = Row("5M", "fledge", [1.5], 600, Work(90e9, "bfloat16"))
    begin().finish([Table([faster], "tokens", {})])
    printed = capsys.readouterr().out
    assert "| MiB | share | to baseline |" in printed
    assert "| – | 60% of bfloat16 | 2.00 |" in printed
    assert "Baseline of this processor: " in printed


def test_toy_sizes_are_compared_with_nothing_and_kept_nowhere(idle, monkeypatch, capsys):
    begin(record=True).finish([TABLE])
    measured = begin(quick=True)
    assert measured.objection() == "--quick only shows that it runs"
    assert measured.baseline() is None
    monkeypatch.setattr(sys, "argv", ["training.py", "--quick", "--record"])
    with pytest.raises(SystemExit):
        parse(argparse.ArgumentParser())
    assert "leave one of them out" in capsys.readouterr().err
