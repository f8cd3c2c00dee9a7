"""Weights of a checkpoint: safetensors, whole, in shards or adapted, read tensor by tensor.

No pickle is ever opened: a file that holds one is named, with the command that converts it.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from shlex import quote
from typing import Any, NoReturn, TypeVar, final

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from fledge.checkpoint.adapters import adapted_tensors
from fledge.checkpoint.lineage import check_unchanged
from fledge.checkpoint.naming import DamagedFile, naming
from fledge.checkpoint.resolved import WEIGHTS, Checkpoint
from fledge.errors import CheckpointError
from fledge.model.gpt import GPT
from fledge.model.huggingface import blank_language_model, from_huggingface
from fledge.model.huggingface.family import Tensors
from fledge.model.huggingface.settings import JSON

ConfigT = TypeVar("ConfigT")
ModelT = TypeVar("ModelT", bound=nn.Module)

LONGEST_HEADER = 100_000_000
"""Bytes that the safetensors library reads of a header, at most."""
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")


@final
class StoredTensors(Mapping[str, Tensor]):
    """Tensors by name, each read from its file when it is asked for; none is kept in memory.

    Raises:
        DamagedFile: a file is damaged or cut short.
    """

    def __init__(self, files: Iterable[Path]) -> None:
        self.files = {name: path for path in files for name in _names(path)}
        """Name of each tensor to the file that holds it."""

    def mapped(self) -> "MappedTensors":
        """Return the same tensors for keeping."""
        return MappedTensors(self.files)

    def __getitem__(self, name: str) -> Tensor:
        path = self.files[name]
        try:
            # Opened each time: the pages of a file that stays open would add up to the whole file.
            with safe_open(path, framework="pt") as file:
                tensor: Tensor = file.get_tensor(name)
                return tensor
        except (SafetensorError, OSError) as error:
            raise DamagedFile(f"{path}: tensor {name} cannot be read ({error})") from error

    def __iter__(self) -> Iterator[str]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)


@final
class MappedTensors(Mapping[str, Tensor]):
    """Tensors that stay in their files: memory holds what a model touches, once for all processes.

    A file is mapped once, however many tensors are taken from it, and as long as one of them is
    there. It must not be written over meanwhile; fledge replaces files and leaves the old one.

    Raises:
        DamagedFile: a file is damaged or cut short.
    """

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files
        self._open: dict[Path, Any] = {}

    def __getitem__(self, name: str) -> Tensor:
        path = self._files[name]
        try:
            if path not in self._open:
                self._open[path] = safe_open(path, framework="pt")
            tensor: Tensor = self._open[path].get_tensor(name)
            return tensor
        except (SafetensorError, OSError) as error:
            raise DamagedFile(f"{path}: tensor {name} cannot be read ({error})") from error

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def load_weights(
    checkpoint: Checkpoint,
    read: Callable[[JSON, Mapping[str, Tensor]], tuple[ConfigT, Tensors]],
    blank: Callable[[ConfigT], ModelT],
) -> ModelT:
    """Return the model of a checkpoint, fp32 and in eval mode.

    `read` makes settings and state of its files, `blank` a model of the settings without numbers.

    Raises:
        CheckpointError: a file is missing, damaged, a pickle, or does not fit the others.
    """
    tensors = open_tensors(checkpoint)
    with naming(checkpoint.named):
        config, state = read(checkpoint.config_json, tensors)
    model = blank(config)
    model.load_state_dict(state, assign=True)
    return model.eval()


def load_mapped(checkpoint: Checkpoint, dtype: torch.dtype) -> GPT:
    """Return a language model in `dtype` and in eval mode, for reading only.

    Tensors that the file has in our layout and in `dtype` stay in it. The fused matrices (q, k and
    v; gate and up) are copied. Windows locks a file that is mapped, so there all are copied.

    Raises:
        CheckpointError: as `load_weights`.
    """
    tensors = open_tensors(checkpoint)
    kept: Mapping[str, Tensor] | None = None
    if isinstance(tensors, StoredTensors) and sys.platform != "win32":
        kept = tensors.mapped()
    with naming(checkpoint.named):
        config, state = from_huggingface(checkpoint.config_json, tensors, dtype, kept)
    model = blank_language_model(config)
    model.load_state_dict(state, assign=True)
    return model.eval()


def open_tensors(checkpoint: Checkpoint) -> Mapping[str, Tensor]:
    """Open the tensors of a model, or those that an adapter makes of its base.

    Raises:
        CheckpointError: a file is missing, cannot be read, or is a pickle; the base was changed, or
            the adapter does not fit it or does what fledge does not compute.
    """
    adapter = checkpoint.adapter
    if adapter is None:
        return StoredTensors(checkpoint.files or _missing(checkpoint.directory))
    base = open_tensors(adapter.base)
    if not adapter.weights_file.is_file():
        raise CheckpointError(f"{adapter.weights_file}: no such file; the adapter is incomplete")
    stored = StoredTensors([adapter.weights_file])
    check_unchanged(checkpoint.directory, adapter.base.directory)
    return adapted_tensors(adapter, stored, base)


def refuse_pickle(path: Path) -> NoReturn:
    """Raise the error for a file that is never opened.

    Raises:
        CheckpointError: always; it gives the command that converts the file.
    """
    raise CheckpointError(
        f"{path}: pickle files can run any program and are never read. This command reads only its "
        f"tensors and writes {WEIGHTS} beside it:\n  {conversion_command(path)}"
    )


def conversion_command(path: Path) -> str:
    """Return a shell command that converts a state dict of torch without running its pickle.

    It clones tensors, because safetensors refuses those that share memory.
    """
    return (
        "python -c '"
        "import sys, torch; from safetensors.torch import save_file; "
        'state = torch.load(sys.argv[1], map_location="cpu", weights_only=True); '
        "tensors = {name: tensor.clone().contiguous() for name, tensor in state.items()}; "
        'save_file(tensors, sys.argv[2], metadata={"format": "pt"})'
        f"' {quote(str(path))} {quote(str(path.with_name(WEIGHTS)))}"
    )


def _missing(directory: Path) -> NoReturn:
    """Raise the error for missing weights; a pickle beside them can be converted."""
    pickles = sorted(path for pattern in PICKLES for path in directory.glob(pattern))
    if pickles:
        refuse_pickle(pickles[0])
    raise CheckpointError(
        f"{directory / WEIGHTS}: no such file; the checkpoint is incomplete, use an older one"
    )


def _names(path: Path) -> list[str]:
    try:
        with safe_open(path, framework="pt") as file:
            return list(file.keys())
    except (SafetensorError, OSError) as error:
        raise DamagedFile(
            f"{path}: damaged or cut short{_first_lost(path)} ({error}); use an older checkpoint "
            "or copy it again"
        ) from error


def _first_lost(path: Path) -> str:
    """Say which tensors a file cut short has lost, if its header still tells."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        text = file.read(min(length, LONGEST_HEADER))
    try:
        header = json.loads(text)
        ends = {n: v["data_offsets"][1] for n, v in header.items() if n != "__metadata__"}
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        return ""
    there = path.stat().st_size - 8 - length
    lost = sorted((end, name) for name, end in ends.items() if end > there)
    if not lost:
        return ""
    others = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
    size = 8 + length + max(ends.values())
    return f": {8 + length + there:,} of {size:,} bytes, without tensor {lost[0][1]}{others}"
