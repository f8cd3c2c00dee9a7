"""Queue of labelling: who gets which task, and for how long."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Select, delete, exists, insert, select, tuple_, update

from fledge.database.engine import Transactions
from fledge.database.label_assignments import (
    add_to_task,
    free_slot,
    own_assignment,
    set_fields,
)
from fledge.database.label_projects import current_version, locked_project
from fledge.database.label_tasks import found_task
from fledge.database.rows import every, first, selected, values_of
from fledge.database.tables import LabelAssignments, LabelMembers, LabelTasks, new_id
from fledge.errors import Conflict
from fledge.feedback.blind import blind_order
from fledge.feedback.gold import is_gold_turn
from fledge.feedback.label_work import Assignment, LabelProject, LabelTask


@dataclass(frozen=True, slots=True)
class Member:
    """Place of a labeller in the queue: tasks before it were theirs already."""

    account_id: str
    num_drawn: int
    next_taken: int
    next_number: int


class LabelQueue:
    """Queue of the tasks of all projects.

    Every change of a queue locks its project, so two labellers never get the same place of a task.
    """

    def __init__(self, transactions: Transactions, clock: Callable[[], float]) -> None:
        self._transactions = transactions
        self._clock = clock

    def draw(self, account_id: str, project_id: str) -> Assignment | None:
        """Return the task that a labeller has begun, or else the one that misses most.

        None means that nothing is left for this person.

        Raises:
            NotFound: there is no such project.
            Conflict: it is closed.
        """
        now = self._clock()
        with self._transactions.write() as connection:
            project = locked_project(connection, project_id)
            if not project.is_open:
                raise Conflict(f"the project {project.name!r} is closed")
            _end_leases(connection, project_id, now)
            begun = _begun(connection, account_id, project, now)
            if begun is not None:
                return begun
            member = _member(connection, account_id, project_id, now)
            task = _next_task(connection, member, project)
            if task is None:
                return None
            return _assign(connection, account_id, project, task, now)

    def get(self, account_id: str, assignment_id: str) -> Assignment:
        """Return one of a labeller's assignments. Raises `NotFound`."""
        with self._transactions.read() as connection:
            return own_assignment(connection, account_id, assignment_id)

    def save_draft(
        self, account_id: str, assignment_id: str, draft: dict[str, object], seconds: float
    ) -> Assignment:
        """Keep a draft and renew the lease; a draft is kept even if the lease has ended.

        Raises:
            NotFound: it is unknown, or another's.
            Conflict: it is finished.
        """
        now = self._clock()
        with self._transactions.write() as connection:
            project_id = own_assignment(connection, account_id, assignment_id).project_id
            project = locked_project(connection, project_id)
            assignment = own_assignment(connection, account_id, assignment_id)
            if assignment.state != "open":
                raise Conflict("this task is finished; undo it to change it")
            held = with_lease(connection, assignment, project, now)
            seconds = max(seconds, assignment.seconds)
            set_fields(connection, assignment_id, draft=draft, seconds=seconds)
        return replace(held, draft=draft, seconds=seconds)


def with_lease(
    connection: Connection, assignment: Assignment, project: LabelProject, now: float
) -> Assignment:
    """Renew the lease of an assignment, or take a free place of its task again.

    Where others have taken all places, the assignment stays without one. The project must be
    locked.
    """
    slot = assignment.slot
    if not assignment.is_held:
        slot = free_slot(connection, assignment.task_id, project.overlap)
        if slot is not None:
            add_to_task(connection, assignment.task_id, taken=1)
    is_held = assignment.is_gold or slot is not None
    expires_at = now + 60 * project.lease_minutes if is_held else None
    set_fields(connection, assignment.id, slot=slot, expires_at=expires_at)
    return replace(assignment, slot=slot, expires_at=expires_at)


def _end_leases(connection: Connection, project_id: str, now: float) -> None:
    """Give back the places whose time has passed; drafts stay.

    Gold has no place to give back, but its time ends alike, so that labellers can't tell.
    """
    query = select(LabelAssignments.id, LabelAssignments.task_id, LabelAssignments.is_gold).where(
        LabelAssignments.project_id == project_id, LabelAssignments.expires_at <= now
    )
    for assignment_id, task_id, is_gold in connection.execute(query).all():
        set_fields(connection, assignment_id, slot=None, expires_at=None)
        if not is_gold:
            add_to_task(connection, task_id, taken=-1)


def _begun(
    connection: Connection, account_id: str, project: LabelProject, now: float
) -> Assignment | None:
    """Return the labeller's open task with a lease, the one begun last first.

    One without a free place is given back, unless it has a draft: that work is never lost.
    """
    query = (
        selected(LabelAssignments, Assignment)
        .join(LabelTasks, LabelTasks.id == LabelAssignments.task_id)
        .where(
            LabelAssignments.account_id == account_id,
            LabelAssignments.project_id == project.id,
            LabelAssignments.finished_at.is_(None),
            LabelTasks.is_withdrawn.is_(False),
        )
        .order_by(LabelAssignments.leased_at.desc(), LabelAssignments.id.desc())
    )
    for assignment in every(connection, query, Assignment):
        held = with_lease(connection, assignment, project, now)
        if held.is_held or held.draft is not None:
            return held
        connection.execute(delete(LabelAssignments).where(LabelAssignments.id == held.id))
    return None


def _member(connection: Connection, account_id: str, project_id: str, now: float) -> Member:
    """Return where a labeller stands; the first draw makes them a member."""
    query = selected(LabelMembers, Member).where(
        LabelMembers.project_id == project_id, LabelMembers.account_id == account_id
    )
    member = first(connection, query, Member)
    if member is None:
        connection.execute(insert(LabelMembers).values(newcomer(project_id, account_id, now)))
        return Member(account_id, 0, 0, 0)
    return member


def newcomer(project_id: str, account_id: str, now: float) -> dict[str, object]:
    """Return the row of a labeller who has drawn nothing yet."""
    return {
        "project_id": project_id,
        "account_id": account_id,
        "num_drawn": 0,
        "next_taken": 0,
        "next_number": 0,
        "num_done": 0,
        "num_skipped": 0,
        "num_unclear": 0,
        "num_gold": 0,
        "gold_score": 0.0,
        "seconds": 0.0,
        "last_at": now,
    }


def _next_task(connection: Connection, member: Member, project: LabelProject) -> LabelTask | None:
    """Return a gold task at its turn, else the task with the fewest labellers."""
    task_id = None
    seed = f"{project.id}\n{member.account_id}"
    if is_gold_turn(seed, member.num_drawn, project.gold_percent):
        task_id = connection.scalar(_unseen(member, project, is_gold=True))
    if task_id is None:
        task_id = _next_plain(connection, member, project)
    return None if task_id is None else found_task(connection, task_id)


def _next_plain(connection: Connection, member: Member, project: LabelProject) -> str | None:
    """Return the first task that misses labellers, and remember the place for the next draw."""
    query = _unseen(member, project, is_gold=False).add_columns(
        LabelTasks.num_taken, LabelTasks.number
    )
    place = tuple_(LabelTasks.num_taken, LabelTasks.number)
    found = connection.execute(
        query.where(place >= (member.next_taken, member.next_number))
    ).first()
    taken, number = (project.overlap, 0) if found is None else (found.num_taken, found.number)
    connection.execute(
        update(LabelMembers)
        .where(LabelMembers.project_id == project.id, LabelMembers.account_id == member.account_id)
        .values(next_taken=taken, next_number=number)
    )
    return None if found is None else str(found.id)


def _unseen(member: Member, project: LabelProject, *, is_gold: bool) -> "Select[str]":
    """Select the first task that misses labellers and that this one has not had yet."""
    had = exists().where(
        LabelAssignments.task_id == LabelTasks.id,
        LabelAssignments.account_id == member.account_id,
    )
    return (
        select(LabelTasks.id)
        .where(
            LabelTasks.project_id == project.id,
            LabelTasks.is_withdrawn.is_(False),
            LabelTasks.is_gold.is_(is_gold),
            LabelTasks.num_taken < project.overlap,
            ~had,
        )
        .order_by(LabelTasks.num_taken, LabelTasks.number)
        .limit(1)
    )


def _assign(
    connection: Connection, account_id: str, project: LabelProject, task: LabelTask, now: float
) -> Assignment:
    slot = None if task.is_gold else free_slot(connection, task.id, project.overlap)
    assert task.is_gold or slot is not None
    assignment = Assignment(
        id=new_id(now),
        project_id=project.id,
        task_id=task.id,
        account_id=account_id,
        state="open",
        slot=slot,
        is_gold=task.is_gold,
        guideline_version=current_version(connection, project.id),
        shown=blind_order(account_id, task.id, task.answer_ids),
        draft=None,
        judgement=None,
        notes="",
        seconds=0.0,
        gold_score=None,
        leased_at=now,
        expires_at=now + 60 * project.lease_minutes,
        finished_at=None,
        used_at=None,
    )
    connection.execute(insert(LabelAssignments).values(values_of(assignment)))
    if not task.is_gold:
        add_to_task(connection, task.id, taken=1)
    connection.execute(
        update(LabelMembers)
        .where(LabelMembers.project_id == project.id, LabelMembers.account_id == account_id)
        .values(num_drawn=LabelMembers.num_drawn + 1)
    )
    return assignment
