"""Files of awkward names, moments that a transaction sees, and databases that end with a test."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text

from databases import Clock, answered, new_postgresql, person, together
from fledge.database import Database, open_database
from fledge.database.backup import backup, restore
from fledge.database.engine import Transactions, connect, parse_url
from fledge.database.migrate import migrate
from fledge.database.tables import Accounts
from fledge.database.tables.base import new_id
from fledge.database.temporary import TemporaryDatabase
from fledge.errors import DatabaseError, DatabaseUnavailable, DataError, NotFound, WriteError

AWKWARD = ["monday 50%.db", "what?.db", "a#b.db", "über 🌊.db", "it's.db", "%41.db"]


@pytest.mark.parametrize("name", AWKWARD)
def test_a_file_of_any_name_is_served_backed_up_and_restored(tmp_path: Path, name: str) -> None:
    served, copy, again = (tmp_path / folder / name for folder in ("served", "copy", "again"))
    copy.parent.mkdir()
    database = open_database(served)
    ada = person(database)
    database.close()
    assert backup(served, copy) == 1
    assert restore(copy, again) == 1
    restored = open_database(again)
    assert restored.accounts.get(ada).login == "ada"
    restored.close()
    for file in (copy, again):
        assert [each.name for each in file.parent.iterdir()] == [name], "nothing beside it"


def test_a_backup_makes_its_folder(tmp_path: Path) -> None:
    open_database(tmp_path / "fledge.db").close()
    backup(tmp_path / "fledge.db", tmp_path / "backups" / "copy.db")
    assert [each.name for each in (tmp_path / "backups").iterdir()] == ["copy.db"]


def test_a_full_disk_in_the_middle_of_a_copy_is_said_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit on the pages of the copy stands for the disk, which fails with the same error."""
    open_database(tmp_path / "fledge.db").close()
    connect_file = sqlite3.connect

    def narrow(database: str | Path, **options: bool) -> sqlite3.Connection:
        connection = connect_file(database, **options)
        if str(database).endswith(".unfinished"):
            connection.execute("PRAGMA max_page_count = 3")
        return connection

    monkeypatch.setattr("fledge.database.backup.sqlite3.connect", narrow)
    with pytest.raises(WriteError, match=r"the backup was not written: the disk is full"):
        backup(tmp_path / "fledge.db", tmp_path / "copy.db")
    assert [each.name for each in tmp_path.iterdir() if "copy" in each.name] == []


def test_a_backup_of_something_else_says_so_and_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database " * 500)
    with pytest.raises(DataError, match=r"notes\.txt is not a database of fledge"):
        backup(tmp_path / "notes.txt", tmp_path / "copy.db")
    assert [each.name for each in tmp_path.iterdir()] == ["notes.txt"]


def test_a_backup_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    database = open_database(tmp_path / "fledge.db")
    ada = person(database)
    for number in range(40):
        chat = database.conversations.create(ada, title=str(number))
        database.messages.add(ada, chat.id, role="user", content="x" * 5_000, parent_id=None)
    database.close()
    backup(tmp_path / "fledge.db", tmp_path / "copy.db")
    whole = (tmp_path / "copy.db").read_bytes()
    (tmp_path / "copy.db").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"copy\.db"):
        restore(tmp_path / "copy.db", tmp_path / "new.db")
    assert not (tmp_path / "new.db").exists()


def test_a_backup_with_a_row_that_points_nowhere_fills_nothing(
    database: Database, url: str, tmp_path: Path
) -> None:
    ada = person(database)
    database.conversations.create(ada)
    backup(url, tmp_path / "copy.db")
    database.accounts.delete(ada)
    with closing(sqlite3.connect(tmp_path / "copy.db")) as connection, connection:
        connection.execute("DELETE FROM accounts")
    with pytest.raises(DatabaseError, match="1 rows name rows that are not there"):
        restore(tmp_path / "copy.db", url)
    with database.transactions.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM conversations")) == 0


def test_what_a_killed_backup_and_restore_left_is_no_hindrance(tmp_path: Path) -> None:
    database = open_database(tmp_path / "fledge.db")
    ada = person(database)
    for name in (".copy.db.unfinished", ".copy.db.unfinished-wal", ".copy.db.restore"):
        (tmp_path / name).write_bytes(b"half of a page")
    backup(tmp_path / "fledge.db", tmp_path / "copy.db")
    restore(tmp_path / "copy.db", tmp_path / "new.db")
    database.close()
    restored = open_database(tmp_path / "new.db")
    assert [account.id for account in restored.accounts.list()] == [ada]
    restored.close()
    left = {each.name for each in tmp_path.iterdir()}
    assert left == {"fledge.db", "copy.db", "new.db"}


def test_another_program_s_database_is_no_backup(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection, connection:
        connection.execute("CREATE TABLE songs (title TEXT)")
    with pytest.raises(DataError, match=r"other\.db is not a backup of fledge"):
        restore(tmp_path / "other.db", tmp_path / "new.db")


def test_a_backup_of_a_newer_fledge_is_refused_and_the_target_stays_empty(
    database: Database, url: str, tmp_path: Path
) -> None:
    backup(url, tmp_path / "copy.db")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseError, match="revision 9999"):
        restore(tmp_path / "copy.db", url)
    assert database.accounts.list() == []
    assert [each.name for each in tmp_path.iterdir() if "restore" in each.name] == []


def test_postgresql_of_another_version_is_not_backed_up(tmp_path: Path) -> None:
    url = new_postgresql("older")
    migrate(parse_url(url), "0007")
    with pytest.raises(DatabaseError, match="at revision 0007, this fledge reads"):
        backup(url, tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == []


def test_more_rows_than_are_copied_at_once_are_all_copied(
    database: Database, url: str, tmp_path: Path
) -> None:
    ids = [new_id(float(number)) for number in range(1_001)]
    with database.transactions.write() as connection:
        connection.execute(
            insert(Accounts),
            [
                {
                    "id": id_,
                    "login": id_,
                    "name": "x",
                    "role": "user",
                    "allows_training": True,
                    "created_at": 1.0,
                }
                for id_ in ids
            ],
        )
    assert backup(url, tmp_path / "copy.db") == 1_001
    copy = open_database(tmp_path / "copy.db")
    assert {account.id for account in copy.accounts.list()} == set(ids)
    copy.close()


def test_a_reader_sees_one_moment_however_much_is_written_meanwhile(database: Database) -> None:
    ada = person(database)
    people = select(func.count()).select_from(Accounts)
    with database.transactions.read() as connection:
        before = connection.scalar(people)
        (other,) = together(lambda: person(database, "bob"))
        together(lambda: database.accounts.change(ada, name="New"))
        assert connection.scalar(people) == before == 1
        name = connection.scalar(select(Accounts.name).where(Accounts.id == ada))
        assert name == "Ada"
    assert [account.id for account in database.accounts.list()] == [ada, other]


def test_what_is_written_is_seen_by_others_once_it_is_whole(database: Database) -> None:
    with database.transactions.write() as connection:
        row = {"login": "ada", "name": "Ada", "role": "user", "allows_training": True}
        connection.execute(insert(Accounts).values(id=new_id(1.0), created_at=1.0, **row))
        assert together(database.accounts.list) == [[]]
    assert [account.login for account in database.accounts.list()] == ["ada"]


def test_an_error_in_a_block_undoes_it_and_the_next_writer_goes_on(database: Database) -> None:
    ada = person(database)
    with pytest.raises(RuntimeError), database.transactions.write() as connection:
        connection.execute(text("DELETE FROM accounts"))
        raise RuntimeError("the server stops")
    assert together(lambda: database.accounts.get(ada).login) == ["ada"]
    database.accounts.change(ada, name="New")


def test_sqlite_that_another_process_holds_is_unavailable_and_comes_back(tmp_path: Path) -> None:
    database = open_database(tmp_path / "fledge.db")
    ada = person(database)
    with closing(sqlite3.connect(tmp_path / "fledge.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with database.transactions.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout=1")
        with pytest.raises(DatabaseUnavailable, match=r"database is locked; try again in a moment"):
            database.accounts.change(ada, name="New")
        assert database.accounts.get(ada).name == "Ada", "reading goes on"
        other.execute("ROLLBACK")
    assert database.accounts.change(ada, name="New").name == "New"
    database.close()


def test_an_error_tells_neither_the_statement_nor_its_values(tmp_path: Path) -> None:
    database = open_database(tmp_path / "fledge.db")
    with database.transactions.write() as connection:
        connection.execute(text("DROP TABLE accounts"))
    with pytest.raises(DatabaseUnavailable) as caught:
        database.accounts.password_hash("a secret")
    database.close()
    assert str(caught.value) == (
        "the database does not answer: no such table: accounts; try again in a moment"
    )


def test_a_row_that_points_to_nobody_is_refused(database: Database) -> None:
    with pytest.raises(NotFound):
        database.sessions.create("nobody", "Firefox")
    with pytest.raises(NotFound):
        database.conversations.create("nobody")


def test_what_is_erased_in_sqlite_is_overwritten_on_the_disk(tmp_path: Path) -> None:
    database = open_database(tmp_path / "fledge.db")
    with database.transactions.read() as connection:
        assert connection.exec_driver_sql("PRAGMA secure_delete").scalar() == 1
    database.close()


def test_a_home_folder_is_meant_by_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert parse_url("~/chats.db").database == str(tmp_path / "chats.db")
    assert parse_url(Path("~/chats.db")).database == str(tmp_path / "chats.db")


def test_a_temporary_database_works_as_any_and_leaves_no_file() -> None:
    database = TemporaryDatabase(Clock())
    folder = Path(str(database.transactions.engine.url.database)).parent
    ada = person(database)
    chat = database.conversations.create(ada, title="Tides")
    answered(database, ada, chat.id)
    assert len(database.conversations.search(ada, "moon")) == 1
    other = TemporaryDatabase()
    assert other.accounts.list() == []
    other.close()
    assert folder.is_dir()
    database.close()
    assert not folder.exists()


def test_ids_sort_by_the_millisecond_of_their_making() -> None:
    made = [new_id(seconds) for seconds in (0.0, 0.001, 1.0, 1_750_000_000.0, 1_750_000_000.5)]
    assert made == sorted(made)
    assert [int(id_[:12], 16) for id_ in made] == [
        0,
        1,
        1_000,
        1_750_000_000_000,
        1_750_000_000_500,
    ]
    assert {len(id_) for id_ in made} == {32}
    assert len({new_id(1.0) for _ in range(50)}) == 50


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_two_servers_on_one_file_see_each_other(database: Database, url: str) -> None:
    other = Database(Transactions(connect(parse_url(url))), Clock())
    ada = person(database)
    chat = other.conversations.create(ada, title="Tides")
    assert database.conversations.get(ada, chat.id).title == "Tides"
    together(
        *(lambda store=store: store.conversations.create(ada) for store in (database, other) * 3)
    )
    assert len(database.conversations.every(ada)) == 7
    other.close()
