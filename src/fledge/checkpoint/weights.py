"""The weights of a directory: model.safetensors, whole or in shards, read tensor by tensor.

No pickle is ever opened: a file that holds one is named, with the command that converts it.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from shlex import quote
from typing import NoReturn, TypeVar, final

from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from fledge.checkpoint.json_files import read_json
from fledge.errors import CheckpointError
from fledge.model.huggingface.family import TensorError, Tensors
from fledge.model.huggingface.settings import JSON

ConfigT = TypeVar("ConfigT")
ModelT = TypeVar("ModelT", bound=nn.Module)

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
SHARDS = "model.safetensors.index.json"
ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")


class DamagedFile(CheckpointError):
    """A file that cannot be read; the message names it."""


@final
class StoredTensors(Mapping[str, Tensor]):
    """Tensors by name, each read from its file when asked for: nothing is kept in memory.

    Raises:
        DamagedFile: a file is damaged or cut short.
    """

    def __init__(self, files: list[Path]) -> None:
        self.files = {name: path for path in files for name in _names(path)}
        """Name of each tensor to the file that holds it."""

    def __getitem__(self, name: str) -> Tensor:
        path = self.files[name]
        try:
            # Opened anew each time: pages of a file that stays open would add up to all of it.
            with safe_open(path, framework="pt") as file:
                tensor: Tensor = file.get_tensor(name)
                return tensor
        except (SafetensorError, OSError) as error:
            raise DamagedFile(f"{path}: tensor {name} cannot be read ({error})") from error

    def __iter__(self) -> Iterator[str]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)


@contextmanager
def naming(config: Path, weights: Path) -> Iterator[None]:
    """Give what goes wrong with settings and tensors the name of the file it is wrong in.

    Raises:
        CheckpointError: with that name.
    """
    try:
        yield
    except DamagedFile:
        raise
    except TensorError as error:
        raise CheckpointError(f"{weights}: {error}") from error
    except CheckpointError as error:
        raise CheckpointError(f"{config}: {error}") from error


def naming_files(directory: Path) -> AbstractContextManager[None]:
    """`naming` of a directory's config.json and weights; of an adapter, the directory itself."""
    config, weights, shards = (directory / name for name in (CONFIG, WEIGHTS, SHARDS))
    found = [path for path in (weights, shards) if path.is_file()]
    return naming(config if config.is_file() else directory, found[0] if found else directory)


def read_model_files(directory: Path) -> tuple[dict[str, object], Mapping[str, Tensor]]:
    """config.json and the tensors beside it.

    Raises:
        CheckpointError: a file is missing, cannot be read, or is a pickle.
    """
    return read_config_json(directory), open_tensors(directory)


def load_weights(
    directory: Path,
    read: Callable[[JSON, Mapping[str, Tensor]], tuple[ConfigT, Tensors]],
    blank: Callable[[ConfigT], ModelT],
) -> ModelT:
    """The model of a directory, fp32 and in eval mode.

    `read` makes settings and state of its files, `blank` a model of the settings without numbers.

    Raises:
        CheckpointError: a file is missing, damaged, a pickle, or does not fit the others.
    """
    config_json, tensors = read_model_files(directory)
    with naming_files(directory):
        config, state = read(config_json, tensors)
    model = blank(config)
    model.load_state_dict(state, assign=True)
    return model.eval()


def read_config_json(directory: Path) -> dict[str, object]:
    """config.json; of an adapter, which has none, that of the model it makes of its base.

    Raises:
        CheckpointError: it is missing or damaged.
    """
    if (directory / ADAPTER_CONFIG).is_file() and not (directory / CONFIG).is_file():
        from fledge.checkpoint.adapters import adapted_config  # which stands on this file

        return adapted_config(directory)
    return read_json(directory / CONFIG)


def open_tensors(directory: Path) -> Mapping[str, Tensor]:
    """The tensors of model.safetensors or of its shards, or those that an adapter makes of them.

    Raises:
        CheckpointError: as `read_model_files`.
    """
    if (directory / WEIGHTS).is_file():
        return StoredTensors([directory / WEIGHTS])
    if (directory / SHARDS).is_file():
        return StoredTensors(_shards(directory))
    if (directory / ADAPTER_CONFIG).is_file():
        from fledge.checkpoint.adapters import adapted_tensors  # which stands on this file

        return adapted_tensors(directory)
    pickles = sorted(path for pattern in PICKLES for path in directory.glob(pattern))
    if pickles:
        refuse_pickle(pickles[0])
    raise CheckpointError(
        f"{directory / WEIGHTS}: no such file; the checkpoint is incomplete, use an older one"
    )


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
    """A shell command that turns a state dict of torch into safetensors without running a pickle.

    Clones, because safetensors refuses tensors that share memory.
    """
    return (
        "python -c '"
        "import sys, torch; from safetensors.torch import save_file; "
        'state = torch.load(sys.argv[1], map_location="cpu", weights_only=True); '
        "tensors = {name: tensor.clone().contiguous() for name, tensor in state.items()}; "
        'save_file(tensors, sys.argv[2], metadata={"format": "pt"})'
        f"' {quote(str(path))} {quote(str(path.with_name(WEIGHTS)))}"
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
    """Where the file ends too early, if its header can still tell."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        text = file.read(min(length, path.stat().st_size))
    try:
        header = json.loads(text)
        ends = {n: v["data_offsets"][1] for n, v in header.items() if n != "__metadata__"}
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return ""
    there = path.stat().st_size - 8 - length
    lost = sorted((end, name) for name, end in ends.items() if end > there)
    if not lost:
        return ""
    others = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
    size = 8 + length + max(ends.values())
    return f": {8 + length + there:,} of {size:,} bytes, without tensor {lost[0][1]}{others}"


def _shards(directory: Path) -> list[Path]:
    index = read_json(directory / SHARDS).get("weight_map")
    if not isinstance(index, dict):
        raise CheckpointError(f"{directory / SHARDS}: 'weight_map' is missing")
    names = sorted(set(map(str, index.values())))
    for name in names:
        if Path(name).name != name or not (directory / name).is_file():
            raise CheckpointError(f"{directory / name}: no such file, but {SHARDS} names it")
    return [directory / name for name in names]
