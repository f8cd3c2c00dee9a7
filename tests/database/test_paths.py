"""Paths with characters that mean something in a URI, a shell or SQL."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from databases import new_postgresql, person
from fledge.cli.app import app
from fledge.database import Database, open_database
from fledge.database.backup import backup, restore
from fledge.database.engine import parse_url
from fledge.database.sqlite_files import checked_rows
from fledge.database.stored_text import REPLACEMENT
from fledge.errors import ConfigError, DataError

NAMES = [
    "team#1.db",
    "why?.db",
    "100%.db",
    "a%23b.db",
    "two words.db",
    'it\'s "quoted".db',
    "Grüße 日本.db",
    "-n.db",
    "file:x.db",
    "a;b&c=d+e.db",
    "back\\slash.db",
    "?mode=memory",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_path_of_any_characters_is_backed_up_and_restored(tmp_path: Path, name: str) -> None:
    folder = tmp_path / f"in {name}"
    folder.mkdir()
    database = open_database(folder / name)
    person(database, "ada", "owner")
    database.close()
    assert [path.name for path in folder.iterdir()] == [name], "under its own name only"
    assert backup(folder / name, folder / f"{name}.copy") == 1
    assert restore(folder / f"{name}.copy", folder / f"{name}.new") == 1
    again = open_database(folder / f"{name}.new")
    assert [account.login for account in again.accounts.list()] == ["ada"]
    again.close()


@pytest.mark.parametrize("name", NAMES)
def test_a_url_spells_the_same_path(tmp_path: Path, name: str) -> None:
    url = parse_url(tmp_path / name).render_as_string()
    assert parse_url(url).database == str(tmp_path / name)
    database = open_database(url)
    person(database)
    database.close()
    assert backup(url, tmp_path / "copy") == 1


@pytest.mark.parametrize("name", NAMES)
def test_the_commands_take_a_relative_path(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    database = open_database(name)
    person(database, "ada", "owner")
    database.close()
    runner = CliRunner()
    made = runner.invoke(app, ["backup", "--", name, f"{name}.copy"])
    assert made.exit_code == 0, made.output
    assert ": 1 rows," in made.output
    filled = runner.invoke(app, ["restore", "--", f"{name}.copy", f"{name}.new"])
    assert filled.exit_code == 0, filled.output
    assert (tmp_path / f"{name}.new").is_file()


def test_a_name_that_is_not_utf_8_is_backed_up(tmp_path: Path) -> None:
    file = Path(str(tmp_path) + "/caf\udce9.db")
    try:
        file.touch()
    except (OSError, UnicodeEncodeError):
        pytest.skip("this file system has names in UTF-8 only")
    file.unlink()
    database = open_database(file)
    person(database)
    database.close()
    assert backup(file, tmp_path / "copy.db") == 1


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("sqlite:///team?1.db", "%3F"),
        ("sqlite:///x.db?mode=memory&uri=true", "%3F"),
        (":memory:", "keeps nothing"),
        ("sqlite:///:memory:", "keeps nothing"),
        ("", "is a folder"),
        (".", "is a folder"),
    ],
)
def test_a_place_that_keeps_nothing_is_refused(given: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        parse_url(given)


def test_a_backup_with_fewer_rows_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = open_database(tmp_path / "fledge.db")
    person(database)
    database.close()

    def loses_a_row(file: Path) -> dict[str, int]:
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute("DELETE FROM accounts")
        return checked_rows(file)

    monkeypatch.setattr("fledge.database.backup.checked_rows", loses_a_row)
    with pytest.raises(DataError, match="has 0 rows in accounts, the original 1"):
        backup(tmp_path / "fledge.db", tmp_path / "copy.db")
    assert not [path for path in tmp_path.iterdir() if "copy" in path.name]


def test_a_damaged_index_is_found_before_anything_is_filled(tmp_path: Path) -> None:
    """A page that is read by no count: `quick_check` would not look at it."""
    database = open_database(tmp_path / "fledge.db")
    person(database)
    database.close()
    backup(tmp_path / "fledge.db", tmp_path / "copy.db")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as connection, connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "INSERT INTO accounts "
            "(id, login, name, role, password_hash, allows_training, created_at) "
            "SELECT 'b', 'bob', name, role, password_hash, allows_training, created_at "
            "FROM accounts"
        )
        connection.execute(
            "UPDATE sqlite_master SET sql = replace(sql, '(login)', '(name)') "
            "WHERE sql LIKE '%(login)%' AND type = 'index'"
        )
        index = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'sessions' "
            "AND sql IS NOT NULL"
        ).fetchone()[0]
        connection.execute(
            "UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master "
            "WHERE name = 'accounts') WHERE name = ?",
            [index],
        )
    with pytest.raises(DataError, match=r"copy\.db is (damaged|not a backup)"):
        restore(tmp_path / "copy.db", tmp_path / "new.db")
    assert not (tmp_path / "new.db").exists()


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_what_was_written_before_the_rule_of_texts_moves(tmp_path: Path, target: str) -> None:
    database = open_database(tmp_path / "fledge.db")
    ada = person(database, "ada", "owner")
    chat = database.conversations.create(ada, title="Tides")
    database.assistants.create(ada, name="Shop")
    database.close()
    with closing(sqlite3.connect(tmp_path / "fledge.db")) as connection, connection:
        connection.execute("UPDATE accounts SET name = ?", ["A\0da" + "x" * 200])
        connection.execute("UPDATE conversations SET title = ?", ["Ti\0des"])
        connection.execute("UPDATE conversations SET sampling = ?", [r'{"stop": ["\u0000"]}'])
        connection.execute("UPDATE assistants SET suggestions = ?", [r'["a\ud800"]'])
        connection.execute("UPDATE assistants SET sampling = ?", ['{"temperature": NaN}'])
    backup(tmp_path / "fledge.db", tmp_path / "copy.db")
    url = new_postgresql("moved") if target == "postgresql" else str(tmp_path / "new.db")
    restore(tmp_path / "copy.db", url)
    moved = open_database(url)
    assert moved.accounts.get(ada).name == f"A{REPLACEMENT}da" + "x" * 96
    kept = moved.conversations.get(ada, chat.id)
    assert (kept.title, kept.sampling) == (f"Ti{REPLACEMENT}des", {"stop": [REPLACEMENT]})
    (shop,) = moved.assistants.list(ada)
    assert (shop.suggestions, shop.sampling) == ((f"a{REPLACEMENT}",), {"temperature": None})
    moved.close()


def test_a_search_for_no_character_finds_nothing(database: Database) -> None:
    with database.transactions.read() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    assert database.conversations.search(person(database), "\0") == []
