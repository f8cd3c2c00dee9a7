import json

import pytest

from fledge.demo import stopwatch
from fledge.demo.stopwatch import Stopwatch


def test_seconds_add_up_over_calls_and_survive_errors(tmp_path):
    clock = iter([0.0, 2.0, 10.0, 13.0, 20.0, 21.0]).__next__
    path = tmp_path / "deeper" / "seconds.json"
    watch = Stopwatch(path, clock)
    with watch.measuring("sft"):
        pass
    with pytest.raises(RuntimeError), watch.measuring("ppo"):
        raise RuntimeError
    again = Stopwatch(path, clock)
    with again.measuring("sft"):
        pass
    assert again.seconds() == {"sft": 3.0, "ppo": 3.0, "total": 6.0}


def test_the_peak_is_that_of_all_processes(tmp_path, monkeypatch):
    path = tmp_path / "seconds.json"
    assert Stopwatch(path).peak_memory_bytes() is None
    for name, held in (("sft", 300), ("reward", 900), ("reward", 700), ("ppo", 500)):
        monkeypatch.setattr(stopwatch, "peak_memory_bytes", lambda held=held: held)
        with Stopwatch(path).measuring(name):
            pass
    assert Stopwatch(path).peak_memory_bytes() == 900
    assert json.loads((tmp_path / "memory.json").read_text()) == {
        "sft": 300,
        "reward": 900,
        "ppo": 500,
    }


def test_systems_that_tell_no_peak_have_none(tmp_path, monkeypatch):
    monkeypatch.setattr(stopwatch, "peak_memory_bytes", lambda: None)
    with Stopwatch(tmp_path / "seconds.json").measuring("sft"):
        pass
    assert Stopwatch(tmp_path / "seconds.json").peak_memory_bytes() is None
