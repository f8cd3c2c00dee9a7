"""Training state, which a run needs beside the model to go on bit for bit.

Plain values are JSON and tensors safetensors, so reading a file never executes any of it.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from fledge.checkpoint.tensors import write_tensors
from fledge.errors import CheckpointError

_TENSOR = "__tensor__"
_TUPLE = "__tuple__"
_ITEMS = "__items__"
_MARKS = {_TENSOR, _TUPLE, _ITEMS}


def write_state(directory: Path, name: str, state: object) -> None:
    """Write a nest of dicts, lists, tuples, tensors, numbers, strings, bools and None.

    It becomes `name.json` and `name.safetensors`; tensors that share memory are written once each.
    """
    tensors: dict[str, Tensor] = {}
    plain = _flatten(state, tensors)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / f"{name}.json").write_text(json.dumps(plain), encoding="utf-8")
    write_tensors(directory / f"{name}.safetensors", tensors)


def read_state(directory: Path, name: str) -> dict[str, object]:
    """Read what `write_state` wrote, types and bits as they were.

    Raises:
        CheckpointError: a file is missing or damaged; the message says how to fall back.
    """
    plain_path, tensor_path = directory / f"{name}.json", directory / f"{name}.safetensors"
    try:
        plain = json.loads(plain_path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(damaged(plain_path, error)) from error
    try:
        tensors = load_file(tensor_path)
        state = _unflatten(plain, tensors)
    except (OSError, SafetensorError, KeyError) as error:
        raise CheckpointError(damaged(tensor_path, error)) from error
    if not isinstance(state, dict):
        raise CheckpointError(damaged(plain_path, ValueError("expected a table of values")))
    return state


def damaged(path: Path, error: Exception) -> str:
    """Word the error of a checkpoint file that cannot be read."""
    checkpoint = path.parent.parent if path.parent.name == "training" else path.parent
    problem = "is missing" if isinstance(error, FileNotFoundError) else f"is damaged ({error})"
    return (
        f"{path} {problem}. Delete the directory {checkpoint} and run the same command again: "
        "it goes on from the checkpoint before"
    )


def _flatten(value: object, tensors: dict[str, Tensor]) -> object:
    if isinstance(value, Tensor):
        key = f"{len(tensors):06d}"
        # Copied because safetensors refuses tensors that share memory.
        tensors[key] = value.detach().to("cpu", copy=True).contiguous()
        return {_TENSOR: key}
    if isinstance(value, Mapping):
        if all(isinstance(key, str) and key not in _MARKS for key in value):
            return {key: _flatten(item, tensors) for key, item in value.items()}
        return {_ITEMS: [[_flatten(k, tensors), _flatten(v, tensors)] for k, v in value.items()]}
    if isinstance(value, tuple):
        return {_TUPLE: [_flatten(item, tensors) for item in value]}
    if isinstance(value, list):
        return [_flatten(item, tensors) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"training state cannot hold a {type(value).__name__}")


def _unflatten(value: object, tensors: Mapping[str, torch.Tensor]) -> object:
    if isinstance(value, list):
        return [_unflatten(item, tensors) for item in value]
    if not isinstance(value, dict):
        return value
    if _TENSOR in value:
        return tensors[value[_TENSOR]]
    if _TUPLE in value:
        return tuple(_unflatten(item, tensors) for item in value[_TUPLE])
    if _ITEMS in value:
        return {_unflatten(k, tensors): _unflatten(v, tensors) for k, v in value[_ITEMS]}
    return {key: _unflatten(item, tensors) for key, item in value.items()}
