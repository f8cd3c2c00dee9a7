"""Full-text indices of messages and of chunks: FTS5 in SQLite, GIN in PostgreSQL.

SQLite's index keeps no text of its own: triggers tell it what a row says and what it said. A
message is not in it while a model writes it, so that saving a growing answer costs nothing more.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

WORDS = "unicode61 remove_diacritics 2"


def upgrade() -> None:
    """Make both indices."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE INDEX messages_search ON messages "
            "USING gin (to_tsvector('simple', content)) WHERE status <> 'running'"
        )
        op.execute(
            "CREATE INDEX chunks_search ON chunks "
            "USING gin (to_tsvector('english', heading || ' ' || content))"
        )
        return
    _index("messages", "number", ("content",), WORDS, "{row}.status <> 'running'")
    _index("chunks", "id", ("heading", "content"), f"porter {WORDS}", "TRUE")


def downgrade() -> None:
    """Drop both."""
    for table in ("messages", "chunks"):
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"DROP INDEX {table}_search")
            continue
        for trigger in ("added", "changed", "changing", "deleted"):
            op.execute(f"DROP TRIGGER {table}_search_{trigger}")
        op.execute(f"DROP TABLE {table}_search")


def _index(
    table: str, number: str, columns: tuple[str, ...], tokenizer: str, condition: str
) -> None:
    """An index of some columns; `condition`, of a row, says whether it is in it."""
    names = ", ".join(columns)
    op.execute(
        f"CREATE VIRTUAL TABLE {table}_search USING fts5("
        f"{names}, content='{table}', content_rowid='{number}', tokenize='{tokenizer}')"
    )
    there = condition.format(row=table)
    op.execute(
        f"INSERT INTO {table}_search(rowid, {names}) "
        f"SELECT {number}, {names} FROM {table} WHERE {there}"
    )
    added = ", ".join(f"new.{column}" for column in columns)
    removed = ", ".join(f"old.{column}" for column in columns)
    add = f"INSERT INTO {table}_search(rowid, {names}) VALUES (new.{number}, {added})"
    remove = (
        f"INSERT INTO {table}_search({table}_search, rowid, {names}) "
        f"VALUES ('delete', old.{number}, {removed})"
    )
    old, new = condition.format(row="old"), condition.format(row="new")
    for name, moment, when, action in (
        ("added", "AFTER INSERT", new, add),
        ("changing", "BEFORE UPDATE", old, remove),
        ("changed", "AFTER UPDATE", new, add),
        ("deleted", "AFTER DELETE", old, remove),
    ):
        op.execute(
            f"CREATE TRIGGER {table}_search_{name} {moment} ON {table} "
            f"WHEN {when} BEGIN {action}; END"
        )
