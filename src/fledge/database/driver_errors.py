"""Errors of the drivers, translated into our own."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    StatementError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from fledge.database.stored_text import TextRefused
from fledge.errors import Conflict, DatabaseError, DatabaseUnavailable, NotFound

WRITTEN_AT_ONCE = "another request wrote the same at this moment; try again"
CROSSED = ("40P01", "40001")
"""SQLSTATEs of two transactions that waited for each other, or could not follow each other."""


@contextmanager
def answering() -> Iterator[None]:
    """Translate errors of the driver.

    Raises:
        DatabaseUnavailable: the connection is lost, the disk full, or a lock or every connection
            held by others for too long.
        TextRefused: a text has a character that no database keeps.
        NotFound: something that the row belongs to was erased at the same moment.
        Conflict: another transaction wrote the same row first.
        DatabaseError: PostgreSQL refuses a value, such as a text longer than its column.
    """
    try:
        yield
    except UnicodeEncodeError as error:
        raise TextRefused from error
    except DataError as error:
        raise DatabaseError(
            f"the database does not keep this text: {first_line(error)}; shorten or correct it"
        ) from error
    except IntegrityError as error:
        if is_foreign_key(error):
            raise NotFound("this belongs to something that was just erased") from error
        raise Conflict(WRITTEN_AT_ONCE) from error
    except PoolTimeout as error:
        raise unavailable("all its connections are in use") from error
    except (OperationalError, InterfaceError) as error:
        if state_of(error) in CROSSED:
            raise Conflict(WRITTEN_AT_ONCE) from error
        raise unavailable(first_line(error)) from error
    except StatementError as error:
        if isinstance(error.orig, DatabaseError):  # our own, of a value on its way to the driver
            raise error.orig from error
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise unavailable(first_line(error)) from error
        raise


def is_foreign_key(error: IntegrityError) -> bool:
    """Return whether a row names one that is not there; other causes are rows that exist twice."""
    return state_of(error) in ("SQLITE_CONSTRAINT_FOREIGNKEY", "23503")


def state_of(error: DBAPIError) -> str:
    """Return the driver's name of an error: SQLite's, or the SQLSTATE of PostgreSQL."""
    driver = error.orig
    if driver is None:
        return ""
    names = {**vars(type(driver)), **vars(driver)}
    return str(names.get("sqlite_errorname") or names.get("sqlstate") or "")


def first_line(error: DBAPIError) -> str:
    """Return the first line of the driver's message, without the statement and its values."""
    return str(error.orig).strip().partition("\n")[0]


def unavailable(reason: str) -> DatabaseUnavailable:
    """Build the error of a database that may answer in a moment."""
    return DatabaseUnavailable(f"the database does not answer: {reason}; try again in a moment")
