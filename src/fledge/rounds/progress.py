"""Progress of a round in a file that a page can read: its phase, its process, its end."""

import os
from contextlib import suppress
from types import TracebackType
from typing import Literal, final

from fledge.checkpoint.promotions import now
from fledge.config import Config
from fledge.errors import FledgeError, Interrupted, WriteError
from fledge.rounds.files import RoundFiles, read_json, write_json

Phase = Literal["data", "sft", "reward", "judge", "reward report", "ppo", "comparison", "gate"]
PHASES: tuple[Phase, ...] = (
    "data",
    "sft",
    "reward",
    "judge",
    "reward report",
    "ppo",
    "comparison",
    "gate",
)
State = Literal["running", "stopped", "failed", "done"]


class RoundProgress(Config):
    """State of a round: its `progress.json`."""

    state: State
    phase: Phase
    phases: tuple[Phase, ...] = PHASES
    process: int
    """Number of the process that wrote this. One that was killed left "running" behind: its lock
    is open."""
    message: str = ""
    """Reason of the end, if the round stopped or failed."""
    at: str


def write_progress(files: RoundFiles, phase: Phase, state: State, message: str = "") -> None:
    """Note the phase.

    Raises:
        WriteError: the disk is full or not writable.
    """
    write_json(
        files.progress,
        RoundProgress(state=state, phase=phase, process=os.getpid(), message=message, at=now()),
    )


@final
class EarlyEnd:
    """Notes why a round ended early, where an error leaves its block; the error goes on."""

    def __init__(self, files: RoundFiles) -> None:
        self.files = files

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Note the reason; a full disk must not hide it."""
        if error is None or not self.files.progress.is_file():
            return
        phase = read_progress(self.files).phase
        stopped = isinstance(error, Interrupted | KeyboardInterrupt)
        name = type(error).__name__
        message = str(error) if isinstance(error, FledgeError) else f"{name}: {error}"
        with suppress(WriteError):
            write_progress(self.files, phase, "stopped" if stopped else "failed", message)


def read_progress(files: RoundFiles) -> RoundProgress:
    """Return what was noted last.

    Raises:
        CheckpointError: the file is missing or damaged.
    """
    return read_json(files.progress, RoundProgress)
