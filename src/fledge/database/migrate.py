"""Migrate the tables once, even if several servers start at the same time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, text

from fledge.database.engine import Transactions, connect
from fledge.errors import DatabaseError

ADVISORY_LOCK = 0x666C65646765  # "fledge", a name among PostgreSQL's advisory locks
MIGRATION_SECONDS = 60.0
"""Seconds to wait for another server that migrates."""


def newest() -> str:
    """Return the revision that this program works with."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def migrate(url: URL, revision: str = "head") -> None:
    """Go forward or back to a revision, in one transaction.

    Raises:
        DatabaseError: a newer fledge made this database, or rows break a foreign key.
        DatabaseUnavailable: it does not answer.
    """
    # SQLite rebuilds a table to change it; with foreign keys on, dropping the old one cascades.
    engine = connect(url, foreign_keys=False)
    try:
        if revision == "head" and _is_ready(Transactions(engine)):
            return  # nothing to write: a lock that another process holds does not matter
        with locked(Transactions(engine)) as connection:
            _refuse_unknown(MigrationContext.configure(connection).get_current_revision())
            _run(connection, revision)
            _refuse_broken_references(connection)
    finally:
        engine.dispose()


@contextmanager
def locked(transactions: Transactions) -> Iterator[Connection]:
    """Open a transaction that excludes other migrations; SQLite's write lock does so by itself."""
    with transactions.write(MIGRATION_SECONDS) as connection:
        if not transactions.is_sqlite:
            connection.execute(text(f"SET LOCAL lock_timeout = '{MIGRATION_SECONDS:g}s'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ADVISORY_LOCK})
        yield connection


def _is_ready(transactions: Transactions) -> bool:
    """Return whether the tables are the newest; raises as `migrate`."""
    with transactions.read() as connection:
        if MigrationContext.configure(connection).get_current_revision() != newest():
            return False
        _refuse_broken_references(connection)
        return True


def _run(connection: Connection, revision: str) -> None:
    config = _config()
    config.attributes["connection"] = connection
    known = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    here = MigrationContext.configure(connection).get_current_revision()
    target = newest() if revision == "head" else revision
    backward = here is not None and (target == "base" or known.index(target) > known.index(here))
    if backward:
        command.downgrade(config, target)
    else:
        command.upgrade(config, target)


def _refuse_unknown(revision: str | None) -> None:
    scripts = ScriptDirectory.from_config(_config())
    known = {script.revision for script in scripts.walk_revisions()}
    if revision is not None and revision not in known:
        raise DatabaseError(
            f"the database is at revision {revision}, which this fledge does not know: a newer "
            "one made it. Upgrade fledge, or restore a backup made before"
        )


def _refuse_broken_references(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise DatabaseError(
            f"{len(broken)} rows name rows that are not there, the first in {broken[0][0]}; "
            "nothing was changed: restore a backup"
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
