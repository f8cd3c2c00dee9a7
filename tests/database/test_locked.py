"""A database that another process has locked: readers go on, writers are told within seconds."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from databases import Clock, new_postgresql, person, together
from fledge.database import Database, open_database
from fledge.database.engine import PATIENCE_SECONDS
from fledge.errors import DatabaseUnavailable

SOON = 0.5
"""Seconds in which a reader has answered, on a machine that does other work too."""


@contextmanager
def locked(file: Path, kind: str = "IMMEDIATE") -> Iterator[sqlite3.Connection]:
    """Another program that has begun to write."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute(f"BEGIN {kind}")
        yield connection


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "fledge.db"


@pytest.fixture
def shared(file: Path) -> Iterator[Database]:
    opened = open_database(file)
    yield opened
    opened.close()


def seconds(call: Callable[[], object]) -> float:
    began = time.monotonic()
    call()
    return time.monotonic() - began


@pytest.mark.parametrize("kind", ["IMMEDIATE", "EXCLUSIVE"])
def test_readers_do_not_wait_and_writers_only_for_seconds(
    shared: Database, file: Path, kind: str
) -> None:
    ada = person(shared)
    with locked(file, kind):
        assert seconds(lambda: shared.accounts.get(ada)) < SOON

        def write() -> None:
            with pytest.raises(DatabaseUnavailable, match=r"does not answer: .*locked"):
                shared.conversations.create(ada)

        assert PATIENCE_SECONDS - 0.5 < seconds(write) < PATIENCE_SECONDS + 1.5
    shared.conversations.create(ada)


def test_a_note_that_does_not_wait_calls_no_database_locked(shared: Database) -> None:
    """Others of this process write for longer than a note waits, which is no fault."""
    ada = person(shared)
    with shared.transactions.write():
        together(lambda: shared.accounts.seen(ada))
        assert shared.transactions.state == "ok"


def test_a_crowd_of_writers_does_not_wait_in_turn(shared: Database, file: Path) -> None:
    """Each of forty waited for those before it: 103 seconds in all."""
    ada = person(shared)
    with locked(file):
        began = time.monotonic()
        results = together(*(lambda: shared.conversations.create(ada) for _ in range(40)))
        assert time.monotonic() - began < PATIENCE_SECONDS + 2
        assert all(isinstance(each, DatabaseUnavailable) for each in results)
        began = time.monotonic()
        first, *_ = together(
            lambda: seconds(lambda: shared.accounts.get(ada)),
            *(lambda: shared.conversations.create(ada) for _ in range(20)),
        )
        assert isinstance(first, float) and first < SOON
    assert len(shared.conversations.every(ada)) == 0


def test_a_writer_that_waits_gets_in_when_the_lock_is_free(shared: Database, file: Path) -> None:
    ada = person(shared)

    def release_soon(connection: sqlite3.Connection) -> None:
        time.sleep(0.6)
        connection.execute("ROLLBACK")

    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        results = together(
            lambda: release_soon(other), *(lambda: shared.conversations.create(ada) for _ in "abc")
        )
    assert not [each for each in results if isinstance(each, DatabaseUnavailable)]
    assert len(shared.conversations.every(ada)) == 3


def test_notes_of_use_are_left_out_while_the_lock_is_held(shared: Database, file: Path) -> None:
    """A page that is only read must not wait to record that it was."""
    ada = person(shared)
    key, _ = shared.api_keys.create(ada, name="laptop")
    session, _ = shared.sessions.create(ada, "Firefox")
    aged = Database(shared.transactions, lambda: time.time() + 7_200)
    with locked(file):
        for note in (
            lambda: aged.accounts.seen(ada),
            lambda: aged.api_keys.used(key.id),
            lambda: aged.sessions.renew(session),
        ):
            assert seconds(note) < SOON
    assert shared.accounts.get(ada).last_seen_at is None
    assert aged.sessions.renew(session)
    aged.api_keys.used(key.id)
    (used,) = shared.api_keys.list(ada)
    assert used.last_used_at is not None


def test_a_server_starts_on_a_database_that_is_locked(shared: Database, file: Path) -> None:
    with locked(file):
        assert seconds(lambda: open_database(file).close()) < SOON + 1


def test_a_row_of_postgresql_is_waited_for_only_for_seconds() -> None:
    url = new_postgresql("rows")
    database = open_database(url, Clock())
    ada = person(database)
    with database.transactions.engine.begin() as other:
        other.execute(text("SELECT 1 FROM accounts FOR UPDATE"))

        def write() -> None:
            with pytest.raises(DatabaseUnavailable, match="lock timeout"):
                database.accounts.change(ada, name="Ada")

        assert seconds(write) < PATIENCE_SECONDS + 1.5
        assert seconds(lambda: database.accounts.get(ada)) < SOON
    database.close()


def test_connections_that_are_all_in_use_are_waited_for_only_for_seconds(
    shared: Database,
) -> None:
    ada = person(shared)
    engine = shared.transactions.engine
    held = [engine.connect() for _ in range(40)]

    def read() -> None:
        with pytest.raises(DatabaseUnavailable, match="all its connections are in use"):
            shared.accounts.get(ada)

    assert seconds(read) < PATIENCE_SECONDS + 1.5
    for connection in held:
        connection.close()
    assert shared.accounts.get(ada).id == ada
