"""Checkpoint directories: written whole or not at all, found by any of their names, kept to n."""

import contextlib
import errno
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from fledge.errors import CheckpointError

_STEP = re.compile(r"step-(\d{8,})")
_UNFINISHED = ".unfinished"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def step_directory(output: Path, step: int) -> Path:
    """Where a run keeps its checkpoint of a step: `output/step-00000200`."""
    return output / f"step-{step:08d}"


def step_of(checkpoint: Path) -> int:
    """The step in a checkpoint's name; -1 if the name has none."""
    match = _STEP.fullmatch(checkpoint.name)
    return int(match[1]) if match else -1


def checkpoints(output: Path) -> list[Path]:
    """The complete checkpoints of a run, oldest first."""
    if not output.is_dir():
        return []
    found = [path for path in output.iterdir() if path.is_dir() and _STEP.fullmatch(path.name)]
    return sorted(found, key=step_of)


def latest(output: Path) -> Path | None:
    """The newest complete checkpoint of a run; None before the first."""
    found = checkpoints(output)
    return found[-1] if found else None


def find_checkpoint(path: Path) -> Path:
    """The checkpoint meant by `path`: itself, the newest of a run's output, or `output/latest`.

    Raises:
        CheckpointError: there is none; the message says what is there instead.
    """
    path = Path(path)
    if path.name == "latest" and not path.exists():
        path = path.parent
    if is_checkpoint(path):
        return path
    newest = latest(path)
    if newest is not None:
        return newest
    raise CheckpointError(f"{path}: no checkpoint here: {_what_is_there(path)}")


def is_checkpoint(path: Path) -> bool:
    """Whether the directory itself holds a model, or an adapter of one."""
    return any((path / name).is_file() for name in ("config.json", "adapter_config.json"))


def write_directory(final: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a directory that appears as `final` when all of it is on the disk.

    A process killed at any moment leaves either no `final` or a complete one. An older directory
    of that name is replaced.

    Raises:
        CheckpointError: the disk is full or not writable; nothing of the old is lost.
    """
    unfinished = final.with_name(f".{final.name}{_UNFINISHED}")
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        write(unfinished)
        for path in unfinished.rglob("*"):
            _flush(path)
        _flush(unfinished)
        with _aside(final):
            unfinished.rename(final)
            _flush(final.parent)
    except OSError as error:
        raise CheckpointError(_explain(final, error)) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def write_text(final: Path, text: str) -> None:
    """Write a small file so that it is either the old or the new one, whole.

    Raises:
        CheckpointError: the disk is full or not writable.
    """
    with written_file(final) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


@contextlib.contextmanager
def written_file(final: Path) -> Iterator[Path]:
    """A path to write to; it becomes `final`, whole, when the block ends without an error.

    Raises:
        CheckpointError: the disk is full or not writable.
    """
    unfinished = final.with_name(f".{final.name}{_UNFINISHED}")
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        yield unfinished
        _flush(unfinished)
        unfinished.rename(final)
        _flush(final.parent)
    except OSError as error:
        raise CheckpointError(_explain(final, error)) from error
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)


@contextlib.contextmanager
def _aside(path: Path) -> Iterator[None]:
    """Move what is there out of the way; it is deleted only when its successor stands."""
    doomed = path.with_name(f".{path.name}{_UNFINISHED}.old")
    shutil.rmtree(doomed, ignore_errors=True)
    if path.exists():
        path.rename(doomed)
    yield
    shutil.rmtree(doomed, ignore_errors=True)


def remove_directory(path: Path) -> None:
    """Delete a checkpoint; one killed half-way no longer counts as a checkpoint."""
    doomed = path.with_name(f".{path.name}{_UNFINISHED}.old")
    shutil.rmtree(doomed, ignore_errors=True)
    path.rename(doomed)
    shutil.rmtree(doomed)


def keep_newest(output: Path, keep: int) -> None:
    """Delete all but the `keep` newest checkpoints, and what killed processes left half-written."""
    for path in checkpoints(output)[:-keep]:
        remove_directory(path)
    for path in output.glob(f".*{_UNFINISHED}*"):
        shutil.rmtree(path, ignore_errors=True)


def _flush(path: Path) -> None:
    """fsync a file or a directory: a rename may reach the disk before the bytes do."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _explain(final: Path, error: OSError) -> str:
    if error.errno in _FULL:
        free = shutil.disk_usage(_existing(final)).free
        return (
            f"{final}: not written, the disk is full ({free / 2**20:,.0f} MiB free); earlier "
            "checkpoints are untouched. Free some space, or set checkpoint.keep = 1, and run the "
            "same command again: it goes on from the last checkpoint"
        )
    return (
        f"{final}: not written: {error.strerror or error}; earlier checkpoints are untouched. "
        "Make the directory writable, or choose another output, and run the same command again"
    )


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)


def _what_is_there(path: Path) -> str:
    if not path.exists():
        return "the path does not exist; `fledge run`, `pretrain` or `import` makes a checkpoint"
    if path.is_file():
        return "it is a file; give the directory that holds config.json and model.safetensors"
    runs = sorted(child.name for child in path.iterdir() if child.is_dir() and latest(child))
    if runs:
        return f"the directory holds the runs {', '.join(runs)}; name one, as {path / runs[-1]}"
    return "expected config.json and model.safetensors, or step-… directories of a run"
