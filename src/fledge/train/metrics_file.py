"""`metrics.jsonl`: every run has one, and what it holds does not depend on interruptions."""

import errno
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import final

from fledge.checkpoint.directory import latest
from fledge.errors import TrainingError
from fledge.files import write_text


@final
class MetricsFile:
    """`metrics.jsonl` as an uninterrupted run writes it: a line of numbers for each step, one with
    `seconds`, and one for each evaluation, without."""

    def __init__(self, path: Path, steps_done: int) -> None:
        """Open for appending; lines of steps after `steps_done` will be written anew, so go."""
        lines = read_metrics(path) if path.exists() else []
        kept = [json.dumps(line) + "\n" for line in lines if line["step"] <= steps_done]
        write_text(path, "".join(kept))
        self._path = path
        # Unbuffered: nothing that could not be written waits for `close` to fail again.
        self._file = path.open("ab", buffering=0)

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Append a line.

        Raises:
            TrainingError: the disk is full; the message says what is saved.
        """
        line = {"step": step, **values}
        text = json.dumps({name: float(value) for name, value in line.items()}) + "\n"
        content = text.encode("utf-8")
        try:
            if self._file.write(content) < len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise TrainingError(self._explain(error)) from error

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _explain(self, error: OSError) -> str:
        checkpoint = latest(self._path.parent)
        saved = (
            "no checkpoint was saved yet, so it begins anew"
            if checkpoint is None
            else f"{checkpoint} is saved and untouched, and it goes on from there"
        )
        return (
            f"{self._path}: cannot be written: {error.strerror}. Free some space and run the same "
            f"command again: {saved}"
        )


def read_metrics(path: Path) -> list[dict[str, float]]:
    """The lines of a `metrics.jsonl`; one cut short by a killed process is left out."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]
