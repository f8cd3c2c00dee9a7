"""The whole GPU benchmark in toy sizes on a CPU, and its parts that only a failure shows."""

import json
import math
import subprocess
import sys
from pathlib import Path

import _gpu_parts
import pytest
import torch
from _gpu_parts import Outcome, Part, Runner
from _gpu_setting import TOY, Check, Setting, Speed, halving_rows

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "gpu.py"
CPU = Setting(torch.device("cpu"), TOY)
ECHO = """
import sys, time
for line in sys.stdin:
    name = line.strip()
    if name == "hang":
        time.sleep(60)
    if name == "die":
        sys.exit(3)
    if name == "fail":
        print('result {"failure": "ValueError: no"}', flush=True)
    else:
        check = '{"kind_of": "Check", "what": "x", "error": 0.0, "limit": 0.0, "note": ""}'
        print('noise', flush=True)
        print('result {"findings": [' + check + ']}', flush=True)
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The command's output and its JSON."""
    path = tmp_path_factory.mktemp("gpu") / "gpu.json"
    command = [sys.executable, str(SCRIPT), "--device", "cpu", "--toy", "--json", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout, json.loads(path.read_text())


def test_every_part_runs_in_toy_sizes(run):
    printed, found = run
    assert found["is_right"] and printed.rstrip().endswith("right")
    assert [part["part"] for part in found["parts"] if part["failure"]] == []
    assert len(found["parts"]) == 15
    assert "The speeds DO NOT COUNT: toy sizes." in printed


def test_all_that_was_promised_is_compared(run):
    compared = {check["what"] for check in run[1]["checks"]}
    for what in (
        "logits, qwen3, bfloat16",
        "logits from a cache, gpt2, float32",
        "gradients, packed, bfloat16",
        "gradients, fused with the output layer, float32",
        "log-probabilities of answers in nats, float32",
        "answers that differ from those alone",
        "PPO's weights",
        "resumed weights",
        "weights after FSDP2's steps",
        "gradients, compiled",
    ):
        assert what in compared


def test_the_cpu_beside_itself_is_exact_in_float32(run):
    errors = {check["what"]: check["error"] for check in run[1]["checks"]}
    assert errors["logits, qwen3, float32"] == 0
    assert errors["PPO's weights"] == 0
    assert errors["resumed weights"] == 0


def test_all_that_was_promised_is_timed(run):
    timed = {speed["what"]: speed for speed in run[1]["speeds"]}
    for what in (
        "pretraining 125M, uncompiled",
        "pretraining 350M, uncompiled: backward",
        "SFT 125M",
        "SFT 125M: update",
        "PPO 125M, uncompiled",
        "PPO 125M, uncompiled: answers",
        "output layer and loss of 350M",
        "decoding 350M, 4 rows, engine",
        "decoding 350M, 1 rows, step by Python",
    ):
        assert timed[what]["per_second"] > 0
    assert timed["SFT 125M"]["unit"] == timed["PPO 125M, uncompiled"]["unit"] == "samples"
    assert timed["decoding 350M, 4 rows, engine"]["kind"] == "read"
    assert timed["pretraining 125M, uncompiled"]["share"] > 0


def test_nothing_is_recorded_of_a_toy():
    command = [sys.executable, str(SCRIPT), "--device", "cpu", "--toy", "--record"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "--record keeps real sizes on a GPU" in done.stderr


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_what_to_do():
    done = subprocess.run(
        [sys.executable, str(SCRIPT)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and "expected a CUDA device, found none" in done.stderr


def part(name, seconds=30.0, correctness=True):
    return Part(name, lambda _: [], seconds, correctness)


@pytest.fixture
def runner():
    runner = Runner([sys.executable, "-c", ECHO], budget=60)
    yield runner
    runner.stop()


def test_a_part_that_fails_is_reported_and_the_next_one_runs(runner):
    outcomes = [runner.run(part(name)) for name in ("good", "fail", "die", "good")]
    assert [each.failure for each in outcomes] == [
        "",
        "ValueError: no",
        "its process ended with status 3",
        "",
    ]
    assert [each.is_wrong for each in outcomes] == [False, True, True, False]


def test_a_part_that_hangs_is_stopped_and_the_next_one_runs(runner, monkeypatch):
    monkeypatch.setattr(_gpu_parts, "NO_TIME", 0.0)
    hung = runner.run(part("hang", seconds=1.0))
    assert hung.failure == "took longer than 1 s, and was stopped"
    assert not runner.run(part("good")).failure


def test_no_part_begins_when_the_time_is_over():
    left_out = Runner([sys.executable, "-c", ECHO], budget=1).run(part("good"))
    assert left_out.failure == "left out: no time was left" and left_out.is_wrong


def test_only_what_bears_on_correctness_makes_it_wrong():
    slow = Outcome("pretraining", False, 1.0, (), "OutOfMemoryError")
    assert not slow.is_wrong
    graph = Outcome("decoding", False, 1.0, (Check.of("a graph's logits", 0.5, 0.01),))
    assert graph.is_wrong


@pytest.mark.parametrize("error", [math.nan, math.inf, 2.0])
def test_an_error_that_is_no_number_or_too_large_is_wrong(error):
    assert not Check.of("x", error, 1.0).is_right
    assert Check.of("x", 1.0, 1.0).is_right


def test_rows_are_halved_until_they_fit():
    tried = []

    def work(rows):
        tried.append(rows)
        if rows > 8:
            raise torch.OutOfMemoryError("no room")
        return [Speed("x", 1.0, rows, "tokens")]

    assert halving_rows(32, work, CPU)[0].units == 8
    assert tried == [32, 16, 8]
