"""Settings of the server, in memory because every request needs them."""

from fledge.database import Logo, ServerSettings, SettingsStore


class LiveSettings:
    """Read the settings once, and write each change through to the database."""

    def __init__(self, store: SettingsStore) -> None:
        self._store = store
        self.current = store.get()
        self.logo = store.logo()

    def change(self, settings: ServerSettings) -> None:
        """Apply new settings to everybody from now on."""
        self._store.set(settings)
        self.current = settings

    def change_logo(self, logo: Logo | None) -> None:
        """Show everybody another logo, or none, from now on."""
        self._store.set_logo(logo)
        self.logo = logo
