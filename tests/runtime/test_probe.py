import time

import pytest
import torch

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
