"""SFT with plain text, the reward model and PPO: two gloo processes give what one gives."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from distributed.rlhf_processes import write_files
from fledge.checkpoint.directory import latest
from fledge.train.metrics_file import read_metrics

SCRIPT = Path(__file__).with_name("rlhf_processes.py")
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


def start(launcher, files, output, *cases):
    command = [sys.executable, *launcher, SCRIPT, files, output, *cases]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return output


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    directory = tmp_path_factory.mktemp("files")
    write_files(directory)
    return directory


@pytest.fixture(scope="module")
def two(files, tmp_path_factory):
    output = tmp_path_factory.mktemp("two")
    return start(TORCHRUN, files, output, "sft", "sft resume", "reward", "ppo", "resume")


@pytest.fixture(scope="module")
def one(files, tmp_path_factory):
    return start([], files, tmp_path_factory.mktemp("one"), "sft", "sft resume", "reward", "ppo")


def assert_same_models(one, other, tolerance, part="."):
    models = [load_file(latest(path) / part / "model.safetensors") for path in (one, other)]
    assert models[0].keys() == models[1].keys()
    for name, tensor in models[0].items():
        torch.testing.assert_close(tensor, models[1][name], rtol=0, atol=tolerance)


def test_chats_and_plain_text_teach_the_same(one, two):
    assert_same_models(one / "sft", two / "sft", 1e-5)


@pytest.mark.parametrize("processes", ["one", "two"])
def test_chats_and_plain_text_go_on_bit_for_bit(processes, request):
    output = request.getfixturevalue(processes)
    assert_same_models(output / "sft", output / "sft resume", 0.0)


def test_a_reward_model_is_the_same(one, two):
    assert_same_models(one / "reward", two / "reward", 1e-5)


@pytest.fixture(scope="module")
def changing(files, tmp_path_factory):
    """One process, then two, then one again."""
    output = tmp_path_factory.mktemp("changing")
    start([], files, output, "first leg")
    start(TORCHRUN, files, output, "second leg")
    return start([], files, output, "ppo")


@pytest.mark.parametrize("processes", ["two", "changing"])
def test_ppo_is_the_same_with_everything_on(one, processes, request):
    other = request.getfixturevalue(processes)
    for part in (".", "critic"):
        assert_same_models(one / "ppo", other / "ppo", 2e-5, part)
    both = (read_metrics(output / "ppo" / "metrics.jsonl") for output in (one, other))
    timed = {"seconds", "per_second"}
    for a, b in zip(*both, strict=True):
        for name in a.keys() - timed:
            assert a[name] == pytest.approx(b[name], rel=1e-3, abs=1e-4), name


def test_ppo_on_two_processes_goes_on_bit_for_bit(two):
    for part in (".", "critic"):
        assert_same_models(two / "resume" / "straight", two / "resume" / "broken", 0.0, part)
