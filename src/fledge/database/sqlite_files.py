"""Files of SQLite: private to their user, opened by their exact names, checked, and removed."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from fledge.errors import DatabaseUnavailable, DataError


def read_only(file: Path) -> sqlite3.Connection:
    """Open a file for reading only.

    Only a URI can ask for this. Percent-encoding keeps "?", "#", "%" and bytes that are not UTF-8
    in its path.
    """
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)


def opened(file: Path) -> sqlite3.Connection:
    """Open a file for writing. An absolute path is never read as ":memory:" or as a URI."""
    return sqlite3.connect(file.absolute())


def make_private(path: Path) -> None:
    """Create an empty file that only its owner may read, unless the file exists.

    SQLite gives the same rights to the files it keeps beside it. A failure is ignored: SQLite
    reports the reason when it opens the file.
    """
    with suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def copy_file(source: Path, target: Path) -> dict[str, int]:
    """Copy a database with SQLite's online backup, while others read and write.

    Return the rows of each table of the state that was copied. One step copies all pages of one
    moment. Between two steps a write would start the backup anew: on a busy server it would never
    end.

    Raises:
        DatabaseUnavailable: the source is locked, or the target cannot be written.
        DataError: the source is no database.
    """
    make_private(target)
    try:
        with closing(read_only(source)) as here, closing(opened(target)) as there:
            here.isolation_level = None
            here.execute("BEGIN")  # the count and the copy see the same state
            counted = rows_of_tables(here)
            here.backup(there)
            return counted
    except sqlite3.OperationalError as error:
        raise DatabaseUnavailable(f"{source} cannot be copied to {target}: {error}") from error
    except sqlite3.DatabaseError as error:
        raise DataError(f"{source} is not a database of fledge: {error}") from error


def rows_of_tables(connection: sqlite3.Connection) -> dict[str, int]:
    """Return the number of rows of each table, those of the search indices left out."""
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' "
        r"AND name NOT LIKE '%\_search%' ESCAPE '\' ORDER BY name"
    ).fetchall()
    counts = {}
    for (name,) in names:
        (counts[name],) = connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()
    return counts


def checked_rows(file: Path) -> dict[str, int]:
    """Return the number of rows of each table of an undamaged database of fledge.

    Raises:
        DataError: it is damaged, or something else.
    """
    try:
        with closing(read_only(file)) as connection:
            connection.execute("SELECT version_num FROM alembic_version").fetchone()
            (state,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            counted = rows_of_tables(connection)
    except sqlite3.DatabaseError as error:
        raise DataError(f"{file} is not a backup of fledge: {error}") from error
    if state != "ok":
        raise DataError(f"{file} is damaged: {state}; take an older backup")
    return counted


def remove_database(file: Path) -> None:
    """Remove a SQLite file and the files that SQLite keeps beside it."""
    file.unlink(missing_ok=True)
    remove_logs(file)


def remove_logs(file: Path) -> None:
    """Remove the files that SQLite keeps beside a database."""
    for end in ("-wal", "-shm", "-journal"):
        file.with_name(file.name + end).unlink(missing_ok=True)
