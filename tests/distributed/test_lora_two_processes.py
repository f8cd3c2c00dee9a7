"""Adapters trained on two gloo processes are what they are on one."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from distributed.rlhf_processes import write_files
from fledge.checkpoint.directory import latest

SCRIPT = Path(__file__).with_name("lora_processes.py")
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """Of one process, and of two."""
    files = tmp_path_factory.mktemp("files")
    write_files(files)
    for launcher, name in (([], "one"), (TORCHRUN, "two")):
        command = [sys.executable, *launcher, SCRIPT, files, files / name]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-4000:]
    return files / "one", files / "two"


@pytest.mark.parametrize("part", ["sft", "reward", "ppo", "ppo/critic"])
def test_adapters_are_the_same(outputs, part):
    stage, _, inner = part.partition("/")
    files = [latest(output / stage) / inner / "adapter_model.safetensors" for output in outputs]
    one, two = map(load_file, files)
    assert one.keys() == two.keys()
    moved = [name for name in one if "lora_B" in name and one[name].any()]
    assert moved
    for name, tensor in one.items():
        torch.testing.assert_close(tensor, two[name], rtol=0, atol=2e-5)
