"""A file of JSON lines beside a run's checkpoints, which an interruption does not change."""

import errno
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

from fledge.checkpoint.directory import latest
from fledge.errors import TrainingError
from fledge.files import write_text


@final
class LinesFile:
    """Writes lines that each belong to a `step`, as an uninterrupted run would."""

    def __init__(self, path: Path, steps_done: int) -> None:
        """Open for appending; drop the lines of steps after `steps_done`, which will run again."""
        lines = read_lines(path) if path.exists() else []
        kept = [line for line in lines if line["step"] <= steps_done]
        write_text(path, "".join(map(_text, kept)))
        self.steps = {int(line["step"]) for line in kept}
        self._path = path
        # Unbuffered: after a failed write, no rest is left that `close` would fail to write.
        self._file = path.open("ab", buffering=0)

    def write(self, step: int, lines: Sequence[Mapping[str, object]]) -> None:
        """Append the lines of a step, all at once.

        Raises:
            TrainingError: the disk is full; the message names the checkpoint that is saved.
        """
        text = "".join(_text({"step": step, **line}) for line in lines)
        content = text.encode("utf-8")
        try:
            if self._file.write(content) < len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise TrainingError(self._explain(error)) from error
        self.steps.add(step)

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


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Read the lines of such a file, without a last one that a killed process cut short."""
    # Texts may hold other line separators of Unicode, at which `splitlines` would cut.
    lines = path.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines[:-1]]


def _text(line: Mapping[str, object]) -> str:
    return json.dumps(line, ensure_ascii=False) + "\n"
