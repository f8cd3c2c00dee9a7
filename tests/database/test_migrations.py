import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from databases import answered, person
from fledge.database import Database, open_database
from fledge.database.engine import Transactions, connect, parse_url
from fledge.database.migrate import migrate, newest
from fledge.database.tables import Base
from fledge.errors import DatabaseError

REVISIONS = [f"{number:04}" for number in range(1, 18)]


def ours(object_, name: str, kind: str, reflected: bool, compared: object) -> bool:
    """The search indices are the migrations' own; SQLite keeps them as tables."""
    return "_search" not in (name or "") and name != "alembic_version"


def differences(connection: Connection) -> list[object]:
    options = {"compare_type": True, "include_object": ours}
    return compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)


def at_revision(url: str) -> tuple[str | None, set[str]]:
    engine = connect(parse_url(url))
    with engine.connect() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
        tables = set(inspect(connection).get_table_names()) - {"alembic_version"}
    engine.dispose()
    return revision, tables


def test_the_migrations_make_exactly_the_tables_of_the_code(database: Database) -> None:
    with database.transactions.engine.connect() as connection:
        assert differences(connection) == []


def test_every_step_goes_forward_and_back(empty_url: str) -> None:
    url = parse_url(empty_url)
    seen = []
    for revision in REVISIONS:
        migrate(url, revision)
        seen.append(at_revision(empty_url))
        assert seen[-1][0] == revision
    assert newest() == REVISIONS[-1]
    for revision, tables in reversed(seen[:-1]):
        migrate(url, revision)
        assert at_revision(empty_url) == (revision, tables)
    migrate(url, "base")
    assert at_revision(empty_url) == (None, set())


def test_what_is_stored_survives_leaving_and_making_the_search_again(url: str) -> None:
    database = open_database(url)
    ada = person(database)
    chat = database.conversations.create(ada)
    answered(database, ada, chat.id)
    database.close()
    migrate(parse_url(url), "0005")
    migrate(parse_url(url))
    database = open_database(url)
    assert [turn.content for turn in database.messages.tree(ada, chat.id)] == [
        "Why tides?",
        "The moon.",
    ]
    assert [hit.conversation_id for hit in database.conversations.search(ada, "moon")] == [chat.id]
    database.close()


def test_servers_that_start_together_migrate_once(empty_url: str) -> None:
    failures: list[BaseException] = []
    barrier = threading.Barrier(4)

    def start() -> None:
        barrier.wait()
        try:
            open_database(empty_url).close()
        except DatabaseError as error:
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert at_revision(empty_url)[0] == newest()


def test_a_database_of_a_newer_fledge_is_left_alone(url: str) -> None:
    engine = connect(parse_url(url))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseError, match=r"revision 9999.*Upgrade fledge"):
        open_database(url)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{newest()}'"))
    engine.dispose()


def test_a_migration_that_fails_changes_nothing(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(parse_url(empty_url), "0002")
    before = at_revision(empty_url)

    def refuse(connection: Connection) -> None:
        raise DatabaseError("broken")

    monkeypatch.setattr("fledge.database.migrate._refuse_broken_references", refuse)
    with pytest.raises(DatabaseError, match="broken"):
        migrate(parse_url(empty_url))
    assert at_revision(empty_url) == before


def test_rows_that_point_nowhere_are_named(tmp_path) -> None:
    url = parse_url(tmp_path / "broken.db")
    migrate(url)
    engine = connect(url, foreign_keys=False)
    with Transactions(engine).write() as connection:
        connection.execute(
            text("INSERT INTO usage VALUES ('nobody', '2026-01-01', '', 'tiny', 1, 1, 1)")
        )
    engine.dispose()
    with pytest.raises(DatabaseError, match=r"1 rows name rows that are not there, .* usage"):
        migrate(url)
