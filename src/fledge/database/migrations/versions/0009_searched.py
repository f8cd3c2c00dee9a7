"""Search in scripts without spaces: the indices read a folded text where it is not ASCII.

The text is made by `fledge.database.folding`, because neither database can cut it. Rows written
before get theirs here. SQLite's index keeps no text; triggers tell it the old and the new one.
"""

from importlib import import_module

import sqlalchemy as sa
from alembic import op

from fledge.database.folding import indexed
from fledge.database.full_text import INDEXED_CHUNK, INDEXED_MESSAGE

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

AT_ONCE = 1_000
"""Rows read in one go."""
WORDS = "unicode61 remove_diacritics 2"
BEFORE = import_module("fledge.database.migrations.versions.0006_search")


def upgrade() -> None:
    """Add the folded texts and index them."""
    BEFORE.downgrade()
    op.add_column("messages", sa.Column("searched", sa.Text(), nullable=True))
    op.add_column("chunks", sa.Column("searched", sa.Text(), nullable=True))
    _fill("messages", "number", "content")
    _fill("chunks", "id", "heading || ' ' || content")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE INDEX messages_search ON messages "
            f"USING gin (to_tsvector('simple', {INDEXED_MESSAGE})) WHERE status <> 'running'"
        )
        op.execute(
            "CREATE INDEX chunks_search ON chunks "
            f"USING gin (to_tsvector('english', {INDEXED_CHUNK}))"
        )
        return
    message = "coalesce({row}.searched, {row}.content)"
    chunk = "coalesce({row}.searched, {row}.heading || ' ' || {row}.content)"
    _index("messages", "number", message, WORDS, "{row}.status <> 'running'")
    _index("chunks", "id", chunk, f"porter {WORDS}", "TRUE")


def downgrade() -> None:
    """Index the texts themselves again."""
    BEFORE.downgrade()
    op.drop_column("messages", "searched")
    op.drop_column("chunks", "searched")
    BEFORE.upgrade()


def _fill(table: str, number: str, text: str) -> None:
    connection = op.get_bind()
    last = -1
    read = sa.text(
        f"SELECT {number}, {text} FROM {table} WHERE {number} > :last "
        f"ORDER BY {number} LIMIT {AT_ONCE}"
    )
    write = sa.text(f"UPDATE {table} SET searched = :searched WHERE {number} = :number")
    while rows := connection.execute(read, {"last": last}).all():
        last = rows[-1][0]
        folded = [
            {"number": row, "searched": searched}
            for row, content in rows
            if (searched := indexed(content)) is not None
        ]
        if folded:
            connection.execute(write, folded)


def _index(table: str, number: str, text: str, tokenizer: str, condition: str) -> None:
    """Make an index of one text; `condition`, of a row, says whether it is in it."""
    index = f"{table}_search"
    op.execute(f"CREATE VIRTUAL TABLE {index} USING fts5(text, content='', tokenize='{tokenizer}')")
    there = condition.format(row=table)
    op.execute(
        f"INSERT INTO {index}(rowid, text) "
        f"SELECT {number}, {text.format(row=table)} FROM {table} WHERE {there}"
    )
    add = f"INSERT INTO {index}(rowid, text) VALUES (new.{number}, {text.format(row='new')})"
    remove = (
        f"INSERT INTO {index}({index}, rowid, text) "
        f"VALUES ('delete', old.{number}, {text.format(row='old')})"
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
