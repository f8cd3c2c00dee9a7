"""Rows as frozen records: the fields of a record name its columns."""

from dataclasses import fields
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Connection, Executable, Select, inspect, select
from sqlalchemy.orm import InstrumentedAttribute

from fledge.database.tables import (
    Accounts,
    Base,
    Conversations,
    Preferences,
    Ratings,
    WrittenAnswers,
)

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Record = TypeVar("Record", bound=DataclassInstance)
else:
    Record = TypeVar("Record")


def selected(table: type[Base], record: type[Record]) -> "Select[*tuple[object, ...]]":
    """Select the columns named like the record's fields."""
    attributes = inspect(table).column_attrs
    return select(*(attributes[field.name].class_attribute for field in fields(record)))


def oldest_first(
    table: "type[Accounts | Conversations | Preferences | Ratings | WrittenAnswers]",
) -> tuple[InstrumentedAttribute[float], InstrumentedAttribute[str]]:
    """Return the columns to order by. Ids alone do not tell rows of one millisecond apart."""
    return table.created_at, table.id


def every(connection: Connection, query: Executable, record: type[Record]) -> list[Record]:
    """Return the rows as records, in the query's order."""
    return [record(**row) for row in connection.execute(query).mappings()]


def first(connection: Connection, query: Executable, record: type[Record]) -> Record | None:
    """Return the first row as a record, or None."""
    row = connection.execute(query).mappings().first()
    return None if row is None else record(**row)


def values_of(record: "DataclassInstance") -> dict[str, object]:
    """Return the record's fields as the values of a row; nested values are not copied."""
    return {field.name: getattr(record, field.name) for field in fields(record)}
