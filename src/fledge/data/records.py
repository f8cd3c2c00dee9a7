"""A record with its place in a file, and the report of records that were left out."""

import difflib
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from fledge.errors import ConversationRefused, RecordError

logger = logging.getLogger(__name__)

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Located:
    """One record and its place in a file.

    `line` counts from 1: the line it starts on, or its number where the format has no lines.
    """

    path: Path
    line: int
    value: dict[str, object]
    read: set[str] = field(default_factory=set, compare=False, repr=False)
    """Names of the fields that a parser has asked for."""
    passed_over: set[str] = field(default_factory=set, compare=False, repr=False)
    """Unread fields of messages and ranked answers, such as `messages[].name`."""

    def take(self, name: str) -> object:
        """Return a field and count it as read; None if it is absent."""
        self.read.add(name)
        return self.value.get(name)

    def error(self, expected: str, found: str) -> RecordError:
        """Make the error that names this record's file and line."""
        return RecordError(self.path, self.line, expected, found)

    def refused(self, error: ConversationRefused) -> RecordError:
        """Make the error of a record that the chat template does not take."""
        return _refused(self.path, self.line, error)

    def present(self) -> dict[str, object]:
        """Return the fields that hold a value: None pads columns that other records use."""
        return {name: value for name, value in self.value.items() if value is not None}

    def describe(self, *wanted: str) -> str:
        """List the fields of this record, with the likely misspelling of a `wanted` one."""
        fields = self.present()
        names = ", ".join(fields) or "none"
        return f"the fields {names}{did_you_mean(fields, wanted)}"


@dataclass(frozen=True, slots=True)
class Placed(Generic[Item]):
    """A parsed record with its place, because some errors show only later."""

    item: Item
    path: Path
    line: int

    def error(self, expected: str, found: str) -> RecordError:
        """Make the error that names the record's file and line."""
        return RecordError(self.path, self.line, expected, found)

    def refused(self, error: ConversationRefused) -> RecordError:
        """Make the error of a record that the chat template does not take."""
        return _refused(self.path, self.line, error)


@dataclass(slots=True)
class Skipped:
    """Bad records that were left out, for the caller to count and print."""

    errors: list[RecordError] = field(default_factory=list)

    def add(self, error: RecordError) -> None:
        self.errors.append(error)

    def __len__(self) -> int:
        return len(self.errors)

    def summary(self, listed: int = 10) -> str:
        """Describe the count, then the first `listed` errors, one a line."""
        if not self.errors:
            return "no record skipped"
        noun = "record" if len(self.errors) == 1 else "records"
        lines = [f"{len(self.errors):,} bad {noun} skipped:"]
        lines += [f"  {error}" for error in self.errors[:listed]]
        if len(self.errors) > listed:
            lines.append(f"  … and {len(self.errors) - listed:,} more")
        return "\n".join(lines)


def warn_of_skipped(skipped: Skipped | None) -> None:
    """Log a warning that counts and lists the records left out; log nothing if there are none."""
    if skipped:
        logger.warning("%s", skipped.summary())


def refuse(error: RecordError, skipped: Skipped | None) -> None:
    """Raise a bad record's error, or note it where bad records are skipped."""
    if skipped is None:
        raise error
    skipped.add(error)


def shown(value: object) -> str:
    """Shorten a value for an error message."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def did_you_mean(found: Iterable[str], wanted: Iterable[str]) -> str:
    """Suggest each wanted name that is missing but nearly spelled; empty if there is none."""
    found = list(found)
    pairs = []
    for name in wanted:
        folded = {other.strip().lower(): other for other in found}
        close = difflib.get_close_matches(name, folded, n=1, cutoff=0.75)
        if close and folded[close[0]] != name:
            pairs.append(f"{name!r} for {folded[close[0]]!r}")
    return f" (did you mean {', '.join(dict.fromkeys(pairs))}?)" if pairs else ""


def _refused(path: Path, line: int, error: ConversationRefused) -> RecordError:
    roles = ", ".join(error.roles) or "none"
    found = f"one with the roles {roles}, which it refuses: {error.reason}"
    return RecordError(path, line, "a conversation that the chat template takes", found)
