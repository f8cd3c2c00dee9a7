"""Assignments: the tasks of one labeller, from the lease over the draft to the judgement."""

from typing import Literal

from sqlalchemy import Connection, exists, select, tuple_, update
from sqlalchemy.orm import InstrumentedAttribute

from fledge.database.rows import first, selected
from fledge.database.tables import LabelAssignments, LabelGuidelines, LabelMembers, LabelTasks
from fledge.errors import NotFound
from fledge.feedback.label_work import Assignment


def own_assignment(connection: Connection, account_id: str, assignment_id: str) -> Assignment:
    """Return a labeller's assignment in an open transaction. Raises `NotFound`."""
    query = selected(LabelAssignments, Assignment).where(
        LabelAssignments.id == assignment_id, LabelAssignments.account_id == account_id
    )
    assignment = first(connection, query, Assignment)
    if assignment is None:
        raise NotFound(f"there is no labelling assignment {assignment_id!r}")
    return assignment


def set_fields(connection: Connection, assignment_id: str, **values: object) -> None:
    """Change fields of an assignment."""
    connection.execute(
        update(LabelAssignments).where(LabelAssignments.id == assignment_id).values(values)
    )


def free_slot(connection: Connection, task_id: str, overlap: int) -> int | None:
    """Return the lowest free place of a task, or None. The project must be locked.

    Places from the time of a larger overlap count as well.
    """
    query = select(LabelAssignments.slot).where(
        LabelAssignments.task_id == task_id, LabelAssignments.slot.is_not(None)
    )
    used = set(connection.scalars(query))
    if len(used) >= overlap:
        return None
    return next(slot for slot in range(overlap) if slot not in used)


def add_to_task(
    connection: Connection,
    task_id: str,
    *,
    taken: int = 0,
    finished: int = 0,
    unclear: int = 0,
) -> None:
    """Add to the counts of a task, which may move it in the queue. The project must be locked."""
    connection.execute(
        update(LabelTasks)
        .where(LabelTasks.id == task_id)
        .values(
            num_taken=LabelTasks.num_taken + taken,
            num_finished=LabelTasks.num_finished + finished,
            num_unclear=LabelTasks.num_unclear + unclear,
        )
    )
    if taken:
        look_again(connection, task_id)


def look_again(connection: Connection, task_id: str) -> None:
    """Have labellers who are past a task's place in the queue, and never had it, find it.

    The project must be locked.
    """
    query = select(LabelTasks.project_id, LabelTasks.num_taken, LabelTasks.number).where(
        LabelTasks.id == task_id
    )
    project_id, taken, number = connection.execute(query).one()
    had = exists().where(
        LabelAssignments.task_id == task_id,
        LabelAssignments.account_id == LabelMembers.account_id,
    )
    connection.execute(
        update(LabelMembers)
        .where(
            LabelMembers.project_id == project_id,
            tuple_(LabelMembers.next_taken, LabelMembers.next_number) > (taken, number),
            ~had,
        )
        .values(next_taken=taken, next_number=number)
    )


def add_to_member(
    connection: Connection, assignment: Assignment, now: float, step: Literal[1, -1]
) -> None:
    """Count a finished assignment for its labeller, or with -1 take it back."""
    counted: dict[InstrumentedAttribute[int] | InstrumentedAttribute[float], float] = {
        LabelMembers.seconds: assignment.seconds
    }
    if assignment.state == "skipped":
        counted[LabelMembers.num_skipped] = 1
    elif assignment.state != "done":
        counted[LabelMembers.num_unclear] = 1
    elif assignment.is_gold:
        counted[LabelMembers.num_gold] = 1
        counted[LabelMembers.gold_score] = assignment.gold_score or 0.0
    else:
        counted[LabelMembers.num_done] = 1
    connection.execute(
        update(LabelMembers)
        .where(
            LabelMembers.project_id == assignment.project_id,
            LabelMembers.account_id == assignment.account_id,
        )
        .values(
            {
                LabelMembers.last_at: now,
                **{column: column + step * amount for column, amount in counted.items()},
            }
        )
    )
    if assignment.state == "done":
        add_to_guideline(connection, assignment.project_id, assignment.guideline_version, step)


def add_to_guideline(
    connection: Connection, project_id: str, version: int | None, count: int
) -> None:
    """Add to the judgements under a version of a guideline; None is a project without one."""
    connection.execute(
        update(LabelGuidelines)
        .where(LabelGuidelines.project_id == project_id, LabelGuidelines.version == version)
        .values(num_judgements=LabelGuidelines.num_judgements + count)
    )
