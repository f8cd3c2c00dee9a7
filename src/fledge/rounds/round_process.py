"""Process of a round: started beside the server with low priority, and stopped by a signal."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import final

from fledge.errors import ConfigError, Interrupted
from fledge.observe.processes import FLEDGE, start_process
from fledge.process_lock import holder
from fledge.rounds.lock import FILE_NAME

LOG_FILE = "started.log"
"""Messages of a round that was started from the page, in the place."""
LONGEST_LOG = 4_000


@final
class RoundProcess:
    """Starts `fledge improve` for one place; the process outlives this one."""

    def __init__(self, place: Path, command: Sequence[str] = FLEDGE) -> None:
        """`command` are the words before `improve`."""
        self._place = place
        self._command = tuple(command)
        self._started: subprocess.Popen[bytes] | None = None
        self._lock = Lock()

    @property
    def is_there(self) -> bool:
        """Whether a round works on the place, or is about to."""
        return self._is_alive or holder(self._place / FILE_NAME) is not None

    @property
    def _is_alive(self) -> bool:
        return self._started is not None and self._started.poll() is None

    def start(self, data: Sequence[Path]) -> None:
        """Start a round with files of records, or without any go on.

        Raises:
            ConfigError: a round is running already, or no process can be made.
        """
        words = [*self._command, "improve", str(self._place)]
        for path in data:
            words += ["--data", str(path)]
        with self._lock:
            if self.is_there:
                raise ConfigError(
                    "a round is already running here; wait until it ends, or stop it: it goes on "
                    "where it stopped"
                )
            try:
                # `fledge improve` lowers its own priority.
                self._started = start_process(words, self._place / LOG_FILE)
            except OSError as error:
                raise ConfigError(f"the round was not started: {error}") from error

    def stop(self) -> None:
        """Ask the process to save and to end.

        Raises:
            ConfigError: none is running, or it is on another machine.
        """
        process = holder(self._place / FILE_NAME)
        if process is None and self._started is not None and self._is_alive:
            self._started.terminate()
            return
        if process is None:
            raise ConfigError("no round is running")
        if process.number == os.getpid() and process.is_here:
            raise ConfigError("the round is being given up right now; reload the page")
        if not process.is_here:
            raise ConfigError(f"the round is run by {process}; stop it where it was started")
        if sys.platform == "win32":
            raise ConfigError("on Windows a round is stopped in its own window, with Ctrl-C")
        try:
            os.kill(process.number, signal.SIGTERM)
        except OSError as error:
            raise ConfigError(f"{process} could not be signalled: {error.strerror}") from error

    def said(self) -> str:
        """Return the last line of a process that was started here and failed; "" otherwise."""
        ended = None if self._started is None else self._started.poll()
        if ended in (None, 0, Interrupted.exit_code, -signal.SIGTERM):
            return ""
        path = self._place / LOG_FILE
        if not path.is_file():
            return "the round did not start"
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - LONGEST_LOG))
            lines = file.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1].removeprefix("error: ") if lines else "the round did not start"
