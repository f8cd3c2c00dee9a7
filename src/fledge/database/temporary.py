"""Temporary database: for tests, and for servers that keep nothing."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from fledge.database.store import Database, open_database


class TemporaryDatabase(Database):
    """SQLite file in a folder of its own; `close` removes both."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="fledge-", ignore_cleanup_errors=True)
        opened = open_database(Path(self._folder.name) / "fledge.db", clock)
        super().__init__(opened.transactions, clock)

    def close(self) -> None:
        super().close()
        self._folder.cleanup()
