"""E-mail addresses of accounts and invitations, and links for lost passwords."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the columns and the table."""
    op.add_column("accounts", sa.Column("email", sa.String(length=254), nullable=True))
    op.create_index(op.f("ix_accounts_email"), "accounts", ["email"], unique=True)
    op.add_column("invitations", sa.Column("email", sa.String(length=254), nullable=True))
    op.create_table(
        "password_resets",
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_password_resets_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_password_resets")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_password_resets_token_hash")),
    )
    op.create_index(
        op.f("ix_password_resets_expires_at"), "password_resets", ["expires_at"], unique=False
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("password_resets")
    op.drop_column("invitations", "email")
    op.drop_index(op.f("ix_accounts_email"), "accounts")
    op.drop_column("accounts", "email")
