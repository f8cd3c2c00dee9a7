"""Backups of a database in use, and their restoration. A backup is always a SQLite file.

SQLite copies itself page by page (its online backup). PostgreSQL is read table by table in one
snapshot. A backup therefore also moves a server from one database to the other.
"""

import errno
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from sqlalchemy import URL, Connection, String, Table, func, insert, select, text
from sqlalchemy.exc import DBAPIError

from fledge.database.engine import Transactions, connect, parse_url
from fledge.database.migrate import locked, migrate, newest
from fledge.database.sqlite_files import (
    checked_rows,
    copy_file,
    opened,
    remove_database,
    remove_logs,
)
from fledge.database.stored_text import mended
from fledge.database.tables import Base, Holdings, Servers, Windows
from fledge.errors import ConfigError, DatabaseError, DatabaseUnavailable, DataError
from fledge.files import explained, whole_file

ROWS_AT_ONCE = 500


def backup(database: str | Path, file: Path) -> int:
    """Copy a database to a new file, whole or not at all; return the number of rows.

    The copy is opened, checked and counted before it gets its name.

    Raises:
        ConfigError: the file exists, or the database does not.
        DataError: the database is another kind of file, or damaged.
        DatabaseError: a PostgreSQL database has the tables of another version of fledge.
        DatabaseUnavailable: the database does not answer.
        WriteError: the disk is full or not writable.
    """
    url = parse_url(database)
    if file.exists():
        raise ConfigError(f"{file} already exists; name a new file")
    require_database(url)
    with written_whole(file) as part:
        if url.get_backend_name() == "sqlite":
            rows = copy_file(Path(url.database or ""), part)
        else:
            rows = copy_tables(url, part)
        found = checked_rows(part)
        require_same(rows, {table: found.get(table, 0) for table in rows}, "backup")
    return sum(rows.get(table.name, 0) for table in lasting_tables())


def copy_tables(url: URL, file: Path) -> dict[str, int]:
    """Copy the tables of PostgreSQL, in one snapshot, into a new file; return their rows."""
    migrate(parse_url(file))
    source, target = connect(url), connect(parse_url(file))
    try:
        with Transactions(source).read() as here, Transactions(target).write() as there:
            require_current(here)
            copy_rows(here, there)
            return count_rows(here)
    finally:
        source.dispose()
        target.dispose()


def restore(file: Path, database: str | Path) -> int:
    """Fill an empty database from a backup; return the number of rows.

    The rows are counted again before they are kept.

    Raises:
        ConfigError: the file does not exist, or the database has people in it.
        DataError: the file is not a backup, or damaged.
        DatabaseUnavailable: the database does not answer.
    """
    if not file.is_file():
        raise ConfigError(f"{file}: no such file; `fledge backup` writes one")
    checked_rows(file)
    url = parse_url(database)
    migrate(url)
    with copied(file) as source_file:
        migrate(parse_url(source_file))
        source, target = connect(parse_url(source_file)), connect(url, foreign_keys=False)
        try:
            with Transactions(source).read() as here, locked(Transactions(target)) as there:
                require_empty(there, url)
                copy_rows(here, there)
                rows = count_rows(there)
                require_same(count_rows(here), rows, "restored database")
        finally:
            source.dispose()
            target.dispose()
    return sum(rows.values())


def lasting_tables() -> list[Table]:
    """Return the tables of people and chats: those of the running servers end with them."""
    passing = (Servers.__tablename__, Windows.__tablename__, Holdings.__tablename__)
    return [table for table in Base.metadata.sorted_tables if table.name not in passing]


def copy_rows(source: Connection, target: Connection) -> None:
    """Copy all rows of the lasting tables, parents before children, in the order of their ids.

    Rows that an older fledge wrote without the rule of `stored_text` follow it from now on.
    """
    for table in lasting_tables():
        order = [column for column in table.primary_key]
        rows = source.execution_options(stream_results=True).execute(select(table).order_by(*order))
        for part in rows.mappings().partitions(ROWS_AT_ONCE):
            target.execute(insert(table), [storable(table, dict(row)) for row in part])
        advance_numbers(target, table)


def storable(table: Table, row: Mapping[str, object]) -> dict[str, object]:
    """Return a row as either database keeps it: whole characters, texts that fit their columns.

    SQLite, unlike PostgreSQL, keeps texts that are longer than their column; their end is dropped.
    """
    fitting: dict[str, object] = {}
    for name, value in row.items():
        kept = mended(value) if isinstance(value, str | dict | list | tuple) else value
        kind = table.c[name].type
        if isinstance(kept, str) and isinstance(kind, String) and kind.length is not None:
            kept = kept[: kind.length]
        fitting[name] = kept
    return fitting


def advance_numbers(connection: Connection, table: Table) -> None:
    """Set PostgreSQL's sequence to the largest number; SQLite continues by itself."""
    (key, *others) = table.primary_key.columns
    if connection.dialect.name != "postgresql" or others or key.type.python_type is not int:
        return
    largest = connection.scalar(select(func.max(key)))
    if largest is not None:
        sequence = func.pg_get_serial_sequence(table.name, key.name)
        connection.execute(select(func.setval(sequence, largest)))


@contextmanager
def written_whole(file: Path) -> Iterator[Path]:
    """Give a database to fill, which becomes `file` when it is complete and on the disk.

    Raises:
        WriteError: the disk is full or not writable.
    """
    with whole_file(file, "backup") as part, explained(file, "backup"):
        remove_database(part)
        part.touch(mode=0o600)  # chats are private
        try:
            yield part
            with closing(opened(part)) as connection:
                connection.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
        except (sqlite3.OperationalError, DatabaseUnavailable) as error:
            if is_full(error):
                raise OSError(errno.ENOSPC, str(error)) from error
            raise
        finally:
            remove_logs(part)


def is_full(error: BaseException) -> bool:
    """Return True if SQLite found no more room on the disk."""
    cause = error.__cause__
    driver = cause.orig if isinstance(cause, DBAPIError) else cause or error
    return (
        isinstance(driver, sqlite3.OperationalError)
        and driver.sqlite_errorcode == sqlite3.SQLITE_FULL
    )


@contextmanager
def copied(file: Path) -> Iterator[Path]:
    """Copy a backup for migration; the backup itself never changes."""
    copy = file.with_name(f".{file.name}.restore")
    remove_database(copy)
    try:
        copy_file(file, copy)
        yield copy
    finally:
        remove_database(copy)


def count_rows(connection: Connection) -> dict[str, int]:
    """Return the number of rows of each lasting table."""
    return {
        table.name: connection.scalar(select(func.count()).select_from(table)) or 0
        for table in lasting_tables()
    }


def require_same(expected: Mapping[str, int], found: Mapping[str, int], copy: str) -> None:
    """Raise `DataError` unless each table of a copy has as many rows as the original."""
    for table, rows in expected.items():
        if found[table] != rows:
            raise DataError(
                f"the {copy} has {found[table]:,} rows in {table}, the original {rows:,}; nothing "
                "of it was kept: run the same command again"
            )


def require_current(connection: Connection) -> None:
    """Raise `DatabaseError` unless the tables have the revision that this program reads."""
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision != newest():
        raise DatabaseError(
            f"the database is at revision {revision}, this fledge reads {newest()}; back it up "
            "with the fledge that serves it"
        )


def require_database(url: URL) -> None:
    """Raise `ConfigError` if a SQLite file does not exist; SQLite would create an empty one."""
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise ConfigError(f"{url.database}: no such database")


def require_empty(connection: Connection, url: URL) -> None:
    """Raise `ConfigError` if the database has people: two servers must not mix."""
    if connection.scalar(text("SELECT count(*) FROM accounts")):
        raise ConfigError(
            f"{url.render_as_string()} has people in it; restore into a new database, "
            "and start the server with that"
        )
