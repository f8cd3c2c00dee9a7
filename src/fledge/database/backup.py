"""Backups of a database in use, and their restoration. A backup is always a SQLite file.

SQLite copies itself page by page (its online backup). PostgreSQL is read table by table in one
snapshot. A backup therefore also moves a server from one database to the other.
"""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from alembic.runtime.migration import MigrationContext
from sqlalchemy import URL, Connection, Table, func, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError

from fledge.database.engine import Transactions, connect, make_private, parse_url
from fledge.database.migrate import locked, migrate, newest
from fledge.database.tables import Base
from fledge.errors import ConfigError, DatabaseError, DatabaseUnavailable, DataError
from fledge.files import explained, whole_file

ROWS_AT_ONCE = 500


def backup(database: str | Path, file: Path) -> int:
    """Copy a database to a new file, whole or not at all; return the number of rows.

    Raises:
        ConfigError: the file exists, or the database does not.
        DataError: the database is another kind of file.
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
            copy_file(Path(url.database or ""), part)
        else:
            migrate(parse_url(part))
            source = connect(url)
            target = connect(parse_url(part))
            try:
                with Transactions(source).read() as here, Transactions(target).write() as there:
                    require_current(here)
                    copy_rows(here, there)
            finally:
                source.dispose()
                target.dispose()
        return count_rows(part)


def restore(file: Path, database: str | Path) -> int:
    """Fill an empty database from a backup; return the number of rows.

    Raises:
        ConfigError: the file does not exist, or the database has people in it.
        DataError: the file is not a backup.
        DatabaseUnavailable: the database does not answer.
    """
    if not file.is_file():
        raise ConfigError(f"{file}: no such file; `fledge backup` writes one")
    require_backup(file)
    url = parse_url(database)
    migrate(url)
    with copied(file) as source_file:
        migrate(parse_url(source_file))
        source, target = connect(parse_url(source_file)), connect(url, foreign_keys=False)
        try:
            with Transactions(source).read() as here, locked(Transactions(target)) as there:
                require_empty(there, url)
                copy_rows(here, there)
        finally:
            source.dispose()
            target.dispose()
        return count_rows(source_file)


def copy_rows(source: Connection, target: Connection) -> None:
    """Copy all rows of all tables, parents before children, in the order of their ids."""
    for table in Base.metadata.sorted_tables:
        order = [column for column in table.primary_key]
        rows = source.execution_options(stream_results=True).execute(select(table).order_by(*order))
        for part in rows.mappings().partitions(ROWS_AT_ONCE):
            target.execute(insert(table), [dict(row) for row in part])
        advance_numbers(target, table)


def advance_numbers(connection: Connection, table: Table) -> None:
    """Set PostgreSQL's sequence to the largest number; SQLite continues by itself."""
    (key, *others) = table.primary_key.columns
    if connection.dialect.name != "postgresql" or others or key.type.python_type is not int:
        return
    largest = connection.scalar(select(func.max(key)))
    if largest is not None:
        sequence = func.pg_get_serial_sequence(table.name, key.name)
        connection.execute(select(func.setval(sequence, largest)))


def copy_file(source: Path, target: Path) -> None:
    """Copy a SQLite file with its online backup, while others read and write.

    One step copies all pages of one moment. Between two steps a write would start the backup anew:
    on a busy server it would never end.
    """
    make_private(target)
    try:
        with closing(read_only(source)) as here, closing(sqlite3.connect(target)) as there:
            here.backup(there)
    except sqlite3.OperationalError as error:
        raise DatabaseUnavailable(f"{source} cannot be copied to {target}: {error}") from error
    except sqlite3.DatabaseError as error:
        raise DataError(f"{source} is not a database of fledge: {error}") from error


def read_only(file: Path) -> sqlite3.Connection:
    """Open a SQLite file for reading. Percent-encoding keeps "?", "#" and "%" in its name."""
    return sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True)


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
            with closing(sqlite3.connect(part)) as connection:
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


def remove_database(file: Path) -> None:
    """Remove a SQLite file and the files that SQLite keeps beside it."""
    file.unlink(missing_ok=True)
    remove_logs(file)


def remove_logs(file: Path) -> None:
    """Remove the files that SQLite keeps beside a database."""
    for end in ("-wal", "-shm", "-journal"):
        file.with_name(file.name + end).unlink(missing_ok=True)


def count_rows(file: Path) -> int:
    """Count the rows of all tables of fledge in a file; older files lack some tables."""
    engine = connect(parse_url(file))
    there = inspect(engine).get_table_names()
    with engine.connect() as connection:
        counts = [
            connection.scalar(select(func.count()).select_from(table))
            for table in Base.metadata.sorted_tables
            if table.name in there
        ]
    engine.dispose()
    return sum(count or 0 for count in counts)


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


def require_backup(file: Path) -> None:
    """Raise `DataError` unless the file is an undamaged database of fledge."""
    try:
        with closing(read_only(file)) as connection:
            connection.execute("SELECT version_num FROM alembic_version").fetchone()
            (state,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        raise DataError(f"{file} is not a backup of fledge: {error}") from error
    if state != "ok":
        raise DataError(f"{file} is damaged: {state}; take an older backup")


def require_empty(connection: Connection, url: URL) -> None:
    """Raise `ConfigError` if the database has people: two servers must not mix."""
    if connection.scalar(text("SELECT count(*) FROM accounts")):
        raise ConfigError(
            f"{url.render_as_string()} has people in it; restore into a new database, "
            "and start the server with that"
        )
