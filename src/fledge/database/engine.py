"""Connections to SQLite or PostgreSQL: engine, short transactions, translated errors."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    InterfaceError,
    OperationalError,
)
from sqlalchemy.pool import ConnectionPoolEntry

from fledge.errors import ConfigError, DatabaseError, DatabaseUnavailable

BUSY_MILLISECONDS = 5_000
CONNECT_SECONDS = 5
POOL_SIZE = 10
MOST_CONNECTIONS = 40  # the number of threads that answer requests


def parse_url(database: str | Path) -> URL:
    """Parse a path, `sqlite:///path` or `postgresql://…` into SQLAlchemy's URL.

    Raises:
        ConfigError: it is none of them.
    """
    text = str(database)
    if "://" not in text:
        return URL.create("sqlite", database=str(Path(text).expanduser()))
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise ConfigError(f"{text}: not a database URL: {error}") from error
    if url.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername == "sqlite" and url.database:
        return url
    raise ConfigError(
        f"{url.render_as_string()}: expected a file, sqlite:///FILE or postgresql://USER@HOST/NAME"
    )


class Transactions:
    """Short transactions on one database; threads may share the object.

    SQLite takes one writer at a time. Threads wait for each other on a lock of our own. Other
    processes wait on SQLite's lock, which gives up after a few seconds.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._writers = engine.execution_options(begin="IMMEDIATE")
        # SQLite reads one state by itself; PostgreSQL would show each statement a newer one.
        self._readers = (
            engine
            if self.is_sqlite
            else engine.execution_options(isolation_level="REPEATABLE READ")
        )
        self._lock = threading.Lock() if self.is_sqlite else nullcontext()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that reads one consistent state.

        Raises:
            DatabaseUnavailable: the database does not answer.
        """
        with answering(), self._readers.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that commits at the end of the block, or not at all.

        Raises:
            DatabaseUnavailable: the database does not answer, or its disk is full.
        """
        with answering(), self._lock, self._writers.begin() as connection:
            yield connection


@contextmanager
def answering() -> Iterator[None]:
    """Translate errors of the driver.

    A lost connection or a full disk becomes `DatabaseUnavailable`. Text that the database cannot
    store (NUL in PostgreSQL, half of a surrogate pair, too long) becomes `DatabaseError`: the
    sender can mend it.
    """
    try:
        yield
    except (DataError, UnicodeEncodeError) as error:
        raise DatabaseError(
            "the database does not keep this text: it is too long, or has a character that no "
            "text has (NUL, or half of a surrogate pair)"
        ) from error
    except (OperationalError, InterfaceError) as error:
        raise DatabaseUnavailable(describe(error)) from error


def describe(error: DBAPIError) -> str:
    """Return the first line of the driver's message, without the statement and its values."""
    first = str(error.orig).strip().partition("\n")[0]
    return f"the database does not answer: {first}; try again in a moment"


def connect(url: URL, *, foreign_keys: bool = True) -> Engine:
    """Build an engine that connects at its first use; create the folder of a SQLite file.

    Raises:
        ConfigError: the driver of PostgreSQL is not installed.
    """
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, foreign_keys)
    try:
        return create_engine(
            url,
            pool_size=POOL_SIZE,
            max_overflow=MOST_CONNECTIONS - POOL_SIZE,
            pool_pre_ping=True,
            hide_parameters=True,  # parameters are private texts; logs must not have them
            connect_args={"connect_timeout": CONNECT_SECONDS},
        )
    except ModuleNotFoundError as error:
        raise ConfigError(
            "PostgreSQL needs its driver: pip install 'fledge[postgresql]'"
        ) from error


def make_private(path: Path) -> None:
    """Create an empty file that only its owner may read, unless the file exists.

    SQLite gives the same rights to the files it keeps beside it. A failure is ignored: SQLite
    reports the reason when it opens the file.
    """
    with suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _sqlite(url: URL, foreign_keys: bool) -> Engine:
    Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=MOST_CONNECTIONS - POOL_SIZE,
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def set_up(connection, _: ConnectionPoolEntry) -> None:  # type: ignore[no-untyped-def]
        connection.isolation_level = None  # `begin` below starts transactions, not the driver
        for pragma in (
            f"busy_timeout={BUSY_MILLISECONDS}",
            "journal_mode=WAL",
            "synchronous=NORMAL",
            f"foreign_keys={'ON' if foreign_keys else 'OFF'}",
            "secure_delete=ON",  # deleted content is overwritten with zeros
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "do_connect")
    def make(*_: object) -> None:
        make_private(Path(url.database or ""))

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        kind = connection.get_execution_options().get("begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {kind}")

    return engine
