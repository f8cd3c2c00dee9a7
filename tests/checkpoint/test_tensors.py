import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file, save_file

from fledge.checkpoint.resolved import resolve
from fledge.checkpoint.tensors import DTYPES, write_tensors
from fledge.checkpoint.weights import StoredTensors, conversion_command, open_tensors
from fledge.errors import CheckpointError

TENSORS = {
    "b.weight": torch.arange(6.0).reshape(2, 3),
    "a.weight": torch.arange(6.0).reshape(2, 3).mT,
    "half": torch.tensor([0.5, -2.0], dtype=torch.bfloat16),
    "scalar": torch.tensor(3.5, dtype=torch.float16),
    "empty": torch.empty(0, 4),
    "é": torch.tensor([True, False]),
} | {str(dtype): torch.ones(3, dtype=dtype) for dtype in DTYPES}


def test_the_bytes_are_those_of_the_library(tmp_path):
    write_tensors(tmp_path / "ours", TENSORS)
    contiguous = {name: tensor.contiguous() for name, tensor in TENSORS.items()}
    save_file(contiguous, tmp_path / "theirs", metadata={"format": "pt"})
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()


def test_tensors_may_be_cast_on_the_way(tmp_path):
    write_tensors(tmp_path / "file", {"x": torch.tensor([1.0, 1 / 3])}, torch.bfloat16)
    assert load_file(tmp_path / "file")["x"].tolist() == [1.0, 0.333984375]


def test_stored_tensors_are_read_when_asked_for(tmp_path):
    write_tensors(tmp_path / "model.safetensors", TENSORS)
    (tmp_path / "config.json").write_text("{}")
    stored = open_tensors(resolve(tmp_path))
    assert stored.keys() == TENSORS.keys() and len(stored) == len(TENSORS)
    for name, tensor in TENSORS.items():
        assert torch.equal(stored[name], tensor) and stored[name].dtype == tensor.dtype, name
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"model.safetensors: tensor half cannot be read"):
        stored["half"]


def test_a_file_cut_short_says_what_is_lost(tmp_path):
    path = tmp_path / "file"
    write_tensors(path, {name: torch.zeros(4) for name in "abc"})
    content = path.read_bytes()
    path.write_bytes(content[:-20])
    expected = f"{len(content) - 20} of {len(content)} bytes, without tensor b and 1 more"
    with pytest.raises(CheckpointError, match=expected):
        StoredTensors([path])


def test_the_command_for_pickles_converts_a_state_dict(tmp_path):
    shared = torch.arange(4.0)
    tmp_path = tmp_path / "it's here"
    tmp_path.mkdir()
    (tmp_path / "config.json").write_text("{}")
    path = tmp_path / "pytorch_model.bin"
    torch.save({"a": shared, "b": shared, "c": torch.eye(3).mT}, path)
    with pytest.raises(CheckpointError, match="never read") as caught:
        open_tensors(resolve(tmp_path))
    command = conversion_command(path)
    assert command in str(caught.value)
    command = command.replace("python", sys.executable, 1)
    subprocess.run(["bash", "-c", command], check=True)
    found = open_tensors(resolve(tmp_path))
    assert torch.equal(found["b"], shared) and torch.equal(found["c"], torch.eye(3))


def test_the_command_for_pickles_runs_no_program(tmp_path):
    path = tmp_path / "pytorch_model.bin"
    path.write_bytes(b"cos\nsystem\n(S'touch ran'\ntR.")
    command = conversion_command(path).replace("python", sys.executable, 1)
    finished = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True)
    assert finished.returncode != 0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["pytorch_model.bin"]
