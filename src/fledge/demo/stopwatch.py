"""Wall time and memory by stage, kept on disk for the next call."""

import gc
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fledge.files import write_text
from fledge.runtime.memory import make_room, peak_memory_bytes

MEMORY = "memory.json"
"""File beside that of the seconds."""


class Stopwatch:
    """Sums of seconds by name in a file; the time of interrupted calls counts, too.

    A file beside it keeps the most bytes that any process had held by the end of each: a process
    that goes on where another was stopped does not know how much that one took.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._seconds: dict[str, float] = _read(path)
        self._bytes: dict[str, int] = _read(path.with_name(MEMORY))

    @contextmanager
    def measuring(self, name: str) -> Iterator[None]:
        """Add the time of the block to `name`, and note the memory.

        Models of the block before are given up first: their memory would count to this one.
        """
        gc.collect()
        make_room()
        start = self._clock()
        try:
            yield
        finally:
            spent = self._clock() - start
            self._seconds[name] = self._seconds.get(name, 0.0) + spent
            write_text(self._path, json.dumps(self._seconds))
            if (held := peak_memory_bytes()) is not None:
                self._bytes[name] = max(held, self._bytes.get(name, 0))
                write_text(self._path.with_name(MEMORY), json.dumps(self._bytes))

    def seconds(self) -> dict[str, float]:
        """Return the seconds by name in the order of first use, then their `total`."""
        rounded = {name: round(value, 2) for name, value in self._seconds.items()}
        return {**rounded, "total": round(sum(self._seconds.values()), 2)}

    def peak_memory_bytes(self) -> int | None:
        """Return the most memory of all blocks; None where the system does not tell."""
        return max(self._bytes.values(), default=None)


def _read(path: Path) -> dict[str, Any]:
    text = path.read_text(encoding="utf-8") if path.is_file() else "{}"
    read: dict[str, Any] = json.loads(text)
    return read
