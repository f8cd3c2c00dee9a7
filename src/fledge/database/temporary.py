"""A database that ends with its server: for tests, and where nothing is to be kept."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from fledge.database.store import Database, open_database


class TemporaryDatabase(Database):
    """A file of SQLite in a folder of its own, which is removed when it is closed."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="fledge-", ignore_cleanup_errors=True)
        opened = open_database(Path(self._folder.name) / "fledge.db", clock)
        super().__init__(opened.transactions, clock)

    def close(self) -> None:
        super().close()
        self._folder.cleanup()
