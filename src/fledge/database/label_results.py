"""Results of labelling: progress, history, and the judgements as records."""

from collections.abc import Iterator
from dataclasses import fields

from sqlalchemy import Connection, Select, delete, func, inspect, select, tuple_, update

from fledge.database.engine import Transactions
from fledge.database.label_assignments import add_to_guideline
from fledge.database.label_projects import found_project
from fledge.database.label_tasks import found_task
from fledge.database.rows import every, selected
from fledge.database.tables import (
    Accounts,
    LabelAssignments,
    LabelMembers,
    LabelProjects,
    LabelTasks,
)
from fledge.feedback.label_work import (
    COUNTED,
    Assignment,
    Judged,
    LabelProject,
    LabelTask,
    MemberProgress,
)

ROWS_AT_ONCE = 200


class LabelResults:
    """Reader of what labellers did. It never holds a transaction open between two rows."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def members(self, project_id: str) -> list[MemberProgress]:
        """Return the counts of every labeller of a project, by name. Raises `NotFound`."""
        return self.standing(project_id)[1]

    def standing(self, project_id: str) -> tuple[LabelProject, list[MemberProgress]]:
        """Return a project with the counts of its labellers, by name. Raises `NotFound`."""
        query = (
            _progress()
            .where(LabelMembers.project_id == project_id)
            .order_by(Accounts.name, Accounts.id)
        )
        with self._transactions.read() as connection:
            project = found_project(connection, project_id)
            return project, every(connection, query, MemberProgress)

    def of_person(self, account_id: str) -> dict[str, MemberProgress]:
        """Return a labeller's own counts, by project."""
        query = _progress().add_columns(LabelMembers.project_id)
        with self._transactions.read() as connection:
            rows = connection.execute(query.where(LabelMembers.account_id == account_id))
            return {
                row.pop("project_id"): MemberProgress(**row) for row in map(dict, rows.mappings())
            }

    def task_of(self, assignment: Assignment) -> tuple[LabelTask, LabelProject]:
        """Return the task of an assignment, and its project."""
        with self._transactions.read() as connection:
            project = found_project(connection, assignment.project_id)
            return found_task(connection, assignment.task_id), project

    def with_tasks(self, assignments: list[Assignment]) -> list[Judged]:
        """Return assignments with their tasks, in the given order."""
        query = selected(LabelTasks, LabelTask).where(
            LabelTasks.id.in_([each.task_id for each in assignments])
        )
        with self._transactions.read() as connection:
            tasks = {task.id: task for task in every(connection, query, LabelTask)}
        return [Judged(each, tasks[each.task_id]) for each in assignments if each.task_id in tasks]

    def history(
        self,
        account_id: str,
        project_id: str,
        *,
        limit: int,
        before: tuple[float, str] | None = None,
    ) -> list[Assignment]:
        """Return a labeller's finished assignments, the newest first, from before a time and id."""
        query = selected(LabelAssignments, Assignment).where(
            LabelAssignments.account_id == account_id,
            LabelAssignments.project_id == project_id,
            LabelAssignments.finished_at.is_not(None),
        )
        if before is not None:
            place = tuple_(LabelAssignments.finished_at, LabelAssignments.id)
            query = query.where(place < before)
        newest = query.order_by(LabelAssignments.finished_at.desc(), LabelAssignments.id.desc())
        with self._transactions.read() as connection:
            found_project(connection, project_id)
            return every(connection, newest.limit(limit), Assignment)

    def begun(self, account_id: str, project_id: str) -> list[Assignment]:
        """Return a labeller's open assignments that have a draft, the one begun last first."""
        query = selected(LabelAssignments, Assignment).where(
            LabelAssignments.account_id == account_id,
            LabelAssignments.project_id == project_id,
            LabelAssignments.finished_at.is_(None),
            LabelAssignments.draft.is_not(None),
        )
        with self._transactions.read() as connection:
            newest = query.order_by(LabelAssignments.leased_at.desc(), LabelAssignments.id.desc())
            return every(connection, newest, Assignment)

    def every(self, account_id: str) -> list[Assignment]:
        """Return all assignments of a person, the oldest first, for the export of their data."""
        query = (
            selected(LabelAssignments, Assignment)
            .where(LabelAssignments.account_id == account_id)
            .order_by(LabelAssignments.leased_at, LabelAssignments.id)
        )
        with self._transactions.read() as connection:
            return every(connection, query, Assignment)

    def judgements(self, project_id: str, *, is_gold: bool = False) -> Iterator[Judged]:
        """Yield the judgements of people who allow training, a few rows in memory at a time.

        Those of withdrawn tasks are left out: their prompts may hold personal data.
        """
        after = ""
        while True:
            query = _judged(project_id, is_gold).where(LabelAssignments.id > after)
            query = query.order_by(LabelAssignments.id).limit(ROWS_AT_ONCE)
            with self._transactions.read() as connection:
                part = every(connection, query, Assignment)
            if not part:
                return
            yield from self.with_tasks(part)
            after = part[-1].id

    def newest(self, project_id: str, count: int) -> list[Judged]:
        """Return at most `count` of what `judgements` yields, of the tasks that were given last."""
        query = _judged(project_id, is_gold=False)
        query = query.order_by(LabelAssignments.id.desc()).limit(count)
        with self._transactions.read() as connection:
            part = every(connection, query, Assignment)
        return self.with_tasks(part)


def _judged(project_id: str, is_gold: bool) -> "Select[*tuple[object, ...]]":
    return (
        selected(LabelAssignments, Assignment)
        .join(Accounts, Accounts.id == LabelAssignments.account_id)
        .join(LabelTasks, LabelTasks.id == LabelAssignments.task_id)
        .where(
            LabelAssignments.project_id == project_id,
            LabelAssignments.state == "done",
            LabelTasks.is_withdrawn.is_(False),
            LabelAssignments.is_gold.is_(is_gold),
            Accounts.allows_training.is_(True),
        )
    )


def forget_labeller(connection: Connection, account_id: str) -> None:
    """Delete all work of a person who is erased; their tasks go back to the queue."""
    mine = select(LabelMembers.project_id).where(LabelMembers.account_id == account_id)
    projects = select(LabelProjects.id).where(LabelProjects.id.in_(mine)).order_by(LabelProjects.id)
    connection.execute(projects.with_for_update(key_share=True)).all()
    work = LabelAssignments.account_id == account_id
    for condition, column in (
        (LabelAssignments.slot.is_not(None), LabelTasks.num_taken),
        (LabelAssignments.state.in_(COUNTED), LabelTasks.num_finished),
        (LabelAssignments.state.in_(COUNTED[1:]), LabelTasks.num_unclear),
    ):
        theirs = select(LabelAssignments.task_id).where(work, condition)
        connection.execute(
            update(LabelTasks).where(LabelTasks.id.in_(theirs)).values({column: column - 1})
        )
    _uncount_guidelines(connection, account_id)
    connection.execute(delete(LabelAssignments).where(work))
    connection.execute(
        update(LabelMembers)
        .where(LabelMembers.project_id.in_(mine))
        .values(next_taken=0, next_number=0)
    )


def _uncount_guidelines(connection: Connection, account_id: str) -> None:
    query = (
        select(LabelAssignments.project_id, LabelAssignments.guideline_version, func.count())
        .where(LabelAssignments.account_id == account_id, LabelAssignments.state == "done")
        .group_by(LabelAssignments.project_id, LabelAssignments.guideline_version)
    )
    for project_id, version, count in connection.execute(query).all():
        add_to_guideline(connection, project_id, version, -count)


def _progress() -> "Select[*tuple[object, ...]]":
    counts = inspect(LabelMembers).column_attrs
    own = {"name": Accounts.name, "allows_training": Accounts.allows_training}
    columns = (
        own[field.name] if field.name in own else counts[field.name].class_attribute
        for field in fields(MemberProgress)
    )
    return select(*columns).join(Accounts, Accounts.id == LabelMembers.account_id)
