"""Addresses, many threads, and databases that are away."""

import os
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from databases import new_postgresql, person, run_on_server
from fledge.database import Database, open_database
from fledge.database.backup import backup
from fledge.database.engine import Transactions, connect, parse_url
from fledge.database.stored_text import TextRefused
from fledge.errors import ConfigError, Conflict, DatabaseUnavailable


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("chats.db", "sqlite:///chats.db"),
        ("sqlite:///chats.db", "sqlite:///chats.db"),
        ("postgresql://ada@host/fledge", "postgresql+psycopg://ada@host/fledge"),
        ("postgres://ada@host/fledge", "postgresql+psycopg://ada@host/fledge"),
    ],
)
def test_an_address_is_a_file_or_a_url(given: str, url: str) -> None:
    assert parse_url(given).render_as_string() == url


@pytest.mark.parametrize("given", ["mysql://host/x", "sqlite://", "://"])
def test_another_address_is_refused_with_what_is_expected(given: str) -> None:
    with pytest.raises(ConfigError, match=r"postgresql|not a database URL"):
        parse_url(given)


def test_a_password_is_not_in_the_message() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_url("mysql://ada:secret@host/x")
    assert "secret" not in str(caught.value)


def test_threads_write_together_without_a_lost_row(database: Database) -> None:
    ada = person(database)
    failures: list[Exception] = []

    def write(index: int) -> None:
        for _ in range(5):
            try:
                chat = database.conversations.create(ada, title=str(index))
                database.messages.add(ada, chat.id, role="user", content="x", parent_id=None)
                database.conversations.list(ada)
            except DatabaseUnavailable as error:
                failures.append(error)

    threads = [threading.Thread(target=write, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    chats = database.conversations.every(ada)
    assert len(chats) == 40 and all(chat.current_message_id for chat in chats)


def test_a_block_that_fails_writes_nothing(database: Database) -> None:
    with pytest.raises(Conflict), database.transactions.write() as connection:
        statement = text("INSERT INTO settings (key, value, updated_at) VALUES ('a', '{}', 1)")
        connection.execute(statement)
        connection.execute(statement)
    with database.transactions.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM settings")) == 0


def test_sqlite_is_set_up_for_a_server(tmp_path: Path) -> None:
    database = open_database(tmp_path / "folders" / "are made" / "fledge.db")
    with database.transactions.read() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }
    database.close()
    assert settings == {
        "journal_mode": "wal",
        "synchronous": 1,
        "busy_timeout": 3000,
        "foreign_keys": 1,
    }


def test_a_full_disk_is_unavailable_and_loses_nothing(tmp_path: Path) -> None:
    """SQLite's own limit of pages stands for the disk: it fails with the same error."""
    database = open_database(tmp_path / "fledge.db")
    ada = person(database)
    chat = database.conversations.create(ada)
    with database.transactions.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    database.close()
    engine = connect(parse_url(tmp_path / "fledge.db"))
    full = Database(Transactions(engine))
    with engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        connection.invalidate()

    def one_connection_full() -> None:
        with full.transactions.write() as connection:
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
            connection.execute(
                text("INSERT INTO settings VALUES ('big', :value, 1)"),
                {"value": '"' + "x" * 100_000 + '"'},
            )

    with pytest.raises(DatabaseUnavailable, match="database or disk is full"):
        one_connection_full()
    assert full.conversations.get(ada, chat.id).id == chat.id
    full.close()


@pytest.mark.parametrize("bad", ["\ud800", "a\0b"])
def test_a_text_that_no_database_keeps_is_refused_wherever_it_comes(
    database: Database, bad: str
) -> None:
    ada = person(database)
    chat = database.conversations.create(ada)
    for store in (
        lambda: person(database, bad),
        lambda: database.accounts.change(ada, name=bad),
        lambda: database.api_keys.create(ada, name=bad),
        lambda: database.api_keys.create(ada, name="a", scopes=[bad]),
        lambda: database.invitations.create(ada, "user", bad),
        lambda: database.sessions.create(ada, bad),
        lambda: database.conversations.create(ada, title=bad),
        lambda: database.conversations.change(ada, chat.id, sampling={"stop": [bad]}),
        lambda: database.conversations.change(ada, chat.id, sampling={bad: 1}),
        lambda: database.messages.add(ada, chat.id, role="user", content=bad, parent_id=None),
        lambda: database.assistants.create(ada, name="a", suggestions=("a", bad)),
        lambda: database.audit.add(ada, "login.failed", bad),
    ):
        with pytest.raises(TextRefused, match="does not keep this text"):
            store()
    assert [account.login for account in database.accounts.list()] == ["ada"]
    assert database.messages.tree(ada, chat.id) == []


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(DatabaseUnavailable, match="does not answer"):
        open_database("postgresql://nobody@127.0.0.1:9/fledge")


def test_postgresql_that_was_stopped_is_used_again_when_it_is_back() -> None:
    url = new_postgresql("restarted")
    database = open_database(url)
    ada = person(database)
    # What a restart does to a client: every connection ends.
    name = parse_url(url).database
    run_on_server(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    )
    assert database.accounts.get(ada).login == "ada"
    run_on_server(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    run_on_server(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    )
    with pytest.raises(DatabaseUnavailable, match="not currently accepting connections"):
        database.accounts.get(ada)
    run_on_server(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    assert database.accounts.get(ada).login == "ada"
    database.close()


def test_nobody_else_reads_a_file_that_is_made(tmp_path: Path) -> None:
    there = tmp_path / "there.db"
    there.touch(mode=0o644)
    before = os.umask(0)
    try:
        for path in (tmp_path / "made.db", there):
            open_database(path).close()
        backup(tmp_path / "made.db", tmp_path / "backup.db")
        open_ = open_database(tmp_path / "made.db")
        person(open_)
        beside = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
        open_.close()
    finally:
        os.umask(before)
    assert beside.pop("there.db") == 0o644, "what was there keeps its rights"
    assert {"made.db", "made.db-wal", "backup.db"} <= beside.keys()
    assert set(beside.values()) == {0o600}
