"""Steps of labellers: judge a task, skip it, report its prompt, and undo the last step."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import Connection, select, update

from fledge.database.engine import Transactions
from fledge.database.label_assignments import (
    add_to_member,
    add_to_task,
    own_assignment,
    set_fields,
)
from fledge.database.label_projects import locked_project
from fledge.database.label_queue import with_lease
from fledge.database.label_tasks import found_task, restore_reported, set_withdrawn
from fledge.database.rows import first, selected
from fledge.database.tables import LabelAssignments
from fledge.errors import Conflict, NotFound
from fledge.feedback.blind import letters_of
from fledge.feedback.gold import gold_from, gold_score
from fledge.feedback.judgements import Judgement, require_judgement
from fledge.feedback.label_work import COUNTED, Assignment, AssignmentState, LabelProject


@dataclass(frozen=True, slots=True)
class Step:
    """Notes and time with which an assignment ends, beside its judgement.

    `draft` is the judgement as it was sent, for an undo.
    """

    notes: str
    seconds: float
    draft: dict[str, object] | None = None


class LabelSteps:
    """Finish assignments. Work is kept even if the lease has ended and others came instead."""

    def __init__(self, transactions: Transactions, clock: Callable[[], float]) -> None:
        self._transactions = transactions
        self._clock = clock

    def submit(
        self, account_id: str, assignment_id: str, judgement: Judgement, step: Step
    ) -> Assignment:
        """Store a judgement that names answers by letter.

        Raises:
            NotFound: the assignment is unknown, or another's.
            Conflict: it is finished.
            BadJudgement: the judgement does not fit the task.
        """
        with self._transactions.write() as connection:
            project, assignment = _open(connection, account_id, assignment_id)
            letters = letters_of(assignment.shown)
            require_judgement(project.kind, judgement, letters)
            named = judgement.renamed(letters)
            gold = found_task(connection, assignment.task_id).gold
            score = None if gold is None else gold_score(gold_from(gold), named)
            judged = replace(assignment, judgement=named.record(), gold_score=score)
            return self._finish(connection, project, judged, "done", step)

    def skip(self, account_id: str, assignment_id: str, step: Step) -> Assignment:
        """Leave a task to others; `step.notes` is the reason. Raises `NotFound`, `Conflict`."""
        with self._transactions.write() as connection:
            project, assignment = _open(connection, account_id, assignment_id)
            return self._finish(connection, project, assignment, "skipped", step)

    def report(
        self, account_id: str, assignment_id: str, *, has_personal_data: bool, step: Step
    ) -> Assignment:
        """Report an unclear prompt, or one with personal data, which then leaves the queue.

        Raises `NotFound`, `Conflict`.
        """
        state: AssignmentState = "personal_data" if has_personal_data else "unclear"
        with self._transactions.write() as connection:
            project, assignment = _open(connection, account_id, assignment_id)
            if has_personal_data:
                set_withdrawn(connection, assignment.task_id, withdrawn=True)
            return self._finish(connection, project, assignment, state, step)

    def undo(self, account_id: str, project_id: str) -> Assignment:
        """Take back the labeller's last step in a project; its judgement becomes the draft.

        Raises:
            NotFound: there is no project, or no step.
            Conflict: another step relies on it, or others have taken the task since.
        """
        now = self._clock()
        with self._transactions.write() as connection:
            project = locked_project(connection, project_id)
            last = _last(connection, account_id, project_id)
            if last.used_at is not None:
                raise Conflict(
                    "your last step has been used since, for training or a decision; it can't be "
                    "taken back"
                )
            _uncount(connection, last, now)
            held = with_lease(connection, last, project, now)
            if last.state == "skipped" and not held.is_held:
                raise Conflict("others have taken this task since; it can't be taken back")
            changes: dict[str, object] = {
                "state": "open",
                "judgement": None,
                "notes": "",
                "gold_score": None,
                "finished_at": None,
                "leased_at": now,
            }
            set_fields(connection, last.id, **changes)
            return own_assignment(connection, account_id, last.id)

    def rely_on(self, project_id: str) -> int:
        """Mark every judgement of a project as used, so that nobody undoes it; return how many."""
        with self._transactions.write() as connection:
            locked_project(connection, project_id)
            return connection.execute(
                update(LabelAssignments)
                .where(
                    LabelAssignments.project_id == project_id,
                    LabelAssignments.state == "done",
                    LabelAssignments.used_at.is_(None),
                )
                .values(used_at=self._clock())
            ).rowcount

    def _finish(
        self,
        connection: Connection,
        project: LabelProject,
        assignment: Assignment,
        state: AssignmentState,
        step: Step,
    ) -> Assignment:
        now = self._clock()
        if not assignment.is_held:
            assignment = with_lease(connection, assignment, project, now)
        frees = state == "skipped" and assignment.slot is not None
        add_to_task(
            connection,
            assignment.task_id,
            taken=-1 if frees else 0,
            finished=int(state in COUNTED),
            unclear=int(state in ("unclear", "personal_data")),
        )
        finished = replace(
            assignment,
            state=state,
            slot=None if frees else assignment.slot,
            draft=step.draft if step.draft is not None else assignment.draft,
            notes=step.notes,
            seconds=max(step.seconds, assignment.seconds),
            expires_at=None,
            finished_at=now,
        )
        set_fields(
            connection,
            assignment.id,
            state=state,
            slot=finished.slot,
            draft=finished.draft,
            judgement=finished.judgement,
            notes=finished.notes,
            seconds=finished.seconds,
            gold_score=finished.gold_score,
            expires_at=None,
            finished_at=now,
        )
        add_to_member(connection, finished, now, 1)
        return finished


def _open(
    connection: Connection, account_id: str, assignment_id: str
) -> tuple[LabelProject, Assignment]:
    """Lock the project of an assignment that is not finished.

    Raises `NotFound`, or `Conflict` for a finished one.
    """
    project_id = own_assignment(connection, account_id, assignment_id).project_id
    project = locked_project(connection, project_id)
    assignment = own_assignment(connection, account_id, assignment_id)
    if assignment.state != "open":
        raise Conflict("this task is finished already; undo it to change it")
    return project, assignment


def _last(connection: Connection, account_id: str, project_id: str) -> Assignment:
    query = (
        selected(LabelAssignments, Assignment)
        .where(
            LabelAssignments.account_id == account_id,
            LabelAssignments.project_id == project_id,
            LabelAssignments.finished_at.is_not(None),
        )
        .order_by(LabelAssignments.finished_at.desc(), LabelAssignments.id.desc())
        .limit(1)
    )
    last = first(connection, query, Assignment)
    if last is None:
        raise NotFound("there is no step to take back")
    return last


def _uncount(connection: Connection, last: Assignment, now: float) -> None:
    """Take a step out of the counts, and bring a task back that only it withdrew."""
    add_to_task(
        connection,
        last.task_id,
        finished=-int(last.state in COUNTED),
        unclear=-int(last.state in ("unclear", "personal_data")),
    )
    add_to_member(connection, last, now, -1)
    if last.state == "personal_data" and not _reported(connection, last):
        restore_reported(connection, last.task_id)


def _reported(connection: Connection, assignment: Assignment) -> bool:
    """Return whether somebody else found personal data in the task."""
    query = select(LabelAssignments.id).where(
        LabelAssignments.task_id == assignment.task_id,
        LabelAssignments.state == "personal_data",
        LabelAssignments.id != assignment.id,
    )
    return connection.scalar(query.limit(1)) is not None
