"""Common parts of all tables: names of constraints, ids, times, and JSON columns."""

import secrets
from collections.abc import Sequence

from sqlalchemy import JSON, Dialect, Double, MetaData, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

Json = dict[str, object]

ID_LENGTH = 32
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of all tables. Its constraints have names, so a migration can drop them.

    Times are seconds since 1970. Ids are texts from `new_id`.
    """

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy reads it from the class)
        float: Double(),
        Json: JSON().with_variant(JSONB(), "postgresql"),
    }


class Strings(TypeDecorator[tuple[str, ...]]):
    """Column of a tuple of texts, stored as a JSON list."""

    impl = JSON().with_variant(JSONB(), "postgresql")
    cache_ok = True

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> list[str] | None:
        return None if value is None else list(value)

    def process_result_value(
        self, value: list[str] | None, dialect: Dialect
    ) -> tuple[str, ...] | None:
        return None if value is None else tuple(value)


class StringGroups(TypeDecorator[tuple[tuple[str, ...], ...]]):
    """Column of ordered groups of texts, stored as JSON lists."""

    impl = JSON().with_variant(JSONB(), "postgresql")
    cache_ok = True

    def process_bind_param(
        self, value: Sequence[Sequence[str]] | None, dialect: Dialect
    ) -> list[list[str]] | None:
        return None if value is None else [list(group) for group in value]

    def process_result_value(
        self, value: list[list[str]] | None, dialect: Dialect
    ) -> tuple[tuple[str, ...], ...] | None:
        return None if value is None else tuple(tuple(group) for group in value)


Id = String(ID_LENGTH)


def new_id(now: float) -> str:
    """Return 32 hexadecimal digits that sort by time: 48 bits of milliseconds, 80 random bits."""
    return f"{int(now * 1000):012x}{secrets.token_hex(10)}"
