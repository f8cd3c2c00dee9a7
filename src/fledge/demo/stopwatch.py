"""Wall time by stage, kept on disk so that a second call adds to it."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fledge.files import write_text


class Stopwatch:
    """Sums of seconds by name in a file; the time of interrupted calls counts, too."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        text = path.read_text(encoding="utf-8") if path.is_file() else "{}"
        self._seconds: dict[str, float] = json.loads(text)

    @contextmanager
    def measuring(self, name: str) -> Iterator[None]:
        """Add the time of the block to `name`."""
        start = self._clock()
        try:
            yield
        finally:
            spent = self._clock() - start
            self._seconds[name] = self._seconds.get(name, 0.0) + spent
            write_text(self._path, json.dumps(self._seconds))

    def seconds(self) -> dict[str, float]:
        """Return the seconds by name in the order of first use, then their `total`."""
        rounded = {name: round(value, 2) for name, value in self._seconds.items()}
        return {**rounded, "total": round(sum(self._seconds.values()), 2)}
