"""Two processes on gloo give what one gives; the same code, started by torchrun."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from fledge.data.sources import read_texts
from fledge.text.tokenizer import Tokenizer
from fledge.train.metrics_file import read_metrics

SCRIPT = Path(__file__).with_name("two_processes.py")
CASES = ("adamw", "muon", "resume", "gathered")


TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")


def torchrun(*arguments):
    command = [*TORCHRUN, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return done


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    output = tmp_path_factory.mktemp("two")
    torchrun(SCRIPT, output, *CASES)
    return output


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    output = tmp_path_factory.mktemp("one")
    subprocess.run([sys.executable, SCRIPT, output, "adamw", "muon"], check=True)
    return output


def weights(output):
    return torch.load(output / "step-00000010" / "weights.pt", weights_only=True)


def assert_close(one, other, tolerance):
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        torch.testing.assert_close(tensor, other[name], rtol=0, atol=tolerance)


def test_two_processes_train_as_one(one, two):
    assert_close(weights(one / "adamw"), weights(two / "adamw"), 1e-5)
    both = (read_metrics(output / "adamw" / "metrics.jsonl") for output in (one, two))
    for a, b in zip(*both, strict=True):
        for name in ("step", "loss", "seen", "gradient_norm", "sum"):
            assert a.get(name) == pytest.approx(b.get(name), abs=1e-4)


def test_muon_on_shards_is_muon_on_whole_matrices(one, two):
    # Newton-Schulz, in bfloat16, makes much of another order of the sums in a gradient.
    assert_close(weights(one / "muon"), weights(two / "muon"), 1e-3)


def test_a_run_goes_on_with_another_number_of_processes(one, tmp_path):
    alone = [sys.executable, SCRIPT, tmp_path]
    subprocess.run([*alone, "first leg"], check=True)
    torchrun(SCRIPT, tmp_path, "second leg")
    subprocess.run([*alone, "adamw"], check=True)
    assert_close(weights(one / "adamw"), weights(tmp_path / "adamw"), 1e-5)


def test_two_processes_resume_bit_for_bit_with_dropout(two):
    assert_close(weights(two / "resume" / "straight"), weights(two / "resume" / "broken"), 0.0)
    names = {p.name for p in (two / "resume" / "broken" / "step-00000010" / "training").iterdir()}
    assert {"process-00000.json", "process-00001.json"} <= names


def test_whole_weights_need_no_company(two):
    assert (two / "gathered" / "done").exists()


def test_the_command_is_the_same_under_torchrun(tmp_path):
    runs = Path(__file__).parents[2] / "runs" / "tiny"
    texts = read_texts(runs / "data" / "text.txt")
    Tokenizer.train(texts, 384).save(tmp_path / "tokenizer")
    command = ["fledge", "pretrain", runs / "pretrain.toml", "optimizer.steps=10"]
    command += [f"stage.tokenizer={tmp_path / 'tokenizer'}", "runtime.dtype=float32"]
    command += [f'stage.text=["{runs / "data" / "text.txt"}"]']
    one, two = tmp_path / "one", tmp_path / "two"
    alone = [sys.executable, "-m", *command, f"output={one}"]
    subprocess.run(list(map(str, alone)), check=True, capture_output=True)
    said = torchrun("-m", *command, f"output={two}").stderr
    assert said.count("pretrain: step 10/10") == 1  # one process speaks
    models = [load_file(output / "step-00000010" / "model.safetensors") for output in (one, two)]
    assert_close(*models, 1e-5)
