"""Settings of the server, in memory because every request needs them."""

from fledge.database import ServerSettings, SettingsStore


class LiveSettings:
    """Read the settings once, and write each change through to the database."""

    def __init__(self, store: SettingsStore) -> None:
        self._store = store
        self.current = store.get()

    def change(self, settings: ServerSettings) -> None:
        """Apply new settings to everybody from now on."""
        self._store.set(settings)
        self.current = settings
