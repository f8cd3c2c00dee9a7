"""Server settings that change at run time: defaults for people without their own limits."""

from collections.abc import Callable
from typing import Literal

from pydantic import Field, ValidationError
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from fledge.config import Config
from fledge.database.engine import Transactions
from fledge.database.tables import Settings
from fledge.errors import DatabaseError

KEY = "server"

Audience = Literal["everyone", "people", "nobody"]


class ServerSettings(Config):
    """Settings of the admin page. A limit of None is no limit."""

    requests_per_minute: int | None = Field(60, ge=1)
    """Requests per minute of each person without a personal limit."""
    tokens_per_minute: int | None = Field(None, ge=1)
    """Tokens read and written per minute by each person without a personal limit."""
    concurrent_streams: int | None = Field(4, ge=1)
    """Answers being written at the same time for each person without a personal limit."""
    daily_tokens: int | None = Field(None, ge=1)
    """Tokens read and written per day (UTC) by each person without a personal limit."""
    allows_training: bool = True
    """Default for new people: their chats may train models until they object."""
    shared_links: Audience = "everyone"
    """Readers of shared chats: everyone with the link, people with an account, or nobody."""


class SettingsStore:
    """Store of the settings: one row of JSON."""

    def __init__(self, transactions: Transactions, clock: Callable[[], float]) -> None:
        self._transactions = transactions
        self._clock = clock

    def get(self) -> ServerSettings:
        """Return the stored settings, or the defaults.

        Raises:
            DatabaseError: the row is not one that this fledge writes.
        """
        with self._transactions.read() as connection:
            value = connection.scalar(select(Settings.value).where(Settings.key == KEY))
        try:
            return ServerSettings.model_validate(value or {})
        except ValidationError as error:
            raise DatabaseError(f"the settings in the database cannot be read: {error}") from error

    def set(self, settings: ServerSettings) -> None:
        """Replace all settings."""
        build = sqlite.insert if self._transactions.is_sqlite else postgresql.insert
        values = {"value": settings.model_dump(), "updated_at": self._clock()}
        with self._transactions.write() as connection:
            connection.execute(
                build(Settings)
                .values(key=KEY, **values)
                .on_conflict_do_update(index_elements=["key"], set_=values)
            )
