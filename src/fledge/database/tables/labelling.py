"""Labelling: projects, their guidelines and tasks, and the work of the labellers."""

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from fledge.database.tables.base import Base, Id, Json, Strings

JsonList = JSON().with_variant(JSONB(), "postgresql")
OptionalJson = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class LabelProjects(Base):
    """Project of one kind: demonstrate, rate, rank or compare.

    `overlap` is the number of people who judge each task. `gold_percent` of the tasks that a
    labeller gets are gold. `num_tasks` counts tasks in the queue, without gold.
    """

    __tablename__ = "label_projects"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    layout: Mapped[str] = mapped_column(String(16))
    overlap: Mapped[int]
    lease_minutes: Mapped[int]
    gold_percent: Mapped[int]
    is_open: Mapped[bool]
    num_tasks: Mapped[int]
    num_gold: Mapped[int]
    num_withdrawn: Mapped[int]
    created_at: Mapped[float]
    updated_at: Mapped[float]


class LabelGuidelines(Base):
    """Version of a project's guideline, in Markdown; the highest version is the current one."""

    __tablename__ = "label_guidelines"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("label_projects.id", ondelete="CASCADE"))
    version: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    num_judgements: Mapped[int]
    created_at: Mapped[float]

    __table_args__ = (UniqueConstraint("project_id", "version"),)


class LabelTasks(Base):
    """Prompt with the answers to judge.

    `key` is its name in the project, `digest` the same for the same prompt and answers. `num_taken`
    counts labellers who hold or have finished it, `num_finished` those who have finished. Only a
    manager puts a task back that is `withdrawn_by_manager`.
    """

    __tablename__ = "label_tasks"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("label_projects.id", ondelete="CASCADE"))
    number: Mapped[int]
    key: Mapped[str] = mapped_column(String(100))
    digest: Mapped[str] = mapped_column(String(64))
    prompt: Mapped[list[dict[str, object]]] = mapped_column(JsonList)
    answers: Mapped[list[dict[str, object]]] = mapped_column(JsonList)
    gold: Mapped[Json | None] = mapped_column(OptionalJson)
    is_gold: Mapped[bool]
    source: Mapped[str | None] = mapped_column(String(100))
    consent: Mapped[bool | None]
    pseudonym: Mapped[str | None] = mapped_column(String(100))
    num_taken: Mapped[int]
    num_finished: Mapped[int]
    num_unclear: Mapped[int]
    is_withdrawn: Mapped[bool]
    withdrawn_by_manager: Mapped[bool] = mapped_column(server_default=false())
    created_at: Mapped[float]

    __table_args__ = (
        UniqueConstraint("project_id", "key"),
        UniqueConstraint("project_id", "digest"),
        UniqueConstraint("project_id", "number"),
        Index(
            "ix_label_tasks_queue",
            "project_id",
            "is_withdrawn",
            "is_gold",
            "num_taken",
            "number",
            "id",
        ),
    )


class LabelMembers(Base):
    """Counts of one labeller in one project; `num_drawn` decides where gold tasks come.

    Every task before `next_taken` and `next_number`, in the order of the queue, was the labeller's
    already.
    """

    __tablename__ = "label_members"

    project_id: Mapped[str] = mapped_column(
        ForeignKey("label_projects.id", ondelete="CASCADE"), primary_key=True
    )
    account_id: Mapped[str] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    num_drawn: Mapped[int]
    next_taken: Mapped[int]
    next_number: Mapped[int]
    num_done: Mapped[int]
    num_skipped: Mapped[int]
    num_unclear: Mapped[int]
    num_gold: Mapped[int]
    gold_score: Mapped[float]
    seconds: Mapped[float]
    last_at: Mapped[float]


class LabelAssignments(Base):
    """Task of one labeller, from the lease over the draft to the judgement.

    `slot` is the place among the `overlap` of the task that the labeller holds or has used; no two
    labellers have the same. It is empty for gold tasks, after a skip, and when the lease has ended.
    """

    __tablename__ = "label_assignments"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("label_projects.id", ondelete="CASCADE"))
    task_id: Mapped[str] = mapped_column(ForeignKey("label_tasks.id", ondelete="CASCADE"))
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(String(16))
    slot: Mapped[int | None]
    is_gold: Mapped[bool]
    guideline_version: Mapped[int | None]
    shown: Mapped[tuple[str, ...]] = mapped_column(Strings)
    draft: Mapped[Json | None] = mapped_column(OptionalJson)
    judgement: Mapped[Json | None] = mapped_column(OptionalJson)
    notes: Mapped[str] = mapped_column(Text)
    seconds: Mapped[float]
    gold_score: Mapped[float | None]
    leased_at: Mapped[float]
    expires_at: Mapped[float | None]
    finished_at: Mapped[float | None]
    used_at: Mapped[float | None]

    __table_args__ = (
        UniqueConstraint("task_id", "account_id"),
        UniqueConstraint("task_id", "slot"),
        Index(None, "account_id", "project_id", "finished_at"),
        Index(None, "project_id", "expires_at"),
        Index(None, "project_id", "state", "id"),
        Index(None, "project_id", "guideline_version"),
    )
