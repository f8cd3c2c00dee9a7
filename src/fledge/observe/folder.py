"""Folder of runs: which runs lie in it, and their files, never anything outside."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import final

from fledge.checkpoint.directory import latest, step_of
from fledge.checkpoint.lineage import FILE_NAME as LINEAGE_FILE
from fledge.errors import ConfigError, DataError

LOG_FILE = "started.log"
"""Messages of a process that was started from the page, beside the run's metrics."""
MARKS = ("run.json", "metrics.jsonl", LOG_FILE)
"""Files of which every run has one: settings, metrics, or the log of a start that failed."""
MOST_RUNS = 500
MOST_LINKS = 50
MOST_DIRECTORIES = 20_000
DEEPEST = 6
"""Directories between the folder and a run, at most."""


@dataclass(frozen=True, slots=True)
class Unread:
    """Something in the folder that is not read, and why."""

    name: str
    problem: str


class RunUnavailable(DataError):
    """A run, or a file of it, is not in the folder."""


@final
class RunsFolder:
    """Finds the runs below a directory by the names of their directories, such as `mine/ppo`.

    Neither links nor `..` lead out of it.
    """

    def __init__(self, root: Path) -> None:
        """Take an existing directory.

        Raises:
            ConfigError: there is no such directory.
        """
        if not root.is_dir():
            raise ConfigError(
                f"{root}: no such folder; name one that holds runs, or will hold them"
            )
        self.root = root.resolve()
        self._given = root.absolute()

    def names(self) -> list[str]:
        """List the runs by name, at most `MOST_RUNS`."""
        found: list[str] = []
        for directory in self._directories():
            if len(found) == MOST_RUNS:
                break
            if any((directory / mark).is_file() for mark in MARKS):
                found.append(self.name_of(directory))
        return sorted(found)

    def links(self) -> list[Path]:
        """List the links to runs, at most `MOST_LINKS`; no run is read through one."""
        found: list[Path] = []
        for directory in self._directories():
            for path in sorted(directory.iterdir()):
                if path.is_symlink() and any((path / mark).is_file() for mark in MARKS):
                    found.append(path)
            if len(found) >= MOST_LINKS:
                break
        return found[:MOST_LINKS]

    def name_of(self, directory: Path) -> str:
        """Return the name of a directory of the folder; `.` for the folder itself."""
        return directory.relative_to(self.root).as_posix()

    def run(self, name: str) -> Path:
        """Return the directory of a run.

        Raises:
            RunUnavailable: there is none of this name, or it lies outside.
        """
        directory = self.inside(name)
        if not any((directory / mark).is_file() for mark in MARKS):
            raise RunUnavailable(f"there is no run {name!r} (any more) in the folder of runs")
        return directory

    def inside(self, name: str) -> Path:
        """Return the path of a name within the folder, if no link is on the way.

        Raises:
            RunUnavailable: it is no such name.
        """
        path = self.root / name
        is_plain = name == "." or (
            not any(part in ("", ".", "..") for part in name.split("/"))
            and not any(sign in name for sign in "\\:\0")
        )
        if not is_plain or not has_no_link(path):
            raise RunUnavailable(f"{name!r} is no path within the folder of runs")
        return path

    def within(self, path: Path) -> Path | None:
        """Return a path by the folder's own place; None if it lies outside or behind a link.

        The folder itself may have been named by a link.
        """
        place = path.absolute()
        if place.is_relative_to(self._given):
            place = self.root / place.relative_to(self._given)
        return place if place.is_relative_to(self.root) and has_no_link(place) else None

    def _directories(self) -> Iterator[Path]:
        walk = os.walk(self.root, followlinks=False)
        for number, (place, inner, _) in enumerate(walk):
            if number == MOST_DIRECTORIES:
                return
            directory = Path(place)
            depth = len(directory.relative_to(self.root).parts)
            inner[:] = sorted(name for name in inner if depth < DEEPEST and may_hold_runs(name))
            yield directory


def may_hold_runs(name: str) -> bool:
    """Tell whether a directory may hold runs: checkpoints and hidden ones do not."""
    return not name.startswith((".", "__")) and step_of(Path(name)) < 0


def has_no_link(path: Path) -> bool:
    """Tell whether a path is its own place; one that no file system takes is not."""
    try:
        with suppress(FileNotFoundError):
            path.lstat()
        return path.resolve() == path
    except (OSError, ValueError, RuntimeError):
        return False


def plain_file(run: Path, name: str) -> Path | None:
    """Return a file of a run unless it is missing, a link or nothing plain."""
    path = run / name
    return path if path.is_file() and not path.is_symlink() else None


def plain_checkpoint(run: Path) -> Path | None:
    """Return the newest checkpoint of a run unless it, or its lineage, is a link or nothing plain.

    One without a lineage counts as plain.
    """
    checkpoint = latest(run)
    if checkpoint is None or checkpoint.is_symlink():
        return None
    return None if odd_file(checkpoint, (LINEAGE_FILE,)) else checkpoint


def odd_file(place: Path, names: Iterable[str]) -> str | None:
    """Return the first of some names that is a link, or nothing plain; None if none is."""
    for name in names:
        path = place / name
        if path.is_symlink() or (path.exists() and not path.is_file()):
            return name
    return None


Stamp = tuple[tuple[int, int, int] | None, ...]


def stamp_of(run: Path, names: Sequence[str]) -> Stamp:
    """Return what changes when one of these files of a run changes, appears or vanishes."""
    return tuple(_stamp(run / name) for name in names)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino
