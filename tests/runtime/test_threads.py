import logging

import pytest
import torch
from torch import nn

from fledge.config import parse_section
from fledge.errors import ConfigError
from fledge.runtime import Runtime, RuntimeConfig, threads
from fledge.runtime.collective import Place
from fledge.runtime.threads import (
    Threads,
    choose_threads,
    halves,
    threads_for_answers,
    usable_cores,
    width_of,
)

ALONE = Place(0, 0, 1)
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def torch_keeps_its_number():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def free(monkeypatch):
    """A machine of 4 cores on which nobody has set a number of threads."""
    for name in threads.SETS_THREADS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(threads, "own_number", lambda: 4)


def start(place=ALONE, device=CPU, **settings):
    return Threads.start(RuntimeConfig(**settings), place, device, torch.float32)


def measured(speeds, number=None):
    """Threads that are measured at these speeds, and the numbers that torch was given."""
    given = []
    return Threads(list(speeds), lambda *_: speeds, number=number, use=given.append), given


@pytest.mark.parametrize(
    ("speeds", "fastest"),
    [
        ({4: 30.0, 2: 16.0, 1: 8.0}, 4),
        ({4: 0.3, 2: 9.0, 1: 8.0}, 2),
        ({4: 0.3, 2: 0.5, 1: 8.0}, 1),
        ({4: 9.6, 2: 10.0, 1: 8.0}, 4),  # nearly as fast
        ({4: 9.4, 2: 10.0, 1: 9.9}, 2),
    ],
)
def test_the_fastest_number_is_taken_and_of_nearly_equal_ones_the_largest(speeds, fastest):
    found, given = measured(speeds)
    assert found.measure(width=64) == (fastest != 4)
    assert found.number == fastest and given == [fastest]
    assert not found.measure(width=64)  # nothing changed


def test_a_number_comes_back_when_the_machine_is_free_again():
    speeds = {2: 0.1, 1: 8.0}
    found, given = measured(speeds)
    assert found.measure(width=64)
    speeds[2] = 15.0
    assert found.measure(width=64)
    assert given == [1, 2]


def test_halves_go_down_to_one():
    assert halves(12) == [12, 6, 3, 1]
    assert halves(2) == [2, 1]
    assert halves(1) == [1]


def test_torchs_own_number_and_its_halves_are_to_choose_from(free):
    assert start().choices == (4, 2, 1)
    assert not start().is_fixed


@pytest.mark.parametrize("name", threads.SETS_THREADS)
def test_a_number_from_the_environment_stays(free, monkeypatch, name):
    monkeypatch.setenv(name, "3")
    assert start().is_fixed
    assert start().number == torch.get_num_threads()


def test_several_processes_on_a_machine_and_other_devices_choose_nothing(free):
    assert start(place=Place(1, 1, 2, 2)).is_fixed
    assert not start(place=Place(1, 0, 2, 1)).is_fixed  # two machines
    assert start(device=torch.device("meta")).is_fixed


def test_a_number_from_the_settings_is_torchs_number(free, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    torch.set_num_threads(2)
    runtime = Runtime.start(RuntimeConfig(device="cpu", threads=1))
    assert torch.get_num_threads() == 1
    assert runtime.threads.is_fixed and runtime.threads.number == 1
    assert not runtime.threads.measure(width=64) and not runtime.threads.resume(2)


def test_more_threads_than_cores_are_refused_with_what_was_found():
    cores = usable_cores()
    with pytest.raises(ConfigError, match=rf"threads is {cores + 1}, but .* has {cores} cores"):
        start(threads=cores + 1)
    assert start(threads=cores).number == cores


@pytest.mark.parametrize("wrong", [0, -1, "many", 1.5, True])
def test_a_wrong_number_is_refused_with_what_was_expected(wrong):
    said = rf'^run.toml: threads: expected a whole number from 1, or "auto" \(found {wrong!r}\)$'
    with pytest.raises(ConfigError, match=said):
        parse_section({"threads": wrong}, RuntimeConfig, "run.toml")


def test_a_saved_number_is_taken_up_if_this_machine_has_it():
    found, given = measured({4: 1.0, 2: 1.0, 1: 1.0})
    assert found.resume(3) and found.number == 3
    assert not found.resume(8) and not found.resume(0)
    assert given == [3]


def test_the_width_is_that_of_the_models_vectors():
    model = nn.ModuleDict({"ids": nn.Embedding(500, 24), "up": nn.Linear(24, 96)})
    assert width_of(model) == 24
    assert width_of(nn.LayerNorm(8)) == threads.USUAL_WIDTH


def test_threads_for_answers_are_measured_where_nobody_set_a_number(free, monkeypatch, caplog):
    asked = []

    def speeds(numbers, width, *, dtype):
        asked.append((list(numbers), width, dtype))
        return {4: 0.5, 2: 1.0, 1: 4.0}

    monkeypatch.setattr(threads, "thread_speeds", speeds)
    torch.set_num_threads(2)  # as an earlier run left it
    found = threads_for_answers()
    assert (found.number, found.most, asked) == (2, 4, [])
    with caplog.at_level(logging.INFO):
        choose_threads(width=24)
    assert torch.get_num_threads() == 1
    assert asked == [([4, 2, 1], 24, torch.float32)]
    assert "1 of 4 threads" in caplog.text


def test_all_threads_are_chosen_in_silence(free, monkeypatch, caplog):
    monkeypatch.setattr(threads, "thread_speeds", lambda *_, dtype: {4: 3.0, 2: 2.0, 1: 1.0})
    with caplog.at_level(logging.INFO):
        choose_threads()
    assert torch.get_num_threads() == 4 and caplog.text == ""
