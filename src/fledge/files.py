"""Files and directories that appear whole or not at all, and the hashes of files.

A file is written under a name of its own beside the final one until all of it is on the disk. Then
it is renamed: a process killed at any moment leaves the old or the new, never half of it.
"""

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fledge.errors import WriteError

UNFINISHED = ".unfinished"
"""Ending of an unfinished file's name: `.report.html.unfinished`."""

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def write_text(final: Path, text: str, what: str = "file") -> None:
    """Write a small file in UTF-8, whole or not at all; `what` names it in the error.

    Raises:
        WriteError: the disk is full or not writable.
    """
    with whole_file(final, what) as unfinished, explained(final, what):
        unfinished.write_bytes(text.encode("utf-8"))


def write_directory(final: Path, write: Callable[[Path], None], what: str) -> None:
    """Let `write` fill a directory that appears whole or not at all; `what` names it in the error.

    Raises:
        WriteError: the disk is full or not writable.
    """
    with whole_directory(final, what) as unfinished, explained(final, what):
        write(unfinished)


@contextmanager
def whole_file(final: Path, what: str) -> Iterator[Path]:
    """Give a path to write to; it becomes `final` when the block ends without an error.

    An `OSError` of the block itself is passed on; `explained` makes a `WriteError` of it.

    Raises:
        WriteError: the disk is full or not writable.
    """
    unfinished = _beside(final, UNFINISHED)
    try:
        with explained(final, what):
            final.parent.mkdir(parents=True, exist_ok=True)
            unfinished.unlink(missing_ok=True)
        yield unfinished
        with explained(final, what):
            _flush(unfinished)
            unfinished.replace(final)
            _flush(final.parent)
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


@contextmanager
def whole_directory(final: Path, what: str) -> Iterator[Path]:
    """Give an empty directory to fill; it becomes `final` when the block ends without an error.

    An older directory of that name is replaced. An `OSError` of the block itself is passed on;
    `explained` makes a `WriteError` of it.

    Raises:
        WriteError: the disk is full or not writable.
    """
    unfinished, old = _beside(final, UNFINISHED), _beside(final, f"{UNFINISHED}.old")
    try:
        with explained(final, what):
            shutil.rmtree(unfinished, ignore_errors=True)
            _put_back(old, final)
            unfinished.mkdir(parents=True)
        yield unfinished
        with explained(final, what):
            for path in (*unfinished.rglob("*"), unfinished):
                _flush(path)
            _exchange(unfinished, final, old)
            _flush(final.parent)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


@contextmanager
def explained(final: Path, what: str) -> Iterator[None]:
    """Explain an `OSError`: what was not written, what is still there, and what to do.

    Raises:
        WriteError: in place of any `OSError` of the block.
    """
    try:
        yield
    except OSError as error:
        kept = f"the old {what} is untouched" if os.path.exists(final) else "nothing of it is left"
        is_full = error.errno in _FULL
        raise WriteError(final, what, _reason(final, error), kept, is_full=is_full) from error


def remove_directory(path: Path) -> None:
    """Delete a directory; one killed half-way no longer has its name."""
    doomed = _beside(path, f"{UNFINISHED}.removed")
    shutil.rmtree(doomed, ignore_errors=True)
    path.rename(doomed)
    shutil.rmtree(doomed)


def file_hash(path: Path) -> str:
    """Return the sha256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _beside(final: Path, ending: str) -> Path:
    # Fixed names, so that what a killed process left is cleared by the next one.
    return final.with_name(f".{final.name}{ending}")


def _exchange(new: Path, final: Path, old: Path) -> None:
    """Rename `new` to `final`; a directory of that name is deleted once its successor stands."""
    if not final.is_dir():
        new.rename(final)
        return
    final.rename(old)
    try:
        new.rename(final)
    except OSError:
        old.rename(final)
        raise
    remove_directory(old)


def _put_back(old: Path, final: Path) -> None:
    """Undo the first half of an exchange during which a process was killed."""
    if old.is_dir() and not final.exists():
        old.rename(final)
    shutil.rmtree(old, ignore_errors=True)


def _flush(path: Path) -> None:
    """Fsync a file or a directory: a rename may reach the disk before the bytes do."""
    if path.is_dir() and os.name == "nt":
        return  # Windows opens no directories
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(final: Path, error: OSError) -> str:
    if error.errno not in _FULL:
        return error.strerror or str(error)
    there = next(place for place in final.absolute().parents if os.path.exists(place))
    return f"the disk is full ({shutil.disk_usage(there).free / 2**20:,.0f} MiB free)"
