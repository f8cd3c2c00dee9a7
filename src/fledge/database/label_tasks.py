"""Tasks of labelling projects: add them, list them, take them out of the queue."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.orm import InstrumentedAttribute

from fledge.database.engine import Transactions
from fledge.database.label_assignments import look_again
from fledge.database.label_projects import locked_project
from fledge.database.rows import every, first, selected
from fledge.database.tables import LabelMembers, LabelProjects, LabelTasks, new_id
from fledge.errors import NotFound
from fledge.feedback.label_tasks import BadLines, NewTask, Problem
from fledge.feedback.label_work import LabelTask

ROWS_AT_ONCE = 500


class LabelTaskStore:
    """Store of tasks."""

    def __init__(self, transactions: Transactions, clock: Callable[[], float]) -> None:
        self._transactions = transactions
        self._clock = clock

    def add(self, project_id: str, tasks: Sequence[NewTask]) -> None:
        """Add tasks at the end of the queue, all or none.

        Raises:
            NotFound: there is no such project.
            BadLines: one of them is in the project already.
        """
        now = self._clock()
        num_gold = sum(task.gold is not None for task in tasks)
        with self._transactions.write() as connection:
            project = locked_project(connection, project_id)
            _require_new(connection, project_id, tasks)
            start = project.num_tasks + project.num_gold + project.num_withdrawn
            rows = [
                _row(project_id, number, task, now)
                for number, task in enumerate(tasks, start=start + 1)
            ]
            for index in range(0, len(rows), ROWS_AT_ONCE):
                connection.execute(insert(LabelTasks), rows[index : index + ROWS_AT_ONCE])
            connection.execute(
                update(LabelMembers)
                .where(LabelMembers.project_id == project_id, LabelMembers.next_taken > 0)
                .values(next_taken=0, next_number=start + 1)
            )
            connection.execute(
                update(LabelProjects)
                .where(LabelProjects.id == project_id)
                .values(
                    num_tasks=LabelProjects.num_tasks + len(tasks) - num_gold,
                    num_gold=LabelProjects.num_gold + num_gold,
                    updated_at=now,
                )
            )

    def get(self, task_id: str) -> LabelTask:
        """Return a task. Raises `NotFound`."""
        with self._transactions.read() as connection:
            return found_task(connection, task_id)

    def list(
        self, project_id: str, *, withdrawn: bool = False, limit: int = 50, after: int = 0
    ) -> list[LabelTask]:
        """Return tasks in their order, those after number `after`; or only withdrawn ones."""
        query = selected(LabelTasks, LabelTask).where(
            LabelTasks.project_id == project_id,
            LabelTasks.number > after,
        )
        if withdrawn:
            query = query.where(LabelTasks.is_withdrawn.is_(True))
        with self._transactions.read() as connection:
            return every(connection, query.order_by(LabelTasks.number).limit(limit), LabelTask)

    def withdraw(self, task_id: str, *, withdrawn: bool) -> LabelTask:
        """Take a task out of the queue for a manager, or put it back. Raises `NotFound`.

        A labeller who takes back a report leaves a task alone that a manager withdrew.
        """
        with self._transactions.write() as connection:
            task = found_task(connection, task_id)
            locked_project(connection, task.project_id)
            set_withdrawn(connection, task_id, withdrawn=withdrawn)
            connection.execute(
                update(LabelTasks)
                .where(LabelTasks.id == task_id)
                .values(withdrawn_by_manager=withdrawn)
            )
            return found_task(connection, task_id)


def found_task(connection: Connection, task_id: str) -> LabelTask:
    """Return a task in an open transaction. Raises `NotFound`."""
    query = selected(LabelTasks, LabelTask).where(LabelTasks.id == task_id)
    task = first(connection, query, LabelTask)
    if task is None:
        raise NotFound(f"there is no labelling task {task_id!r}")
    return task


def set_withdrawn(connection: Connection, task_id: str, *, withdrawn: bool) -> None:
    """Change whether a task is out of the queue, and the counts of its project.

    The project must be locked.
    """
    task = found_task(connection, task_id)
    if task.is_withdrawn == withdrawn:
        return
    step = 1 if withdrawn else -1
    plain, gold = (0, step) if task.is_gold else (step, 0)
    connection.execute(
        update(LabelTasks).where(LabelTasks.id == task_id).values(is_withdrawn=withdrawn)
    )
    connection.execute(
        update(LabelProjects)
        .where(LabelProjects.id == task.project_id)
        .values(
            num_tasks=LabelProjects.num_tasks - plain,
            num_gold=LabelProjects.num_gold - gold,
            num_withdrawn=LabelProjects.num_withdrawn + step,
        )
    )
    if not withdrawn:
        look_again(connection, task_id)


def restore_reported(connection: Connection, task_id: str) -> None:
    """Put a task back that reports withdrew, unless a manager has withdrawn it too.

    The project must be locked.
    """
    by_manager = connection.scalar(
        select(LabelTasks.withdrawn_by_manager).where(LabelTasks.id == task_id)
    )
    if not by_manager:
        set_withdrawn(connection, task_id, withdrawn=False)


def _require_new(connection: Connection, project_id: str, tasks: Sequence[NewTask]) -> None:
    """Raise `BadLines` for ids and texts that the project has already."""
    keys = _known(connection, project_id, LabelTasks.key, [task.key for task in tasks])
    digests = _known(connection, project_id, LabelTasks.digest, [task.digest for task in tasks])
    problems = []
    for task in tasks:
        if task.digest in digests:
            problems.append(Problem(task.line, _same(task, *digests[task.digest])))
        elif task.key in keys:
            problems.append(Problem(task.line, f"the project has a task {task.key!r} already"))
    if problems:
        raise BadLines(problems)


def _same(task: NewTask, key: str, is_gold: bool) -> str:
    there = f"the project has this prompt with these answers already, as the {_sort(is_gold)} task"
    if (task.gold is not None) == is_gold:
        return f"{there} {key!r}"
    return f"{there} {key!r}; it cannot also be a {_sort(not is_gold)} task"


def _sort(is_gold: bool) -> str:
    return "gold" if is_gold else "plain"


def _known(
    connection: Connection,
    project_id: str,
    column: InstrumentedAttribute[str],
    values: Collection[str],
) -> Mapping[str, tuple[str, bool]]:
    """Map those of the values that the project has to the key of their task, and its gold."""
    known: dict[str, tuple[str, bool]] = {}
    wanted = list(values)
    for start in range(0, len(wanted), ROWS_AT_ONCE):
        query = select(column, LabelTasks.key, LabelTasks.is_gold).where(
            LabelTasks.project_id == project_id, column.in_(wanted[start : start + ROWS_AT_ONCE])
        )
        known |= {value: (key, is_gold) for value, key, is_gold in connection.execute(query)}
    return known


def _row(project_id: str, number: int, task: NewTask, now: float) -> dict[str, object]:
    return {
        "id": new_id(now),
        "project_id": project_id,
        "number": number,
        "key": task.key,
        "digest": task.digest,
        "prompt": list(task.prompt),
        "answers": [asdict(answer) for answer in task.answers],
        "gold": None if task.gold is None else task.gold.record(),
        "is_gold": task.gold is not None,
        "source": task.source,
        "consent": task.consent,
        "pseudonym": task.pseudonym,
        "num_taken": 0,
        "num_finished": 0,
        "num_unclear": 0,
        "is_withdrawn": False,
        "created_at": now,
    }
