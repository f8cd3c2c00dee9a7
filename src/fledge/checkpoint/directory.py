"""Checkpoint directories of a run: written whole, found by any of their names, kept to a number."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from fledge.checkpoint.promotions import is_place, promoted_model
from fledge.errors import CheckpointError, WriteError
from fledge.files import UNFINISHED, remove_directory, write_directory

CRITIC = "critic"
"""Directory of PPO's value model, inside each checkpoint."""

_STEP = re.compile(r"step-(\d{8,})")


def step_directory(output: Path, step: int) -> Path:
    """Return the directory of a step's checkpoint, as in `output/step-00000200`."""
    return output / f"step-{step:08d}"


def step_of(checkpoint: Path) -> int:
    """Return the step in a checkpoint's name; -1 if the name has none."""
    match = _STEP.fullmatch(checkpoint.name)
    return int(match[1]) if match else -1


def checkpoints(output: Path) -> list[Path]:
    """List the complete checkpoints of a run, oldest first."""
    if not output.is_dir():
        return []
    found = [path for path in output.iterdir() if path.is_dir() and _STEP.fullmatch(path.name)]
    return sorted(found, key=step_of)


def latest(output: Path) -> Path | None:
    """Return the newest complete checkpoint of a run; None before the first."""
    found = checkpoints(output)
    return found[-1] if found else None


def find_checkpoint(path: Path) -> Path:
    """Find a checkpoint by its own path, by its run's output (the newest), or by `output/latest`.

    `output/critic` is the value model of a PPO run's newest checkpoint. A place of rounds stands
    for the model that it promoted.

    Raises:
        CheckpointError: there is none; the message says what is there instead.
    """
    path = Path(path)
    if path.name == "latest" and not path.exists():
        path = path.parent
    if path.name == CRITIC and not path.exists() and (newest := latest(path.parent)) is not None:
        path = newest / CRITIC
    if is_checkpoint(path):
        return path
    if is_place(path):
        return find_checkpoint(promoted_model(path))
    newest = latest(path)
    if newest is not None:
        return newest
    raise CheckpointError(f"{path}: no checkpoint here: {_what_is_there(path)}")


def is_checkpoint(path: Path) -> bool:
    """Whether the directory itself holds a model or an adapter."""
    return any((path / name).is_file() for name in ("config.json", "adapter_config.json"))


def write_checkpoint(final: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a directory that appears as `final` when all of it is on the disk.

    Raises:
        CheckpointError: the disk is full or not writable; earlier checkpoints are untouched.
    """
    try:
        write_directory(final, write, "checkpoint")
    except WriteError as error:
        less = "; checkpoint.keep = 1 takes the least space" if error.is_full else ""
        raise CheckpointError(
            f"{error}: it goes on from the last checkpoint. Earlier checkpoints are untouched{less}"
        ) from error


def keep_newest(output: Path, keep: int) -> None:
    """Delete all but the `keep` newest checkpoints, and those left half-written by killed runs."""
    for path in checkpoints(output)[:-keep]:
        remove_directory(path)
    for path in output.glob(f".*step-*{UNFINISHED}*"):
        shutil.rmtree(path, ignore_errors=True)


def _what_is_there(path: Path) -> str:
    if path.name == CRITIC and is_checkpoint(path.parent):
        return "only PPO writes a critic, and not where stage.critic.keep is false"
    if not path.exists():
        return "the path does not exist; `fledge run`, `pretrain` or `import` makes a checkpoint"
    if path.suffix == ".gguf":
        return "it is a GGUF file; `fledge import` makes a checkpoint of it"
    if path.is_file():
        return "it is a file; give the directory that holds config.json and model.safetensors"
    runs = sorted(child.name for child in path.iterdir() if child.is_dir() and latest(child))
    if runs:
        return f"the directory holds the runs {', '.join(runs)}; name one, as {path / runs[-1]}"
    return "expected config.json and model.safetensors, or step-… directories of a run"
