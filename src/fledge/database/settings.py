"""Server settings that change at run time: defaults for people, name and logo of the server."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import Field, ValidationError
from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from fledge.config import Config
from fledge.database.engine import Transactions
from fledge.database.tables import Json, Settings
from fledge.errors import DatabaseError

KEY = "server"
LOGO_KEY = "logo"

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
    server_name: str = Field("fledge", min_length=1, max_length=40)
    """Name of the server on its pages."""


@dataclass(frozen=True, slots=True)
class Logo:
    """Picture of the server: a PNG file."""

    content: bytes

    @property
    def version(self) -> str:
        """Return a short hash: another picture has another one."""
        return hashlib.sha256(self.content).hexdigest()[:16]


class SettingsStore:
    """Store of the settings: a row of JSON, and one for the logo."""

    def __init__(self, transactions: Transactions, clock: Callable[[], float]) -> None:
        self._transactions = transactions
        self._clock = clock

    def get(self) -> ServerSettings:
        """Return the stored settings, or the defaults.

        Raises:
            DatabaseError: the row is not one that this fledge writes.
        """
        with self._transactions.read() as connection:
            return _checked(connection.scalar(select(Settings.value).where(Settings.key == KEY)))

    def set(self, settings: ServerSettings) -> None:
        """Replace all settings."""
        self._put(KEY, settings.model_dump())

    def change(self, changed: Mapping[str, object]) -> ServerSettings:
        """Change the named settings and return all of them.

        Two owners who change others at the same moment, on whichever servers, lose nothing.

        Raises:
            DatabaseError: the row is not one that this fledge writes, or a value is wrong.
        """
        build = sqlite.insert if self._transactions.is_sqlite else postgresql.insert
        row = {"key": KEY, "value": {}, "updated_at": self._clock()}
        stored = select(Settings.value).where(Settings.key == KEY).with_for_update()
        with self._transactions.write() as connection:
            connection.execute(build(Settings).values(row).on_conflict_do_nothing())
            settings = _checked({**(connection.scalar(stored) or {}), **changed})
            values = {"value": settings.model_dump(), "updated_at": self._clock()}
            connection.execute(update(Settings).where(Settings.key == KEY).values(values))
        return settings

    def logo(self) -> Logo | None:
        """Return the logo, or None where the server has none."""
        with self._transactions.read() as connection:
            value = connection.scalar(select(Settings.value).where(Settings.key == LOGO_KEY))
        return None if value is None else Logo(base64.b64decode(str(value["png"])))

    def set_logo(self, logo: Logo | None) -> None:
        """Replace the logo, or remove it."""
        if logo is not None:
            self._put(LOGO_KEY, {"png": base64.b64encode(logo.content).decode()})
            return
        with self._transactions.write() as connection:
            connection.execute(delete(Settings).where(Settings.key == LOGO_KEY))

    def _put(self, key: str, value: Json) -> None:
        build = sqlite.insert if self._transactions.is_sqlite else postgresql.insert
        values = {"value": value, "updated_at": self._clock()}
        with self._transactions.write() as connection:
            connection.execute(
                build(Settings)
                .values(key=key, **values)
                .on_conflict_do_update(index_elements=["key"], set_=values)
            )


def _checked(value: Json | None) -> ServerSettings:
    """Return stored settings; no row is the defaults. Raises `DatabaseError`."""
    try:
        return ServerSettings.model_validate(value or {})
    except ValidationError as error:
        raise DatabaseError(f"the settings in the database cannot be read: {error}") from error
