"""An index to find the temporary chats that nobody uses any more."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NAME = "ix_conversations_temporary_updated_at"


def upgrade() -> None:
    """Make it."""
    op.create_index(op.f(NAME), "conversations", ["temporary", "updated_at"], unique=False)


def downgrade() -> None:
    """Drop it."""
    op.drop_index(op.f(NAME), "conversations")
