"""Labelling: whether a manager took a task out of the queue, or a labeller's report did."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the column; a withdrawn task that nobody reported was withdrawn by a manager."""
    op.add_column(
        "label_tasks",
        sa.Column("withdrawn_by_manager", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    tasks = sa.table(
        "label_tasks",
        sa.column("id", sa.String()),
        sa.column("is_withdrawn", sa.Boolean()),
        sa.column("withdrawn_by_manager", sa.Boolean()),
    )
    assignments = sa.table(
        "label_assignments", sa.column("task_id", sa.String()), sa.column("state", sa.String())
    )
    reported = sa.exists().where(
        assignments.c.task_id == tasks.c.id, assignments.c.state == "personal_data"
    )
    op.execute(
        sa.update(tasks)
        .where(tasks.c.is_withdrawn.is_(sa.true()), ~reported)
        .values(withdrawn_by_manager=sa.true())
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_column("label_tasks", "withdrawn_by_manager")
