"""The directory of a run as its files tell of it, while it trains or afterwards."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fledge.checkpoint.directory import latest, step_of
from fledge.checkpoint.lineage import read_lineage
from fledge.errors import CheckpointError
from fledge.runs.record import RUN_FILE, read_record
from fledge.runs.run import NOT_FINITE_FILE
from fledge.stages.doctor import Metrics
from fledge.train.lines_file import read_lines
from fledge.train.samples_file import SAMPLES_FILE

Samples = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """Settings, metrics and samples of one run, read once."""

    path: Path
    settings: Mapping[str, Any]
    steps: Sequence[Metrics]
    """Lines of optimiser steps."""
    evaluations: Sequence[Metrics]
    """Lines of measurements on held-out data."""
    samples: Samples
    total: int | None
    """Optimiser steps of the whole run; None before its first checkpoint if no settings say it."""
    finished: bool
    not_finite_step: int | None
    """Step whose loss was not finite, if that ended the run."""
    written: float
    """Time of the last line of metrics, in seconds since 1970; 0 before the first."""

    @property
    def stage(self) -> str:
        """Name of the stage."""
        return str(self.settings["stage"]["name"])

    @property
    def done(self) -> int:
        """Optimiser steps done."""
        return int(self.steps[-1]["step"]) if self.steps else 0

    def setting(self, dotted: str) -> object:
        """Return a setting by its dotted key; None if the run has no such."""
        value: object = self.settings
        for name in dotted.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        return value


def run_directories(path: Path) -> list[Path]:
    """Return the run that `path` names, by its output or a checkpoint, or those of a pipeline.

    Raises:
        CheckpointError: there is none; the message says what is expected.
    """
    if step_of(path) >= 0:
        path = path.parent
    if (path / RUN_FILE).is_file():
        return [path]
    inner = sorted(file.parent for file in path.glob(f"*/{RUN_FILE}"))
    if not inner:
        raise CheckpointError(
            f"{path}: no run here: expected {RUN_FILE} and metrics.jsonl, as every training "
            "command writes them into its output"
        )
    return inner


def read_run(path: Path) -> RunDirectory:
    """Read the files of a run, also while it writes them.

    Raises:
        CheckpointError: `run.json` is damaged, or a file holds what no run writes.
    """
    settings, _ = read_record(path)
    metrics = path / "metrics.jsonl"
    lines = _lines(metrics)
    checkpoint = latest(path)
    lineage = None if checkpoint is None else read_lineage(checkpoint)
    steps = [line for line in lines if "seconds" in line]
    done = int(steps[-1]["step"]) if steps else 0
    planned = settings.get("optimizer", {}).get("steps")
    finished = lineage is not None and lineage.finished and done <= lineage.step
    saved = None if lineage is None else lineage.steps
    return RunDirectory(
        path=path,
        settings=settings,
        steps=steps,
        evaluations=[line for line in lines if "seconds" not in line],
        samples=_lines(path / SAMPLES_FILE),
        total=saved if finished else planned or saved,
        finished=finished,
        not_finite_step=_not_finite_step(path / NOT_FINITE_FILE),
        written=metrics.stat().st_mtime if metrics.exists() else 0.0,
    )


def _lines(path: Path) -> list[dict[str, Any]]:
    try:
        return read_lines(path) if path.exists() else []
    except ValueError as error:
        raise CheckpointError(
            f"{path}: expected a JSON object a line, found something else ({error}); restore the "
            "file, or run the training again"
        ) from error


def _not_finite_step(path: Path) -> int | None:
    return int(json.loads(path.read_text(encoding="utf-8"))["step"]) if path.exists() else None
