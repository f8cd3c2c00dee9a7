"""Stage "translate" on two gloo processes gives what it gives on one."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from fledge.checkpoint.directory import latest

SCRIPT = Path(__file__).with_name("translate_processes.py")
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


def start(launcher, output, *cases):
    command = [sys.executable, *launcher, SCRIPT, output, *cases]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return output


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    return start(TORCHRUN, tmp_path_factory.mktemp("two"), "even", "resume")


def weights(output):
    return load_file(latest(output) / "model.safetensors")


def test_the_model_is_the_same(two, tmp_path):
    one = weights(start([], tmp_path, "even") / "even")
    other = weights(two / "even")
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        torch.testing.assert_close(tensor, other[name], atol=2e-5, rtol=0)


def test_a_resumed_run_is_the_uninterrupted_one_bit_for_bit(two):
    broken, straight = (weights(two / "resume" / name) for name in ("broken", "straight"))
    assert all(torch.equal(tensor, straight[name]) for name, tensor in broken.items())
