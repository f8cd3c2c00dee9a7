import copy
import json

import _baselines
import _gpu_report
import pytest
from _gpu_parts import Outcome
from _gpu_report import Report
from _gpu_setting import Check, Speed

ANSWER = {
    "answer": {
        "machine": {
            "processor": "NVIDIA H200",
            "cores": 132,
            "threads": 1,
            "instructions": ["sm_90"],
        },
        "ceilings": [
            {"kind": "read", "library": "memory", "threads": 1, "per_second": 4e12},
            {"kind": "bfloat16", "library": "cuBLAS", "threads": 1, "per_second": 700e12},
        ],
        "others_bytes": 0,
        "versions": {"torch": "2.13.0", "CUDA": "13.0"},
    }
}
TRAINING = Speed("pretraining", 1.0, 32_768, "tokens", 350e12, "bfloat16", 2**30, "32 rows")
DECODING = Speed("decoding", 0.5, 256, "tokens", 1e12, "read")
RIGHT = Outcome("forward", True, 1.0, (Check.of("logits", 1e-6, 1e-4),))
FAST = Outcome("speeds", False, 1.0, (TRAINING, DECODING))


@pytest.fixture(autouse=True)
def quiet_host(monkeypatch, tmp_path):
    monkeypatch.setattr(_gpu_report, "busy_cores", lambda seconds: 0.01)
    monkeypatch.setattr(_baselines, "FOLDER", tmp_path)
    return tmp_path


def report(*outcomes, others_bytes=0):
    answer = copy.deepcopy(ANSWER)
    answer["answer"]["others_bytes"] = others_bytes
    made = Report(answer, toy=False)
    for outcome in outcomes:
        made.add(outcome)
    made.end(12.0)
    return made


def test_the_device_and_its_ceilings_come_first(capsys):
    report()
    printed = capsys.readouterr().out
    assert printed.startswith("torch 2.13.0, CUDA 13.0; NVIDIA H200 (sm_90), 132 multiprocessors")
    assert "| read, memory | 4,000.0 GB/s |\n| bfloat16, cuBLAS | 700.0 TFLOP/s |" in printed


def test_speeds_are_shares_of_what_was_measured_and_of_the_data_sheet(capsys):
    found = json.loads(report(RIGHT, FAST).json())
    training, decoding = found["speeds"]
    assert training["share"] == pytest.approx(0.5)
    assert training["share_of_data_sheet"] == pytest.approx(350 / 989)
    assert decoding["share"] == pytest.approx(0.5) and decoding["share_of_data_sheet"] is None
    printed = capsys.readouterr().out
    row = "| 32,768 tokens | 50% of bfloat16 | 35% | 1,024 | 32 rows |"
    assert f"| pretraining | 1,000.00 {row}" in printed
    assert "| decoding | 500.00 | 512 tokens | 50% of reading | – | – |  |" in printed
    assert printed.rstrip().endswith("right")


def test_a_wrong_comparison_is_told_and_kept_from_the_baselines(quiet_host, capsys):
    wrong = Outcome("forward", True, 1.0, (Check.of("logits", float("nan"), 1e-4),))
    made = report(wrong, FAST)
    assert made.is_wrong and not json.loads(made.json())["is_right"]
    printed = capsys.readouterr().out
    assert "| logits | not a number | 0.0001 | NO |  |" in printed
    assert printed.rstrip().endswith("WRONG")
    with pytest.raises(SystemExit, match=r"a comparison is wrong.*Nothing was written"):
        made.record()
    assert list(quiet_host.iterdir()) == []


def test_a_speed_that_failed_is_not_wrong_and_not_a_baseline(capsys):
    made = report(RIGHT, Outcome("PPO", False, 1.0, (), "OutOfMemoryError: 90 GiB"))
    assert not made.is_wrong
    assert "PPO failed: OutOfMemoryError: 90 GiB" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="these parts failed: PPO"):
        made.record()


def test_a_device_that_others_use_does_not_count(capsys):
    made = report(RIGHT, FAST, others_bytes=3 * 2**30)
    assert "| measured (DOES NOT COUNT) |" in capsys.readouterr().out
    with pytest.raises(SystemExit, match=r"others hold 3.0 GiB of the device"):
        made.record()


def test_a_host_that_others_use_does_not_count(monkeypatch):
    monkeypatch.setattr(_gpu_report, "busy_cores", lambda seconds: 2.0)
    assert "2.00 cores of the host" in report(RIGHT, FAST).objection()


def test_later_runs_are_compared_with_what_was_recorded(quiet_host, capsys):
    report(RIGHT, FAST).record()
    (path,) = quiet_host.iterdir()
    assert path.name == "gpu.json"
    twice = Speed("pretraining", 0.5, 32_768, "tokens", 350e12, "bfloat16")
    report(Outcome("speeds", False, 1.0, (twice,)))
    printed = capsys.readouterr().out
    assert "| note | to baseline |" in printed and "|  | 2.00 |" in printed


def test_a_device_that_cannot_be_used_ends_the_run():
    with pytest.raises(SystemExit, match="cannot be used: RuntimeError: no driver"):
        Report({"failure": "RuntimeError: no driver"}, toy=False)
