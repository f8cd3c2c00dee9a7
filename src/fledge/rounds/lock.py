"""A lock that lets one process at a time work on a place; it opens when its process ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fledge.errors import ConfigError
from fledge.process_lock import Process, holder, locked

FILE_NAME = "lock"


@contextmanager
def alone(place: Path) -> Iterator[None]:
    """Keep other processes from the place within the context.

    Raises:
        ConfigError: another process works on it.
        WriteError: the place is not writable.
    """

    def refusal(other: Process) -> ConfigError:
        return ConfigError(
            f"{place}: another round is running here ({other}); wait until it ends, or stop it: it "
            "goes on where it stopped"
        )

    with locked(place / FILE_NAME, refusal):
        yield


def is_taken(place: Path) -> bool:
    """Tell whether a process works on the place now."""
    return holder(place / FILE_NAME) is not None
