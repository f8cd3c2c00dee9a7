"""A lock that lets one process at a time work on a place; it opens when its process ends."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fledge.errors import ConfigError
from fledge.files import explained

FILE_NAME = "lock"
PAUSES = (0.02, 0.05, 0.1)
"""Seconds between tries: `is_taken` holds the lock for a moment."""


@contextmanager
def alone(place: Path) -> Iterator[None]:
    """Keep other processes from the place within the context.

    Raises:
        ConfigError: another process works on it.
        WriteError: the place is not writable.
    """
    file = place / FILE_NAME
    with explained(file, "lock"):
        place.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not any(_take_after(descriptor, pause) for pause in (0.0, *PAUSES)):
            holder = os.read(descriptor, 20).decode("ascii", "replace").strip()
            raise ConfigError(
                f"{place}: another round is running here (process {holder or 'unknown'}); wait "
                "until it ends, or stop it: it goes on where it stopped"
            )
        with explained(file, "lock"):
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode("ascii"))
        yield
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def is_taken(place: Path) -> bool:
    """Tell whether a process works on the place now."""
    file = place / FILE_NAME
    if not file.is_file():
        return False
    descriptor = os.open(file, os.O_RDWR)
    try:
        return not _take(descriptor)
    finally:
        os.close(descriptor)


def _take_after(descriptor: int, pause: float) -> bool:
    time.sleep(pause)
    return _take(descriptor)


def _take(descriptor: int) -> bool:
    """Lock an open file without waiting; closing it, or the end of the process, unlocks it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            # A byte far behind the end, so that the number of the process stays readable.
            os.lseek(descriptor, 2**20, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            os.lseek(descriptor, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
