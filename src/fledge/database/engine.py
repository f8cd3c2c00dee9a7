"""Connections to SQLite or PostgreSQL: engine, and short transactions with bounded waits."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from sqlalchemy import URL, Connection, Engine, Executable, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from fledge.database.driver_errors import answering
from fledge.database.sqlite_files import make_private
from fledge.database.stored_text import require_text, to_json
from fledge.database.turns import Turns
from fledge.errors import ConfigError, DatabaseUnavailable

PATIENCE_SECONDS = 3.0
"""Seconds for which a writer waits for the lock of another process, and for its turn."""
GLANCE_SECONDS = 0.2
"""Seconds after which a lock of SQLite counts as held by another process."""
NOTE_SECONDS = 0.05
"""Seconds for which a note that may be left out waits."""
CONNECT_SECONDS = 5
POOL_SIZE = 10
MOST_CONNECTIONS = 40  # the number of threads that answer requests
MEMORY = ":memory:"


def parse_url(database: str | Path) -> URL:
    """Parse a path, `sqlite:///path` or `postgresql://…` into SQLAlchemy's URL.

    Raises:
        ConfigError: it is none of them.
    """
    text = str(database)
    if "://" not in text:
        return _sqlite_url(Path(text).expanduser())
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise ConfigError(f"{text}: not a database URL: {error}") from error
    if url.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername == "sqlite" and "?" in text:
        raise ConfigError(f"{text}: write the ? of a file's name as %3F, or name the file itself")
    if url.drivername == "sqlite" and url.database:
        return _sqlite_url(Path(url.database))
    raise ConfigError(
        f"{url.render_as_string()}: expected a file, sqlite:///FILE or postgresql://USER@HOST/NAME"
    )


def _sqlite_url(file: Path) -> URL:
    if str(file) == MEMORY or file.is_dir():
        kind = "keeps nothing" if str(file) == MEMORY else "is a folder"
        raise ConfigError(f"{file} {kind}; name a file for the database")
    return URL.create("sqlite", database=str(file))


Access = Literal["reads", "writes"]
DatabaseState = Literal["ok", "locked", "away"]
"""Locked: reads are answered, writes are not. Away: not even reads."""


class Transactions:
    """Short transactions on one database; threads may share the object.

    SQLite takes one writer at a time: `Turns` has the threads of this process wait for each other,
    and SQLite's own lock keeps other processes out. Readers wait for neither.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._failed: set[Access] = set()
        self._turns = Turns()
        self._writers = engine.execution_options(turns=self._turns)
        # SQLite reads one state by itself; PostgreSQL would show each statement a newer one.
        self._readers = (
            engine
            if self.is_sqlite
            else engine.execution_options(isolation_level="REPEATABLE READ")
        )

    @property
    def state(self) -> DatabaseState:
        """State that the last read and the last write found; asking touches nothing."""
        if not self._failed:
            return "ok"
        return "away" if "reads" in self._failed else "locked"

    @contextmanager
    def _noted(self, access: Access) -> Iterator[None]:
        try:
            yield
        except DatabaseUnavailable:
            self._failed = self._failed | {access}
            raise
        self._failed = self._failed - {access}

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that reads one consistent state.

        Raises:
            DatabaseUnavailable: the database does not answer.
        """
        with self._noted("reads"), answering(), self._readers.begin() as connection:
            yield connection

    @contextmanager
    def write(self, patience: float = PATIENCE_SECONDS) -> Iterator[Connection]:
        """Open a transaction that commits at the end of the block, or not at all.

        It waits at most `patience` seconds for SQLite's lock. PostgreSQL locks rows, for which each
        statement waits at most `PATIENCE_SECONDS`.

        Raises:
            DatabaseUnavailable: the database does not answer, is locked, or its disk is full.
            Conflict, NotFound, TextRefused: as `answering` says.
        """
        with self._noted("writes"), self._write(patience) as connection:
            yield connection

    @contextmanager
    def _write(self, patience: float) -> Iterator[Connection]:
        with answering():
            if self.is_sqlite:
                with self._turns.taken(patience), self._writers.begin() as connection:
                    yield connection
            else:
                with self.engine.begin() as connection:
                    yield connection

    def note(self, statement: Executable) -> bool:
        """Execute what may be left out; return False where others write and it was not executed.

        A page that is only read must not wait, nor fail, because it records a visit. A wait that
        was too short says nothing about `state`.
        """
        try:
            with self._write(NOTE_SECONDS) as connection:
                connection.execute(statement)
        except DatabaseUnavailable:
            return False
        return True


def connect(url: URL, *, foreign_keys: bool = True) -> Engine:
    """Build an engine that connects at its first use; create the folder of a SQLite file.

    Raises:
        ConfigError: the driver of PostgreSQL is not installed.
    """
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, foreign_keys)
    try:
        engine = create_engine(
            url,
            pool_size=POOL_SIZE,
            max_overflow=MOST_CONNECTIONS - POOL_SIZE,
            pool_timeout=PATIENCE_SECONDS,
            pool_pre_ping=True,
            hide_parameters=True,  # parameters are private texts; logs must not have them
            connect_args={"connect_timeout": CONNECT_SECONDS},
        )
    except ModuleNotFoundError as error:
        raise ConfigError(
            "PostgreSQL needs its driver: pip install 'fledge[postgresql]'"
        ) from error

    @event.listens_for(engine, "connect")
    def set_up(connection, _: ConnectionPoolEntry) -> None:  # type: ignore[no-untyped-def]
        connection.execute(f"SET lock_timeout = '{PATIENCE_SECONDS:g}s'")
        connection.commit()

    @event.listens_for(engine, "before_cursor_execute")
    def check(_connection, _cursor, _statement, parameters, *_) -> None:  # type: ignore[no-untyped-def]
        require_text(_plain(parameters))

    return engine


def _sqlite(url: URL, foreign_keys: bool) -> Engine:
    Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=MOST_CONNECTIONS - POOL_SIZE,
        pool_timeout=PATIENCE_SECONDS,
        hide_parameters=True,
        json_serializer=to_json,
    )

    @event.listens_for(engine, "connect")
    def set_up(connection, _: ConnectionPoolEntry) -> None:  # type: ignore[no-untyped-def]
        connection.isolation_level = None  # `begin` below starts transactions, not the driver
        for pragma in (
            f"busy_timeout={milliseconds(PATIENCE_SECONDS)}",
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
        turns = connection.get_execution_options().get("turns")
        if turns is None:
            connection.exec_driver_sql("BEGIN DEFERRED")
        else:
            _begin_writing(connection, turns)

    @event.listens_for(engine, "before_cursor_execute")
    def check(_connection, _cursor, _statement, parameters, *_) -> None:  # type: ignore[no-untyped-def]
        require_text(parameters)

    return engine


def _begin_writing(connection: Connection, turns: Turns) -> None:
    """Take SQLite's write lock before the deadline of the turn.

    A first short try tells the other threads whether another process holds the lock: then only a
    few of them wait.
    """
    left = turns.deadline - time.monotonic()
    glance = min(GLANCE_SECONDS, left)
    try:
        _immediate(connection, glance)
    except OperationalError:
        turns.is_held_elsewhere = True
        if left <= glance:
            raise
        _immediate(connection, turns.deadline - time.monotonic())
    turns.is_held_elsewhere = False


def _immediate(connection: Connection, seconds: float) -> None:
    connection.exec_driver_sql(f"PRAGMA busy_timeout={milliseconds(seconds)}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def milliseconds(seconds: float) -> int:
    """Return whole milliseconds, none below 0."""
    return max(0, round(seconds * 1000))


def _plain(parameters: object) -> object:
    """Return the parameters of a statement, or of many, with JSON in place of its wrappers."""
    from psycopg.types.json import Json, Jsonb

    if isinstance(parameters, Mapping):
        return [_plain(each) for each in parameters.values()]
    if isinstance(parameters, list | tuple):
        return [_plain(each) for each in parameters]
    return parameters.obj if isinstance(parameters, Json | Jsonb) else parameters
