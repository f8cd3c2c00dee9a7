"""`metrics.jsonl` of a run, which an interruption does not change."""

from collections.abc import Mapping
from pathlib import Path
from typing import final

from fledge.train.lines_file import LinesFile, read_lines


@final
class MetricsFile:
    """Writes `metrics.jsonl` as an uninterrupted run would.

    Each step has a line of numbers that includes `seconds`; each evaluation has one without it.
    """

    def __init__(self, path: Path, steps_done: int) -> None:
        """Open for appending; drop the lines of steps after `steps_done`, which will run again."""
        self._lines = LinesFile(path, steps_done)

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Append a line.

        Raises:
            TrainingError: the disk is full; the message names the checkpoint that is saved.
        """
        line = {"step": step, **values}
        self._lines.write(step, [{name: float(value) for name, value in line.items()}])

    def close(self) -> None:
        """Close the file."""
        self._lines.close()


def read_metrics(path: Path) -> list[dict[str, float]]:
    """Read the lines of a `metrics.jsonl`, without a last one that a killed process cut short."""
    return read_lines(path)
