"""Presence of a run in its output: a lock while a process trains it, and a note of how it ended.

The lock opens by itself when its process ends, however it ends. So others can tell a run that goes
on from one that was killed.
"""

import errno
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Literal

from fledge.errors import ConfigError, FledgeError, Interrupted, WriteError
from fledge.files import explained, write_text

LOCK_FILE = "running.lock"
END_FILE = "ended.json"
PAUSES = (0.0, 0.02, 0.05, 0.1)
"""Seconds before each try: `holder` has the lock for a moment."""
FAR = 2**20
"""Byte that Windows locks, far behind the process's number, which stays readable."""
HELD = {errno.EAGAIN, errno.EACCES, errno.EDEADLK}


@dataclass(frozen=True, slots=True)
class End:
    """Last message of a run that did not finish."""

    state: Literal["stopped", "failed"]
    message: str


@contextmanager
def present(output: Path) -> Iterator[None]:
    """Train alone in `output` within the context, and note an end by an error.

    Where the file system has no locks, nothing keeps a second process out.

    Raises:
        ConfigError: another process trains this run.
        WriteError: the directory is not writable.
    """
    file = output / LOCK_FILE
    with explained(file, "lock"):
        output.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not any(_take_after(descriptor, pause) for pause in PAUSES):
            number = _number(descriptor) or "unknown"
            raise ConfigError(
                f"{output}: another process trains this run (process {number}); wait until it "
                "ends, or choose another output"
            )
        with explained(file, "lock"):
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode("ascii"))
        (output / END_FILE).unlink(missing_ok=True)
        with ExitStack() as stack:
            stack.push(partial(note_end, output))
            yield
    finally:
        os.close(descriptor)


def note_end(
    output: Path,
    kind: type[BaseException] | None,
    error: BaseException | None,
    traceback: TracebackType | None,
) -> None:
    """Note the error that ends a context as the end of the run; the error goes on."""
    del kind, traceback
    if error is None:
        return
    if isinstance(error, Interrupted | KeyboardInterrupt):
        _write_end(output, End("stopped", str(error) or "stopped at once, by a second Ctrl-C"))
    else:
        known = isinstance(error, FledgeError)
        _write_end(output, End("failed", str(error) if known else repr(error)))


def read_end(output: Path) -> End | None:
    """Read the note of how a run ended; None if there is none, or nothing readable."""
    try:
        values = json.loads((output / END_FILE).read_text(encoding="utf-8"))
        return End(values["state"], str(values["message"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def holder(output: Path) -> int | None:
    """Return the number of the process that trains a run now; None if there is none.

    It is 0 where the number cannot be read.
    """
    file = output / LOCK_FILE
    if not file.is_file():
        return None
    try:
        descriptor = os.open(file, os.O_RDWR)
    except OSError:
        return None
    try:
        if _take(descriptor):
            return None
        number = _number(descriptor)
        return int(number) if number.isdigit() else 0
    finally:
        os.close(descriptor)


def _write_end(output: Path, end: End) -> None:
    # The error itself matters more than its note: a full disk may have caused it.
    with suppress(WriteError):
        text = json.dumps({"state": end.state, "message": end.message}, ensure_ascii=False)
        write_text(output / END_FILE, text + "\n")


def _number(descriptor: int) -> str:
    os.lseek(descriptor, 0, os.SEEK_SET)
    return os.read(descriptor, 20).decode("ascii", "replace").strip()


def _take_after(descriptor: int, pause: float) -> bool:
    time.sleep(pause)
    return _take(descriptor)


def _take(descriptor: int) -> bool:
    """Lock an open file without waiting; closing it, or the end of the process, unlocks it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(descriptor, FAR, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            os.lseek(descriptor, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in HELD
    return True
