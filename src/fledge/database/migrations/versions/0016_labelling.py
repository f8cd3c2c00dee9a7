"""Labelling: projects, guidelines, tasks, and the work of the labellers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    make_projects()
    make_tasks()
    make_assignments()


def make_projects() -> None:
    """Make the tables of projects, guidelines and members."""
    op.create_table(
        "label_projects",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("layout", sa.String(length=16), nullable=False),
        sa.Column("overlap", sa.Integer(), nullable=False),
        sa.Column("lease_minutes", sa.Integer(), nullable=False),
        sa.Column("gold_percent", sa.Integer(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("num_tasks", sa.Integer(), nullable=False),
        sa.Column("num_gold", sa.Integer(), nullable=False),
        sa.Column("num_withdrawn", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_projects")),
        sa.UniqueConstraint("name", name=op.f("uq_label_projects_name")),
    )
    op.create_table(
        "label_guidelines",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("num_judgements", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["label_projects.id"],
            name=op.f("fk_label_guidelines_project_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_guidelines")),
        sa.UniqueConstraint(
            "project_id", "version", name=op.f("uq_label_guidelines_project_id_version")
        ),
    )
    op.create_table(
        "label_members",
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("num_drawn", sa.Integer(), nullable=False),
        sa.Column("next_taken", sa.Integer(), nullable=False),
        sa.Column("next_number", sa.Integer(), nullable=False),
        sa.Column("num_done", sa.Integer(), nullable=False),
        sa.Column("num_skipped", sa.Integer(), nullable=False),
        sa.Column("num_unclear", sa.Integer(), nullable=False),
        sa.Column("num_gold", sa.Integer(), nullable=False),
        sa.Column("gold_score", sa.Double(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("last_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_label_members_account_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["label_projects.id"],
            name=op.f("fk_label_members_project_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "account_id", name=op.f("pk_label_members")),
    )
    op.create_index(
        op.f("ix_label_members_account_id"), "label_members", ["account_id"], unique=False
    )


def make_tasks() -> None:
    """Make the table of tasks."""
    op.create_table(
        "label_tasks",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("prompt", JSON, nullable=False),
        sa.Column("answers", JSON, nullable=False),
        sa.Column("gold", JSON, nullable=True),
        sa.Column("is_gold", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=True),
        sa.Column("consent", sa.Boolean(), nullable=True),
        sa.Column("pseudonym", sa.String(length=100), nullable=True),
        sa.Column("num_taken", sa.Integer(), nullable=False),
        sa.Column("num_finished", sa.Integer(), nullable=False),
        sa.Column("num_unclear", sa.Integer(), nullable=False),
        sa.Column("is_withdrawn", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["label_projects.id"],
            name=op.f("fk_label_tasks_project_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_tasks")),
        sa.UniqueConstraint("project_id", "digest", name=op.f("uq_label_tasks_project_id_digest")),
        sa.UniqueConstraint("project_id", "key", name=op.f("uq_label_tasks_project_id_key")),
        sa.UniqueConstraint("project_id", "number", name=op.f("uq_label_tasks_project_id_number")),
    )
    op.create_index(
        "ix_label_tasks_queue",
        "label_tasks",
        ["project_id", "is_withdrawn", "is_gold", "num_taken", "number", "id"],
        unique=False,
    )


def make_assignments() -> None:
    """Make the table of the labellers' work."""
    op.create_table(
        "label_assignments",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("task_id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=True),
        sa.Column("is_gold", sa.Boolean(), nullable=False),
        sa.Column("guideline_version", sa.Integer(), nullable=True),
        sa.Column("shown", JSON, nullable=False),
        sa.Column("draft", JSON, nullable=True),
        sa.Column("judgement", JSON, nullable=True),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("gold_score", sa.Double(), nullable=True),
        sa.Column("leased_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=True),
        sa.Column("finished_at", sa.Double(), nullable=True),
        sa.Column("used_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_label_assignments_account_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["label_projects.id"],
            name=op.f("fk_label_assignments_project_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["task_id"],
            ["label_tasks.id"],
            name=op.f("fk_label_assignments_task_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_assignments")),
        sa.UniqueConstraint(
            "task_id", "account_id", name=op.f("uq_label_assignments_task_id_account_id")
        ),
        sa.UniqueConstraint("task_id", "slot", name=op.f("uq_label_assignments_task_id_slot")),
    )
    op.create_index(
        op.f("ix_label_assignments_account_id_project_id_finished_at"),
        "label_assignments",
        ["account_id", "project_id", "finished_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_label_assignments_project_id_expires_at"),
        "label_assignments",
        ["project_id", "expires_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_label_assignments_project_id_guideline_version"),
        "label_assignments",
        ["project_id", "guideline_version"],
        unique=False,
    )
    op.create_index(
        op.f("ix_label_assignments_project_id_state_id"),
        "label_assignments",
        ["project_id", "state", "id"],
        unique=False,
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("label_assignments")
    op.drop_table("label_tasks")
    op.drop_table("label_members")
    op.drop_table("label_guidelines")
    op.drop_table("label_projects")
