import json

import pytest

from fledge.train.metrics_file import MetricsFile, read_metrics


def test_metrics_after_the_resumed_step_are_cut(tmp_path):
    path = tmp_path / "metrics.jsonl"
    file = MetricsFile(path, 0)
    for step in range(1, 6):
        file.write(step, {"loss": 1.0 / step})
    file.close()
    with path.open("a") as torn:
        torn.write('{"step": 6, "lo')
    file = MetricsFile(path, 3)
    file.write(4, {"loss": 9.0})
    file.close()
    assert [(line["step"], line["loss"]) for line in read_metrics(path)] == [
        (1, 1.0),
        (2, 0.5),
        (3, pytest.approx(1 / 3, abs=0)),
        (4, 9.0),
    ]
    assert all(json.loads(line) for line in path.read_text().splitlines())
