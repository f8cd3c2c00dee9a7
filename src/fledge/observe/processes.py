"""Start, resume and stop runs as processes of their own, which outlive the server."""

import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, final

from fledge.errors import ConfigError, Interrupted
from fledge.observe.folder import LOG_FILE, RunsFolder, Unread, may_hold_runs, plain_file
from fledge.observe.lines import whole_text
from fledge.train.presence import trainer

FLEDGE = (sys.executable, "-P", "-m", "fledge")
"""Words that start fledge, whatever lies in the working directory."""
NICENESS = 10
MOST_FILES = 200
UNREADABLE = (OSError, ValueError, RecursionError)
"""Errors of a damaged run file."""
COMMANDS: Mapping[str, str] = {
    "pretrain": "pretrain",
    "translate": "translate-train",
    "sft": "sft",
    "reward": "reward",
    "ppo": "ppo",
}
"""Command of each stage."""


@dataclass(frozen=True, slots=True)
class RunFile:
    """Run file in the folder, with the run that it makes; both by their names in the folder."""

    file: str
    stage: str
    run: str


@final
class Processes:
    """Starts and stops the runs of a folder whose run files lie in it, too.

    A run file means what it means on the command line: its paths are relative to the directory in
    which the server was started.
    """

    def __init__(self, folder: RunsFolder, command: Sequence[str] | None = None) -> None:
        """`command` are the words before a stage's command; None is this very fledge."""
        self._folder = folder
        self._command = FLEDGE if command is None else tuple(command)
        self._started: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = Lock()

    def files(self) -> list[RunFile]:
        """List the run files of the folder that make a run in it."""
        return self.look()[0]

    def look(self) -> tuple[list[RunFile], list[Unread]]:
        """List the run files of the folder that make a run in it, and those that are damaged."""
        found: list[RunFile] = []
        damaged: list[Unread] = []
        for path in sorted(self._tomls()):
            try:
                described = self._described(path)
            except UNREADABLE as error:
                name = whole_text(self._folder.name_of(path))
                damaged.append(Unread(name, whole_text(f"This run file cannot be read: {error}")))
                continue
            if described is not None:
                found.append(described)
        return found, damaged

    def is_alive(self, run: str) -> bool:
        """Tell whether a process was started for a run and lives; it may not train yet."""
        with self._lock:
            process = self._started.get(run)
            return process is not None and process.poll() is None

    def has_failed(self, run: str) -> bool:
        """Tell whether a process was started for a run and ended with an error."""
        with self._lock:
            process = self._started.get(run)
            return process is not None and process.poll() not in (None, 0, Interrupted.exit_code)

    def start(self, file: str) -> RunFile:
        """Start a run, or resume it where it was saved.

        Raises:
            ConfigError: there is no such run file, its run is going on, or no process can be made.
        """
        described = next((each for each in self.files() if each.file == file), None)
        if described is None:
            raise ConfigError(
                f"{file}: no run file of the folder; expected a .toml with a [stage] whose output "
                "lies in the folder of runs"
            )
        output = self._folder.inside(described.run)
        with self._lock:
            process = self._started.get(described.run)
            if (process is not None and process.poll() is None) or trainer(output) is not None:
                raise ConfigError(f"{described.run} is already running; stop it first")
            try:
                self._started[described.run] = self._process(described, output)
            except OSError as error:
                raise ConfigError(f"{file} was not started: {error}") from error
        return described

    def stop(self, run: str) -> None:
        """Ask the process of a run to save after its step and to end.

        Raises:
            ConfigError: nobody trains it, its process is on another machine or cannot be told, or
                this system has no such signal.
        """
        process = trainer(self._folder.run(run))
        if process is None:
            raise ConfigError(f"{run} is not running")
        if not process.is_here:
            raise ConfigError(
                f"{run} is trained by {process}, which cannot be stopped from here; stop it where "
                "it was started"
            )
        if sys.platform == "win32":
            raise ConfigError("on Windows a run is stopped in its own window, with Ctrl-C")
        try:
            os.kill(process.number, signal.SIGTERM)
        except OSError as error:
            raise ConfigError(f"{run}: {process} takes no signal: {error.strerror}") from error

    def _process(self, described: RunFile, output: Path) -> "subprocess.Popen[bytes]":
        output.mkdir(parents=True, exist_ok=True)
        words = [
            *self._command,
            COMMANDS[described.stage],
            str(self._folder.inside(described.file)),
        ]
        process = start_process(words, output / LOG_FILE)
        if sys.platform != "win32":
            with suppress(OSError):  # it may have ended already
                os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
        return process

    def _tomls(self) -> list[Path]:
        found: list[Path] = []
        for place, inner, names in os.walk(self._folder.root, followlinks=False):
            depth = len(Path(place).relative_to(self._folder.root).parts)
            inner[:] = sorted(name for name in inner if depth < 3 and may_hold_runs(name))
            found += [
                Path(place) / name
                for name in names
                if name.endswith(".toml") and plain_file(Path(place), name) is not None
            ]
            if len(found) >= MOST_FILES:
                break
        return found[:MOST_FILES]

    def _described(self, path: Path) -> RunFile | None:
        """Describe a run file; None where it is none, or its output lies elsewhere.

        Raises:
            OSError, ValueError, RecursionError: it is no readable TOML, or its name no UTF-8.
        """
        path.name.encode("utf-8")
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        stage, output = _stage(values), values.get("output")
        if stage is None or not isinstance(output, str):
            return None
        place = self._folder.within(Path(output))
        if place is None:
            return None
        found = RunFile(self._folder.name_of(path), stage, self._folder.name_of(place))
        return found if whole_text(found.file + found.run) == found.file + found.run else None


def log_of(run: Path, most: int = 4_000) -> str:
    """Return the end of what a run's process said, at most `most` bytes; "" if it said nothing."""
    path = plain_file(run, LOG_FILE)
    if path is None:
        return ""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - most))
        return file.read().decode("utf-8", "replace")


def start_process(words: Sequence[str], log: Path) -> "subprocess.Popen[bytes]":
    """Start a process that outlives this one; its messages go to a new log.

    Raises:
        OSError: it cannot be started, or a link stands in place of the log.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(log, flags, 0o644), "wb") as file:
        if sys.platform == "win32":
            flags = subprocess.BELOW_NORMAL_PRIORITY_CLASS | subprocess.CREATE_NEW_PROCESS_GROUP
            return subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=file, stderr=file, creationflags=flags
            )
        return subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
        )


def _stage(values: Mapping[str, Any]) -> str | None:
    stage = values.get("stage")
    name = stage.get("name") if isinstance(stage, dict) else None
    return name if isinstance(name, str) and name in COMMANDS else None
