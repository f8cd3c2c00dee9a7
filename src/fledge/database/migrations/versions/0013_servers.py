"""Servers with their heartbeats, the limits that they share, and who asked for a person."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and the columns that name a server or an asker."""
    op.create_table(
        "servers",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("machine", sa.String(length=200), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.Double(), nullable=False),
        sa.Column("beats", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_servers")),
    )
    op.create_table(
        "windows",
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column("minute", sa.Integer(), nullable=False),
        sa.Column("requests", sa.Double(), nullable=False),
        sa.Column("requests_before", sa.Double(), nullable=False),
        sa.Column("tokens", sa.Double(), nullable=False),
        sa.Column("tokens_before", sa.Double(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("day_tokens", sa.BigInteger(), nullable=False),
        sa.Column("requests_limit", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_windows")),
    )
    op.create_index(op.f("ix_windows_minute"), "windows", ["minute"], unique=False)
    op.create_table(
        "holdings",
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column("server_id", sa.String(length=32), nullable=False),
        sa.Column("streams", sa.Integer(), nullable=False),
        sa.Column("reading", sa.BigInteger(), nullable=False),
        sa.Column("promised", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "server_id", name=op.f("pk_holdings")),
    )
    op.create_index(op.f("ix_holdings_server_id"), "holdings", ["server_id"], unique=False)
    op.add_column("runs", sa.Column("server_id", sa.String(length=32), nullable=True))
    op.add_column(
        "runs", sa.Column("stop_asked", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column(
        "hand_overs",
        sa.Column("asked_by", sa.String(length=64), nullable=False, server_default=""),
    )
    op.create_index(
        op.f("ix_hand_overs_asked_by_status"), "hand_overs", ["asked_by", "status"], unique=False
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index(op.f("ix_hand_overs_asked_by_status"), "hand_overs")
    op.drop_column("hand_overs", "asked_by")
    op.drop_column("runs", "stop_asked")
    op.drop_column("runs", "server_id")
    op.drop_table("holdings")
    op.drop_table("windows")
    op.drop_table("servers")
