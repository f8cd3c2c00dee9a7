"""Databases for tests: each test runs on SQLite and, where there is one, on PostgreSQL.

`FLEDGE_TEST_POSTGRESQL` is the URL of a server where databases may be made; `.ci/run` starts one.
"""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from fledge.database.engine import Transactions, connect, parse_url
from fledge.database.migrate import migrate
from fledge.database.store import Database
from fledge.database.tables import Base
from fledge.errors import DatabaseError

POSTGRESQL = os.environ.get("FLEDGE_TEST_POSTGRESQL", "")
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")


class Clock:
    """A time that a test moves; every reading is `step` seconds later than the one before."""

    def __init__(self) -> None:
        self.now = 1_750_000_000.0
        self.step = 0.001

    def __call__(self) -> float:
        self.now += self.step
        return self.now

    def stop(self) -> float:
        """Every reading is now the same: for ties in time and exact boundaries."""
        self.step = 0.0
        return self.now


def require_postgresql() -> str:
    if not POSTGRESQL:
        pytest.skip("needs PostgreSQL: FLEDGE_TEST_POSTGRESQL=postgresql://…")
    return POSTGRESQL


def run_on_server(statement: str) -> None:
    """A statement that PostgreSQL does not take inside a transaction."""
    engine = connect(parse_url(require_postgresql()))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))
    engine.dispose()


def new_postgresql(name: str) -> str:
    """The URL of an empty database of that name."""
    name = f"fledge_{name}_{WORKER}"
    run_on_server(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    run_on_server(f"CREATE DATABASE {name}")
    return parse_url(require_postgresql()).set(database=name).render_as_string(False)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    return str(tmp_path / "empty.db") if request.param == "sqlite" else new_postgresql("empty")


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of SQLite to copy: migrating takes longer."""
    path = tmp_path_factory.mktemp("database") / "migrated.db"
    migrate(parse_url(path))
    return path


@pytest.fixture(scope="session")
def migrated_postgresql() -> str:
    url = new_postgresql("stores")
    migrate(parse_url(url))
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of today's form without rows."""
    if request.param == "postgresql":
        address = request.getfixturevalue("migrated_postgresql")
        engine = connect(parse_url(address))
        names = ", ".join(table.name for table in Base.metadata.sorted_tables)
        with engine.begin() as connection:
            connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))
        engine.dispose()
        return str(address)
    return str(shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "fledge.db"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(url: str, clock: Clock) -> Iterator[Database]:
    opened = Database(Transactions(connect(parse_url(url))), clock)
    yield opened
    opened.close()


def together(*calls: Callable[[], object]) -> list[object]:
    """Results of calls from a thread each, which start at one moment; an error is a result too."""
    barrier = threading.Barrier(len(calls))

    def one(call: Callable[[], object]) -> object:
        barrier.wait()
        try:
            return call()
        except DatabaseError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


def person(database: Database, login: str = "ada", role: str = "user") -> str:
    """The id of a new account."""
    return database.accounts.create(login, name=login.title(), role=role, password_hash="-").id


def answered(database: Database, account: str, conversation: str, answer: str = "The moon.") -> str:
    """The id of an answer to "Why tides?", the first turn of the chat or the one that is there."""
    tree = database.messages.tree(account, conversation)
    question = (
        tree[0]
        if tree
        else database.messages.add(
            account, conversation, role="user", content="Why tides?", parent_id=None
        )
    )
    run = database.runs.start(account, conversation, parent_id=question.id, model="tiny")
    database.runs.finish(run.id, "finished", answer, finish_reason="stop")
    return run.message_id
