"""Read a file of JSON lines bit by bit, while a run writes it."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MOST_BYTES = 4 * 2**20
"""Bytes of one reading."""
HALF = b"\\ud"
"""Beginning of the escape of a half of a surrogate pair, in lower case."""


@dataclass(frozen=True, slots=True)
class Place:
    """Place in a file: a byte of one version of it; resuming a run makes another version."""

    file: str = ""
    byte: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """Whole lines from one place to the next.

    `is_fresh` tells that they begin the file, so that earlier ones no longer hold. `is_last` tells
    that no whole line follows yet.
    """

    lines: list[Mapping[str, Any]]
    unreadable: int
    next: Place
    is_fresh: bool
    is_last: bool


def read_after(path: Path | None, after: Place, most: int = MOST_BYTES) -> Reading:
    """Read the lines after a place, at most `most` bytes of them, but at least one line.

    A last line without its end is left for the next reading, for the run may be writing it. Where
    the file is no longer the one of `after`, the reading begins anew.
    """
    if path is None:
        return Reading([], 0, Place(), is_fresh=after.byte > 0, is_last=True)
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        version = f"{status.st_dev:x}-{status.st_ino:x}"
        start = after.byte
        is_same = after.file == version and 0 < start <= status.st_size
        if is_same:
            file.seek(start - 1)
            is_same = file.read(1) == b"\n"
        if not is_same:
            file.seek(start := 0)
        content = file.read(most)
        is_last = len(content) < most
        if not is_last and b"\n" not in content:
            content += file.readline()
    content = content[: content.rfind(b"\n") + 1]
    lines, unreadable = parsed(content)
    place = Place(version, start + len(content))
    return Reading(lines, unreadable, place, is_fresh=start == 0, is_last=is_last)


def newest_lines(path: Path | None, most: int) -> list[Mapping[str, Any]]:
    """Read the lines within the last `most` bytes, or none without a file."""
    if path is None:
        return []
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        start = max(0, size - most)
        file.seek(start)
        content = file.read(most)
    if start:
        content = content.partition(b"\n")[2]
    return parsed(content[: content.rfind(b"\n") + 1])[0]


def parsed(content: bytes) -> tuple[list[Mapping[str, Any]], int]:
    """Parse lines, and count those that hold no JSON object."""
    lines: list[Mapping[str, Any]] = []
    unreadable = 0
    for line in content.split(b"\n")[:-1]:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            lines.append(whole(value) if HALF in line.lower() else value)
        else:
            unreadable += 1
    return lines, unreadable


def whole(values: dict[str, Any]) -> dict[str, Any]:
    """Replace halves of surrogate pairs in values of JSON by `?`, for no answer can hold them."""
    text = json.dumps(values, ensure_ascii=False)
    found: dict[str, Any] = json.loads(text.encode("utf-8", "replace"))
    return found


def whole_text(text: str) -> str:
    """Replace halves of surrogate pairs in a text by `?`; names of files may hold them, too."""
    return text.encode("utf-8", "replace").decode("utf-8")
