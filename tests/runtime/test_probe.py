import time

import pytest
import torch

from fledge.runtime import probe
from fledge.runtime.probe import product_seconds, seconds_of, undisturbed


def test_the_median_ignores_one_slow_run(monkeypatch):
    clock = iter([0.0, 0.1, 0.1, 5.1, 5.1, 5.2])
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    assert seconds_of(lambda: None, budget=99.0, most=3) == pytest.approx(0.1)


def test_work_runs_at_least_once_and_within_the_budget(monkeypatch):
    clock = iter([0.0, 3.0])
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    assert seconds_of(lambda: None, budget=1.0) == 3.0


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_larger_product_takes_longer_and_nothing_global_changes(dtype):
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    small = product_seconds(64, 64, 64, dtype=dtype)
    large = product_seconds(512, 512, 512, dtype=dtype)
    assert 0 < small < large
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


def test_undisturbed_restores_the_generators_after_an_error():
    state = torch.get_rng_state()
    with pytest.raises(ValueError, match="x"), undisturbed():
        torch.rand(3)
        raise ValueError("x")
    assert torch.equal(torch.get_rng_state(), state)


def test_numbers_of_threads_take_turns_and_their_means_count(monkeypatch):
    order = []
    speeds = iter([9.0, 1.0, 8.0, 3.0])

    def speed_of(work, seconds, clock):
        order.append(torch.get_num_threads())
        assert seconds == pytest.approx(probe.PROBE_SECONDS / 4)
        return next(speeds)

    monkeypatch.setattr(probe, "speed_of", speed_of)
    before = torch.get_num_threads()
    found = probe.thread_speeds([2, 1], 64, dtype=torch.float32)
    assert order == [2, 1] * probe.ROUNDS
    assert found == {2: 8.5, 1: 2.0}
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("width", [16, 100, 10**6])
def test_speeds_are_measured_at_any_width_and_draw_no_random_number(width):
    state = torch.get_rng_state()
    found = probe.thread_speeds([1], width, dtype=torch.float32)
    assert found[1] > 0
    assert torch.equal(torch.get_rng_state(), state)


def test_a_speed_is_that_of_the_second_half():
    """Fast at first, as threads that have slept are on a busy machine."""
    clock = iter([0.0, 1.0, 2.0, 3.0, *(10.0, 12.0, 14.0)])
    assert probe.speed_of(lambda: None, 6.0, lambda: next(clock)) == 2 / 4.0


def test_work_that_takes_longer_than_its_time_is_done_once_in_each_half():
    clock, done = iter([0.0, 4.0, 4.0, 9.0]), []
    assert probe.speed_of(lambda: done.append(1), 0.5, lambda: next(clock)) == 1 / 5
    assert len(done) == 2
