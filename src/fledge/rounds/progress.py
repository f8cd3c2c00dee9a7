"""Progress of a round in a file that a page can read: its phase, its process, its end."""

import os
from contextlib import suppress
from typing import Literal

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


def write_end(files: RoundFiles, error: BaseException) -> None:
    """Note why a round ended early; a full disk must not hide the reason."""
    if not files.progress.is_file():
        return
    phase = read_progress(files).phase
    stopped = isinstance(error, Interrupted | KeyboardInterrupt)
    message = str(error) if isinstance(error, FledgeError) else f"{type(error).__name__}: {error}"
    with suppress(WriteError):
        write_progress(files, phase, "stopped" if stopped else "failed", message)


def read_progress(files: RoundFiles) -> RoundProgress:
    """Return what was noted last.

    Raises:
        CheckpointError: the file is missing or damaged.
    """
    return read_json(files.progress, RoundProgress)
