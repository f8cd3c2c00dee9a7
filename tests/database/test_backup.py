import errno
import os
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select

from database.labelling import finish, project_of
from databases import answered, new_postgresql, person
from fledge.database import Database, Passage, UsageOfDay, open_database
from fledge.database.backup import backup, lasting_tables, restore, written_whole
from fledge.database.engine import Transactions, connect, parse_url
from fledge.database.migrate import migrate
from fledge.database.tables import Base
from fledge.errors import ConfigError, DataError, WriteError


def filled(database: Database) -> str:
    """Something in every table; the id of the person."""
    ada = person(database, "ada", "owner")
    folder = database.folders.create(ada, "Sea")
    chat = database.conversations.create(ada, title="Tides", folder_id=folder.id)
    first, second = (answered(database, ada, chat.id, text) for text in ("The moon.", "The sun."))
    database.ratings.rate(ada, first, 1, reasons=["clear"])
    database.ratings.prefer(ada, [[first], [second]])
    database.ratings.write(ada, second, "Both.")
    shop = database.assistants.create(ada, name="Shop", suggestions=("Hours?",))
    database.knowledge.add(ada, shop.id, "faq.md", [Passage("Hours", "From nine to five.")])
    database.sessions.create(ada, "Firefox")
    database.api_keys.create(ada, name="laptop", scopes=["chat"])
    database.invitations.create(ada, "user")
    database.usage.add([UsageOfDay(ada, "2026-01-01", "", "tiny", 1, 2, 3)])
    database.desk.open_visit(chat.id, "https://shop.example")
    database.desk.ask(ada, chat.id)
    database.shares.put(ada, chat.id)
    database.password_resets.create(ada)
    database.identities.link(ada, "https://login.example.org", "1", "ada@example.org")
    database.prompts.create(ada, "Translate", "Say {{text}}")
    project = project_of(database, 2, gold_percent=5)
    database.label_projects.write_guideline(project, "# Rank")
    finish(database, ada, project)
    database.settings.set(database.settings.get())
    database.audit.add(ada, "server.set_up", "ada", {"é": 1})
    return ada


def contents(url: str | Path) -> dict[str, list[dict[str, object]]]:
    engine = connect(parse_url(url))
    with engine.connect() as connection:
        tables = {
            table.name: [
                dict(row)
                for row in connection.execute(
                    select(table).order_by(*table.primary_key.columns)
                ).mappings()
            ]
            for table in lasting_tables()
        }
    engine.dispose()
    return tables


def test_a_backup_has_every_row_of_every_table(
    database: Database, url: str, tmp_path: Path
) -> None:
    filled(database)
    before = contents(url)
    assert all(before.values()), "a table without a row tests nothing"
    rows = backup(url, tmp_path / "copy.db")
    assert contents(tmp_path / "copy.db") == before == contents(url)
    assert rows == sum(len(rows) for rows in before.values())
    assert [each.name for each in tmp_path.iterdir() if "copy" in each.name] == ["copy.db"]


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_a_backup_fills_either_database_which_goes_on_from_there(
    database: Database, url: str, tmp_path: Path, target: str
) -> None:
    ada = filled(database)
    backup(url, tmp_path / "copy.db")
    new = str(tmp_path / "new.db") if target == "sqlite" else new_postgresql("restored")
    before = (tmp_path / "copy.db").read_bytes()
    assert restore(tmp_path / "copy.db", new) == sum(map(len, contents(url).values()))
    assert (tmp_path / "copy.db").read_bytes() == before, "a restore changes no backup"
    assert contents(new) == contents(url)
    restored = open_database(new)
    assert restored.conversations.search(ada, "moon")[0].title == "Tides"
    (shop,) = restored.assistants.list(ada)
    assert restored.knowledge.search(shop.id, "hours")[0].content == "From nine to five."
    chat = restored.conversations.create(ada)
    answered(restored, ada, chat.id)
    restored.knowledge.add(ada, shop.id, "more.md", [Passage("", "Closed on Sunday.")])
    restored.audit.add(ada, "again")
    restored.close()


def test_a_backup_during_writes_is_one_moment(database: Database, url: str, tmp_path: Path) -> None:
    """Each transaction writes a chat and its first turn: a copy has both or neither."""
    ada = person(database)
    stop = threading.Event()
    written: list[str] = []

    def write() -> None:
        while not stop.is_set():
            chat = database.conversations.create(ada)
            database.messages.add(ada, chat.id, role="user", content="x" * 500, parent_id=None)
            written.append(chat.id)

    def wait_for_more(count: int) -> None:
        enough = len(written) + count
        while len(written) < enough:
            assert all(writer.is_alive() for writer in writers)
            time.sleep(0.01)

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        wait_for_more(24)
        for index in range(3):
            backup(url, tmp_path / f"copy-{index}.db")
            wait_for_more(6)
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    sizes = []
    for index in range(3):
        copy = contents(tmp_path / f"copy-{index}.db")
        turns = {row["conversation_id"]: row["id"] for row in copy["messages"]}
        current = {row["id"]: row["current_message_id"] for row in copy["conversations"]}
        assert {key: value for key, value in current.items() if value is not None} == turns
        sizes.append(len(turns))
    assert 20 <= sizes[0] < sizes[1] < sizes[2]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_backup_ends_however_much_is_written(
    database: Database, url: str, tmp_path: Path
) -> None:
    """More pages than one step of SQLite's backup would copy, and a write between any two."""
    ada = person(database)
    chat = database.conversations.create(ada)
    for _ in range(30):
        database.messages.add(ada, chat.id, role="user", content="x" * 100_000, parent_id=None)
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            database.conversations.change(ada, chat.id, title="again")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        backup(url, tmp_path / "copy.db")
    finally:
        stop.set()
        writer.join()
    assert len(contents(tmp_path / "copy.db")["messages"]) == 30


def test_a_backup_of_an_older_fledge_is_brought_to_todays_form(tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    migrate(parse_url(old), "0005")
    with closing(sqlite3.connect(old)) as connection, connection:
        connection.execute(
            "INSERT INTO accounts (id, login, name, role, allows_training, created_at) "
            "VALUES ('a', 'ada', 'Ada', 'owner', 1, 1.0)"
        )
    assert backup(old, tmp_path / "copy.db") == 1
    restore(tmp_path / "copy.db", tmp_path / "new.db")
    opened = open_database(tmp_path / "new.db")
    assert [account.login for account in opened.accounts.list()] == ["ada"]
    opened.close()
    with closing(sqlite3.connect(tmp_path / "copy.db")) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [
            ("0005",)
        ]


def test_a_full_disk_is_said_of_the_backup_and_nothing_is_left(
    tmp_path: Path,
) -> None:
    """SQLite's own limit on pages stands for a full disk: it reports the two alike."""
    before = sorted(path.name for path in tmp_path.iterdir())
    pages = 3

    def narrow(part: Path) -> None:
        with closing(sqlite3.connect(part)) as connection:
            connection.execute(f"PRAGMA max_page_count = {pages}")
            connection.execute("CREATE TABLE big (text)")
            connection.execute("INSERT INTO big VALUES (?)", ["x" * 100_000])

    message = r"copy\.db: the backup was not written: the disk is full .* Free some space"
    with pytest.raises(WriteError, match=message), written_whole(tmp_path / "copy.db") as part:
        assert part.stat().st_mode & 0o077 == 0
        narrow(part)
    with pytest.raises(WriteError, match=message), written_whole(tmp_path / "copy.db") as part:
        engine = connect(parse_url(part))
        with Transactions(engine).write() as connection:
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            connection.exec_driver_sql("CREATE TABLE big (text)")
            connection.exec_driver_sql("INSERT INTO big VALUES (?)", ("x" * 100_000,))
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_backup_whose_bytes_do_not_reach_the_disk_is_none(
    database: Database, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(database)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("fledge.files.os.fsync", full)
    with pytest.raises(WriteError, match="the backup was not written: the disk is full"):
        backup(url, tmp_path / "copy.db")
    assert not [path for path in tmp_path.iterdir() if "copy" in path.name]


def test_nothing_is_overwritten(database: Database, url: str, tmp_path: Path) -> None:
    filled(database)
    (tmp_path / "there.db").write_text("mine")
    with pytest.raises(ConfigError, match="already exists"):
        backup(url, tmp_path / "there.db")
    assert (tmp_path / "there.db").read_text() == "mine"
    backup(url, tmp_path / "copy.db")
    with pytest.raises(ConfigError, match="has people in it"):
        restore(tmp_path / "copy.db", url)
    with database.transactions.read() as connection:
        accounts = Base.metadata.tables["accounts"]
        assert connection.scalar(select(func.count()).select_from(accounts)) == 1


def test_what_is_no_database_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing\.db: no such database"):
        backup(tmp_path / "nothing.db", tmp_path / "copy.db")
    with pytest.raises(ConfigError, match="no such file"):
        restore(tmp_path / "nothing.db", tmp_path / "new.db")
    (tmp_path / "text.db").write_text("not a database at all" * 100)
    with pytest.raises(DataError, match="is not a backup of fledge"):
        restore(tmp_path / "text.db", tmp_path / "new.db")
    assert not (tmp_path / "new.db").exists()
    assert not (tmp_path / "copy.db").exists()
