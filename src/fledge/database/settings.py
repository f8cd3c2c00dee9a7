"""Settings that are changed while the server runs: the defaults for people without their own."""

from collections.abc import Callable

from pydantic import Field, ValidationError
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from fledge.config import Config
from fledge.database.engine import Transactions
from fledge.database.tables import Settings
from fledge.errors import DatabaseError

KEY = "server"


class ServerSettings(Config):
    """What an owner sets on the admin page; a limit of None is no limit."""

    requests_per_minute: int | None = Field(60, ge=1)
    """Of every person who has no limit of their own."""
    tokens_per_minute: int | None = Field(None, ge=1)
    """Read and written, likewise."""
    concurrent_streams: int | None = Field(4, ge=1)
    """Answers being written at a time, likewise."""
    daily_tokens: int | None = Field(None, ge=1)
    """Read and written in a day (UTC), likewise."""
    allows_training: bool = True
    """Whether the chats of new people may train models until they say otherwise."""


class SettingsStore:
    """One row of JSON."""

    def __init__(self, transactions: Transactions, clock: Callable[[], float]) -> None:
        self._transactions = transactions
        self._clock = clock

    def get(self) -> ServerSettings:
        """What is set, or the defaults.

        Raises:
            DatabaseError: the row is not what this fledge writes.
        """
        with self._transactions.read() as connection:
            value = connection.scalar(select(Settings.value).where(Settings.key == KEY))
        try:
            return ServerSettings.model_validate(value or {})
        except ValidationError as error:
            raise DatabaseError(f"the settings in the database cannot be read: {error}") from error

    def set(self, settings: ServerSettings) -> None:
        """Write all of them."""
        build = sqlite.insert if self._transactions.is_sqlite else postgresql.insert
        values = {"value": settings.model_dump(), "updated_at": self._clock()}
        with self._transactions.write() as connection:
            connection.execute(
                build(Settings)
                .values(key=KEY, **values)
                .on_conflict_do_update(index_elements=["key"], set_=values)
            )
