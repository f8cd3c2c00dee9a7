import _machine
import pytest
import torch
from _machine import (
    BUSY,
    Ceiling,
    Ceilings,
    Machine,
    best_seconds,
    busy_cores,
    measure_ceilings,
    operations_per_second,
    processor_times,
)

CEILINGS = Ceilings(
    (
        Ceiling("read", "memory", 1, 40e9),
        Ceiling("read", "memory", 2, 60e9),
        Ceiling("float32", "MKL", 2, 130e9),
        Ceiling("float32", "oneDNN", 2, 300e9),
    )
)


def fake_times(monkeypatch, *times):
    """Let the processor's times be these, one after another."""
    left = iter(times)
    monkeypatch.setattr(_machine, "processor_times", lambda: next(left))
    monkeypatch.setattr(_machine.os, "cpu_count", lambda: 2)


def test_the_ceiling_is_that_of_the_best_library_with_these_threads():
    assert CEILINGS.best("float32", 2) == 300e9
    assert CEILINGS.best("read", 1) == 40e9


def test_the_better_ceilings_of_two_looks_count_and_their_change_is_seen():
    slower = Ceilings(
        tuple(Ceiling(c.kind, c.library, c.threads, 0.75 * c.per_second) for c in CEILINGS.each)
    )
    assert slower.better(CEILINGS) == CEILINGS
    assert CEILINGS.largest_change(slower) == pytest.approx(0.25)
    assert slower.largest_change(CEILINGS) == pytest.approx(0.25)


def test_the_table_has_a_row_for_each_library():
    lines = CEILINGS.table().splitlines()
    assert lines[0] == "| ceiling | 1 thread | 2 threads |"
    assert lines[2] == "| read, memory | 40.0 GB/s | 60.0 GB/s |"
    assert "| float32, oneDNN | 300 GFLOP/s |" in lines


def test_all_that_bounds_a_program_is_measured_and_threads_stay_as_they_were():
    threads = torch.get_num_threads()
    found = measure_ceilings(threads, quick=True)
    assert torch.get_num_threads() == threads
    assert {one.kind for one in found.each} == {"read", "float32", "bfloat16"}
    assert all(one.per_second > 0 for one in found.each)


def test_multiplying_and_adding_are_two_operations(monkeypatch):
    monkeypatch.setattr(_machine, "best_seconds", lambda work, budget: 0.5)
    multiply = torch.nn.functional.linear
    assert operations_per_second(multiply, "float32", [(2, 3, 4)], 0.0) == 2 * 2 * 3 * 4 / 0.5


def test_the_best_of_at_least_two_runs_counts():
    calls = []
    assert best_seconds(lambda: calls.append(1), 0.0) >= 0
    assert len(calls) == 3  # the first warms up


def test_busy_cores_are_those_that_were_not_idle(monkeypatch):
    # 200 ticks of two cores, of which 194 were idle: 3 % of two cores.
    fake_times(monkeypatch, (1000, 500), (1200, 694))
    assert busy_cores(0.0) == pytest.approx(0.06)


def test_a_blip_is_looked_at_twice(monkeypatch):
    fake_times(monkeypatch, (0, 0), (200, 100), (200, 100), (400, 300))
    assert busy_cores(0.0) == 0.0


def test_a_neighbour_that_stays_is_seen(monkeypatch):
    fake_times(monkeypatch, (0, 0), (200, 100), (200, 100), (400, 200))
    assert busy_cores(0.0) == pytest.approx(1.0)


@pytest.mark.parametrize("times", [(None, None), ((5, 5), (5, 5))])
def test_a_system_that_does_not_tell_is_not_taken_for_idle(monkeypatch, times):
    fake_times(monkeypatch, *times)
    assert busy_cores(0.0) is None


def test_stolen_time_is_busy_and_waiting_for_disks_is_idle(tmp_path, monkeypatch):
    times = tmp_path / "stat"
    times.write_text("cpu  10 1 2 100 20 3 4 50 7 7\ncpu0 1 1 1 1 1 1 1 1 0 0\n")
    monkeypatch.setattr(_machine, "PROCESSOR_TIMES", times)
    assert processor_times() == (190, 120)
    monkeypatch.setattr(_machine, "PROCESSOR_TIMES", tmp_path / "none")
    assert processor_times() is None


def test_the_machine_is_named_by_its_processor(tmp_path, monkeypatch):
    facts = tmp_path / "cpuinfo"
    first = "cpu family\t: 26\nmodel\t\t: 2\nmodel name\t: Fast 9000\nflags\t: avx2 avx512_bf16\n"
    facts.write_text(f"{first}\nmodel name\t: x\n")
    monkeypatch.setattr(_machine, "PROCESSOR_FACTS", facts)
    machine = Machine.here()
    assert machine.processor == "Fast 9000, family 26 model 2"
    assert machine.instructions == ("avx512_bf16", "avx2")
    assert machine.describe().startswith("Fast 9000, family 26 model 2 (avx512_bf16+avx2), ")
    assert 0 < BUSY < 1
