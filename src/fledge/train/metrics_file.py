"""`metrics.jsonl` of a run, which an interruption does not change."""

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
    """Writes `metrics.jsonl` as an uninterrupted run would.

    Each step has a line of numbers that includes `seconds`; each evaluation has one without it.
    """

    def __init__(self, path: Path, steps_done: int) -> None:
        """Open for appending; drop the lines of steps after `steps_done`, which will run again."""
        lines = read_metrics(path) if path.exists() else []
        kept = [json.dumps(line) + "\n" for line in lines if line["step"] <= steps_done]
        write_text(path, "".join(kept))
        self._path = path
        # Unbuffered: after a failed write, no rest is left that `close` would fail to write.
        self._file = path.open("ab", buffering=0)

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Append a line.

        Raises:
            TrainingError: the disk is full; the message names the checkpoint that is saved.
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
            "no checkpoint is saved yet, so the run starts over"
            if checkpoint is None
            else f"{checkpoint} is untouched, and the run resumes from it"
        )
        return (
            f"{self._path}: cannot be written: {error.strerror}. Free some space and run the same "
            f"command again: {saved}"
        )


def read_metrics(path: Path) -> list[dict[str, float]]:
    """Read the lines of a `metrics.jsonl`, without a last one that a killed process cut short."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]
