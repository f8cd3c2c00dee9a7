"""State of a run from the files that it leaves: running, finished, stopped or failed."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from fledge.checkpoint.json_files import read_json
from fledge.checkpoint.lineage import Lineage, read_lineage
from fledge.errors import CheckpointError
from fledge.observe.folder import Stamp, plain_checkpoint, plain_file, stamp_of
from fledge.observe.lines import newest_lines, whole
from fledge.observe.series import numbers_of, step_of
from fledge.train.presence import END_FILE, LOCK_FILE, read_end, trainer

State = Literal["running", "finished", "stopped", "failed"]
TAIL_BYTES = 32 * 2**10
RECENT_SECONDS = 120
"""Age of the last metrics up to which a run without a lock counts as running."""


@dataclass(frozen=True, slots=True)
class RunState:
    """Summary of a run. `changed` is in seconds since 1970, `process` is the one that trains it."""

    stage: str
    state: State
    message: str
    step: int | None
    steps: int | None
    last: Mapping[str, float]
    changed: float | None
    process: int | None


def state_of(run: Path, clock: float | None = None) -> RunState:
    """Read the summary of a run; a damaged file of it is told in the message.

    `clock` is the time now, in seconds since 1970.
    """
    now = time.time() if clock is None else clock
    metrics = plain_file(run, "metrics.jsonl")
    lines = newest_lines(metrics, TAIL_BYTES)
    lineage, damage = _newest_lineage(run)
    settings = settings_of(run)
    process = trainer(run) if plain_file(run, LOCK_FILE) else None
    changed = None if metrics is None else metrics.stat().st_mtime
    is_fresh = changed is not None and now - changed < RECENT_SECONDS
    has_no_lock = not (run / LOCK_FILE).exists()
    steps = _steps(settings)
    state, message = _ended(run, lineage, steps)
    if process is not None or (has_no_lock and is_fresh and state == "stopped"):
        state, message = "running", ""
    return RunState(
        stage=_stage(settings, lineage),
        state=state,
        message=damage or message,
        step=_newest_step(lines, lineage),
        steps=steps if steps is not None or lineage is None else lineage.steps,
        last=_last(lines),
        changed=changed,
        process=None if process is None else process.number,
    )


def stamp_of_state(run: Path) -> Stamp:
    """Return what changes when the state of a run that nobody trains changes."""
    return stamp_of(run, (".", "metrics.jsonl", "run.json", END_FILE))


def settings_of(run: Path) -> Mapping[str, Any]:
    """Read the resolved settings of a run; empty if it has none or they are damaged."""
    try:
        return whole(read_json(run / "run.json")) if plain_file(run, "run.json") else {}
    except CheckpointError:
        return {}


def _newest_lineage(run: Path) -> tuple[Lineage | None, str]:
    checkpoint = plain_checkpoint(run)
    if checkpoint is None:
        return None, ""
    try:
        return read_lineage(checkpoint), ""
    except CheckpointError as error:
        return None, str(error)


def _ended(run: Path, lineage: Lineage | None, steps: int | None) -> tuple[State, str]:
    """Tell how a run that nobody trains ended; one that was lengthened since is not finished."""
    end = read_end(run) if plain_file(run, END_FILE) else None
    if end is not None:
        return end.state, end.message
    if lineage is not None and lineage.finished and (steps is None or steps <= lineage.step):
        return "finished", ""
    if plain_file(run, LOCK_FILE) is None:
        return "stopped", ""
    return "stopped", "Its process ended without a word: it was killed, or the machine went down."


def _stage(settings: Mapping[str, Any], lineage: Lineage | None) -> str:
    stage = settings.get("stage")
    name = stage.get("name") if isinstance(stage, dict) else None
    return str(name or (lineage.stage if lineage is not None else "unknown"))


def _newest_step(lines: list[Mapping[str, Any]], lineage: Lineage | None) -> int | None:
    steps = [step for line in lines if (step := step_of(line)) is not None]
    if steps:
        return steps[-1]
    return None if lineage is None else lineage.step


def _steps(settings: Mapping[str, Any]) -> int | None:
    optimizer = settings.get("optimizer")
    steps = optimizer.get("steps") if isinstance(optimizer, dict) else None
    return steps if isinstance(steps, int) else None


def _last(lines: list[Mapping[str, Any]]) -> dict[str, float]:
    """Return the newest value of each metric."""
    found: dict[str, float] = {}
    for line in lines:
        found |= dict(numbers_of(line))
    return found
