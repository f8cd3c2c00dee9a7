import json

import pytest

from fledge.errors import DataError
from fledge.runs.estimate import sample
from fledge.runs.estimate.sample import sample_text


def test_a_short_text_is_its_own_sample(tmp_path):
    (tmp_path / "a.txt").write_text("One.\n\nTwo.\n")
    found = sample_text([str(tmp_path / "a.txt")], tmp_path / "sample.jsonl")
    assert found.times == 1.0
    texts = [json.loads(line)["text"] for line in found.file.read_text().splitlines()]
    assert "One." in "".join(texts) and "Two." in "".join(texts)


def test_a_long_text_is_read_as_far_as_it_takes(tmp_path, monkeypatch):
    monkeypatch.setattr(sample, "SAMPLE_BYTES", 1000)
    (tmp_path / "a.txt").write_text("0123456789" * 400)
    found = sample_text([str(tmp_path / "a.txt")], tmp_path / "sample.jsonl")
    assert found.times == pytest.approx(4.0)
    read = [json.loads(line)["text"] for line in found.file.read_text().splitlines()]
    assert sum(map(len, read)) == 1000


def test_a_missing_text_is_told(tmp_path):
    with pytest.raises(DataError, match="missing"):
        sample_text([str(tmp_path / "missing")], tmp_path / "sample.jsonl")
