"""Settings of the server, in memory because every request needs them."""

import logging
import time
from collections.abc import Callable, Mapping

from fledge.database import Logo, ServerSettings, SettingsStore
from fledge.errors import DatabaseError

logger = logging.getLogger(__name__)

FRESH_SECONDS = 1.0
"""Seconds after which another server's changes are read."""


class LiveSettings:
    """Read the settings once a second at most, and write each change through to the database."""

    def __init__(self, store: SettingsStore, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds from any start."""
        self._store = store
        self._clock = clock
        self._current = store.get()
        self._logo = store.logo()
        self._read_at = clock()

    @property
    def current(self) -> ServerSettings:
        """Settings that hold now; while the database is away, those that were read last."""
        self.refresh()
        return self._current

    @property
    def logo(self) -> Logo | None:
        """Logo that is shown now."""
        self.refresh()
        return self._logo

    @property
    def name_and_logo(self) -> tuple[str, Logo | None]:
        """Name and logo that were read last; asks no database, so the event loop may ask."""
        return self._current.server_name, self._logo

    def change(self, changed: Mapping[str, object]) -> None:
        """Apply the named settings to everybody from now on; the others stay."""
        self._current = self._store.change(changed)

    def change_logo(self, logo: Logo | None) -> None:
        """Show everybody another logo, or none, from now on."""
        self._store.set_logo(logo)
        self._logo = logo

    def refresh(self) -> None:
        """Read the settings again, unless that was done in the last second."""
        now = self._clock()
        if now - self._read_at < FRESH_SECONDS:
            return
        self._read_at = now
        try:
            self._current, self._logo = self._store.get(), self._store.logo()
        except DatabaseError as error:
            logger.warning("the settings may be old: %s", error)
