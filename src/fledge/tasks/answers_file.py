"""File of sampled answers, which a killed process leaves without holes and without repetitions."""

import errno
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar, final

from pydantic import ValidationError

from fledge.errors import ConfigError, DataError
from fledge.files import explained
from fledge.tasks.prompts import Asked
from fledge.tasks.records import AnsweredPrompt, SamplingPlan

WHAT = "file of answers"
Record = TypeVar("Record", SamplingPlan, AnsweredPrompt)


@final
class AnswersFile:
    """The plan in its first line, then one answered prompt a line, in the order of the prompts.

    A last line that a killed process cut short is dropped, and its prompt is asked again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def begin(self, plan: SamplingPlan, prompts: Sequence[Asked]) -> list[AnsweredPrompt]:
        """Return what was answered before; write the plan into a new file.

        Raises:
            ConfigError: the file was begun with another plan, or with other prompts.
            DataError: a line is damaged.
            WriteError: the file cannot be written.
        """
        with explained(self.path, WHAT):
            content = self.path.read_bytes() if self.path.is_file() else b""
        whole = content[: content.rfind(b"\n") + 1]
        first = plan.model_dump_json() + "\n"
        if not whole:
            self._require_begun(content, first)
            self._cut(0)
            self._append(first)
            return []
        lines = whole.decode("utf-8", errors="replace").split("\n")[:-1]
        self._require_plan(lines[0], plan)
        answered = list(self._read(lines[1:]))
        self._require_prompts(answered, prompts)
        self._cut(len(whole))
        return answered

    def write(self, answered: Sequence[AnsweredPrompt]) -> None:
        """Append answered prompts, which are then on the disk.

        Raises:
            WriteError: the disk is full.
        """
        self._append("".join(each.model_dump_json() + "\n" for each in answered))

    def _append(self, text: str) -> None:
        content = text.encode("utf-8")
        with explained(self.path, WHAT), self.path.open("ab", buffering=0) as file:
            if file.write(content) < len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file.fileno())

    def _cut(self, length: int) -> None:
        """Drop what is behind `length` bytes: a line that was not written to its end."""
        with explained(self.path, WHAT):
            if self.path.is_file() and self.path.stat().st_size > length:
                os.truncate(self.path, length)

    def _require_begun(self, content: bytes, first: str) -> None:
        """Check that a file without a whole line is the beginning of this plan's, or empty."""
        if not first.encode("utf-8").startswith(content):
            raise DataError(
                f"{self.path}:1: expected the first line of an earlier `fledge sample` with these "
                "options, found another; delete the file to sample anew, or name another --output"
            )

    def _require_plan(self, line: str, plan: SamplingPlan) -> None:
        before = self._parsed(SamplingPlan, line, 1).model_dump(mode="json")
        now = plan.model_dump(mode="json")
        changed = [name for name in now if now[name] != before[name]]
        if changed:
            name = changed[0]
            raise ConfigError(
                f"{self.path}: begun with {name} {before[name]}, not {now[name]}; give the same "
                "options to go on, or name another --output"
            )

    def _read(self, lines: Sequence[str]) -> Iterator[AnsweredPrompt]:
        for number, line in enumerate(lines, start=2):
            yield self._parsed(AnsweredPrompt, line, number)

    def _parsed(self, kind: type[Record], line: str, number: int) -> Record:
        try:
            return kind.model_validate_json(line)
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]["msg"]
            raise DataError(
                f"{self.path}:{number}: expected a line of an earlier `fledge sample`, found "
                f"another ({problem}); delete the file to sample anew, or name another --output"
            ) from error

    def _require_prompts(
        self, answered: Sequence[AnsweredPrompt], prompts: Sequence[Asked]
    ) -> None:
        for number, each in enumerate(answered):
            asked = prompts[number] if number < len(prompts) else None
            if asked is None or asked.id != each.id:
                found = "nothing" if asked is None else asked.source
                raise ConfigError(
                    f"{self.path}:{number + 2}: answers {each.source}, where the prompts now have "
                    f"{found}; give the same prompts to go on (more may follow them), or name "
                    "another --output"
                )
