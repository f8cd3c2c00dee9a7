"""Folders of chats."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, and a column of chats that names a folder."""
    op.create_table(
        "folders",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_folders_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_folders")),
    )
    op.create_index(op.f("ix_folders_account_id"), "folders", ["account_id"], unique=False)
    with op.batch_alter_table("conversations") as chats:
        chats.add_column(sa.Column("folder_id", sa.String(length=32), nullable=True))
        chats.create_foreign_key(
            op.f("fk_conversations_folder_id"),
            "folders",
            ["folder_id"],
            ["id"],
            ondelete="SET NULL",
        )
        chats.create_index(op.f("ix_conversations_folder_id"), ["folder_id"], unique=False)


def downgrade() -> None:
    """Drop them; the chats stay."""
    with op.batch_alter_table("conversations") as chats:
        chats.drop_index(op.f("ix_conversations_folder_id"))
        chats.drop_constraint(op.f("fk_conversations_folder_id"), type_="foreignkey")
        chats.drop_column("folder_id")
    op.drop_table("folders")
