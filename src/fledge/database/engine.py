"""The connection to SQLite or PostgreSQL: one engine, short transactions, one kind of error."""

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
MOST_CONNECTIONS = 40  # as many as the threads that answer requests


def parse_url(database: str | Path) -> URL:
    """A path, `sqlite:///path` or `postgresql://…` as SQLAlchemy's URL.

    Raises:
        ConfigError: it is neither.
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
    """Short transactions on one database; threads share it.

    SQLite takes one writer at a time. Writers wait for each other on a lock of ours, which is
    fair, and for other processes on SQLite's own, which is not.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._writers = engine.execution_options(begin="IMMEDIATE")
        self._lock = threading.Lock() if self.is_sqlite else nullcontext()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view.

        Raises:
            DatabaseUnavailable: the database does not answer.
        """
        with answering(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """All of it or nothing: committed at the end of the block.

        Raises:
            DatabaseUnavailable: the database does not answer, or its disk is full.
        """
        with answering(), self._lock, self._writers.begin() as connection:
            yield connection


@contextmanager
def answering() -> Iterator[None]:
    """Turn what the driver says of a database that is away into `DatabaseUnavailable`.

    What the database does not keep (NUL in PostgreSQL, half of a surrogate pair, a text that is
    too long) becomes a `DatabaseError`: whoever sent it can mend it.
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
    """The driver's own first line, without the statement and its values."""
    first = str(error.orig).strip().partition("\n")[0]
    return f"the database does not answer: {first}; try again in a moment"


def connect(url: URL, *, foreign_keys: bool = True) -> Engine:
    """An engine that connects when it is first used; the folder of a SQLite file is made.

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
            hide_parameters=True,  # what people say is no matter for a log
            connect_args={"connect_timeout": CONNECT_SECONDS},
        )
    except ModuleNotFoundError as error:
        raise ConfigError(
            "PostgreSQL needs its driver: pip install 'fledge[postgresql]'"
        ) from error


def make_private(path: Path) -> None:
    """An empty file that nobody else may read, unless there is one already.

    The files that SQLite keeps beside it get the same rights. Where it cannot be made, SQLite says
    why.
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
        connection.isolation_level = None  # we begin transactions, not the driver
        for pragma in (
            f"busy_timeout={BUSY_MILLISECONDS}",
            "journal_mode=WAL",
            "synchronous=NORMAL",
            f"foreign_keys={'ON' if foreign_keys else 'OFF'}",
            "secure_delete=ON",  # what people erase is overwritten
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
