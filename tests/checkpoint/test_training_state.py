import math

import pytest
import torch
from safetensors.torch import save

from fledge.checkpoint.training_state import read_state, write_state
from fledge.errors import CheckpointError


def same(one, other):
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return type(one) is type(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


def test_a_nest_of_values_comes_back_as_it_was(tmp_path):
    shared = torch.arange(4)
    state = {
        "tensors": [shared, shared, shared[1:], torch.tensor(2.5, dtype=torch.float64)],
        "odd": (torch.zeros(0, 3), torch.tensor([True]), torch.ones(2, 3).T.bfloat16()),
        "numbers": {"tenth": 0.1, "big": 2**70, "yes": True, "none": None, "inf": math.inf},
        "keys": {1: "one", (2, 3): {"__tensor__": "not a tensor"}},
        "words": "naïve\n\u2028 ✓",
    }
    write_state(tmp_path, "state", state)
    assert same(read_state(tmp_path, "state"), state)


def test_random_states_survive(tmp_path):
    from fledge.runtime import random_state, set_random_state

    write_state(tmp_path, "random", random_state())
    drawn = torch.rand(4)
    set_random_state(read_state(tmp_path, "random"))
    assert torch.equal(torch.rand(4), drawn)


def test_what_cannot_be_written_safely_is_refused(tmp_path):
    with pytest.raises(TypeError, match="cannot hold a set"):
        write_state(tmp_path, "state", {"a": {1, 2}})


@pytest.mark.parametrize(
    ("name", "contents", "message"),
    [
        ("state.json", None, "is missing"),
        ("state.json", b'{"a": {"__tens', "is damaged"),
        ("state.json", b"[1, 2]", "is damaged"),
        ("state.safetensors", None, "is missing"),
        ("state.safetensors", b"", "is damaged"),
        ("state.safetensors", save({"other": torch.zeros(1)}), "is damaged"),
        ("state.safetensors", b"\x00" * 100, "is damaged"),
    ],
)
def test_damage_names_the_file_and_the_way_out(tmp_path, name, contents, message):
    directory = tmp_path / "step-00000010" / "training"
    write_state(directory, "state", {"a": torch.ones(3)})
    if contents is None:
        (directory / name).unlink()
    else:
        (directory / name).write_bytes(contents)
    with pytest.raises(CheckpointError, match=rf"{name} {message}.*Delete .*step-00000010 "):
        read_state(directory, "state")
