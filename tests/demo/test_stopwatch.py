import pytest

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
