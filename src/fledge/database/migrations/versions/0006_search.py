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
            "CREATE INDEX chunks_search ON chunks USING gin (to_tsvector('english', content))"
        )
        return
    _index("messages", "number", WORDS)
    _triggers("messages", "number", "{row}.status <> 'running'")
    _index("chunks", "id", f"porter {WORDS}")
    _triggers("chunks", "id", "TRUE")


def downgrade() -> None:
    """Drop both."""
    for table in ("messages", "chunks"):
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"DROP INDEX {table}_search")
            continue
        for trigger in ("added", "changed", "changing", "deleted"):
            op.execute(f"DROP TRIGGER {table}_search_{trigger}")
        op.execute(f"DROP TABLE {table}_search")


def _index(table: str, number: str, tokenizer: str) -> None:
    op.execute(
        f"CREATE VIRTUAL TABLE {table}_search USING fts5("
        f"content, content='{table}', content_rowid='{number}', tokenize='{tokenizer}')"
    )


def _triggers(table: str, number: str, condition: str) -> None:
    """`condition`, of a row, says whether it is in the index."""
    old, new = condition.format(row="old"), condition.format(row="new")
    add = f"INSERT INTO {table}_search(rowid, content) VALUES (new.{number}, new.content)"
    remove = (
        f"INSERT INTO {table}_search({table}_search, rowid, content) "
        f"VALUES ('delete', old.{number}, old.content)"
    )
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
