"""`samples.jsonl` of a run: answers to the same few prompts as training goes on."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import final

from fledge.train.lines_file import LinesFile

SAMPLES_FILE = "samples.jsonl"


@final
class SamplesFile:
    """Writes `samples.jsonl`, one line an answer, without gaps or repeats after an interruption."""

    def __init__(self, output: Path, steps_done: int) -> None:
        """Drop the lines of steps that will run again; before the first step, drop all."""
        self._path = output / SAMPLES_FILE
        self._steps_done = steps_done or -1
        self._lines: LinesFile | None = None
        if self._path.exists():
            self._lines = LinesFile(self._path, self._steps_done)

    def has(self, step: int) -> bool:
        """Tell whether the samples of a step are written."""
        return self._lines is not None and step in self._lines.steps

    def write(self, step: int, samples: Sequence[Mapping[str, object]]) -> None:
        """Append the samples of a step; nothing if there are none.

        Raises:
            TrainingError: the disk is full; the message names the checkpoint that is saved.
        """
        if not samples:
            return
        if self._lines is None:
            self._lines = LinesFile(self._path, self._steps_done)
        self._lines.write(step, samples)

    def close(self) -> None:
        """Close the file."""
        if self._lines is not None:
            self._lines.close()
