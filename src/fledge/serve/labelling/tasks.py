"""`/api/label/admin`: upload tasks, list them, and put them back into the queue."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from fledge.database import Database
from fledge.feedback.label_tasks import BadLines, tasks_from
from fledge.feedback.label_work import LabelTask
from fledge.serve.errors import ApiError
from fledge.serve.labelling.people import allowed
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.web.shapes import Asked


class Added(BaseModel):
    """Number of tasks that an upload added, and how many of them are gold."""

    added: int
    gold: int


class ChangedTask(Asked):
    """Whether a task is out of the queue."""

    is_withdrawn: bool


class TaskShown(BaseModel):
    """Task, as managers see it."""

    id: str
    number: int
    key: str
    prompt: list[dict[str, object]]
    is_gold: bool
    num_answers: int
    num_finished: int
    num_unclear: int
    is_withdrawn: bool

    @classmethod
    def of(cls, task: LabelTask) -> "TaskShown":
        """Convert a stored task."""
        return cls(
            id=task.id,
            number=task.number,
            key=task.key,
            prompt=task.prompt,
            is_gold=task.is_gold,
            num_answers=len(task.answers),
            num_finished=task.num_finished,
            num_unclear=task.num_unclear,
            is_withdrawn=task.is_withdrawn,
        )


class TaskPage(BaseModel):
    """Page of tasks; `next` asks for the one after it."""

    tasks: list[TaskShown]
    next: int | None


def task_admin_routes(identity: Identity, database: Database) -> APIRouter:
    """Make the routes of tasks."""
    router = APIRouter(prefix="/api/label/admin", include_in_schema=False)
    Manager = Annotated[Person, Depends(allowed(identity, "manage_people"))]  # noqa: N806

    @router.post("/projects/{project_id}/tasks", status_code=201)
    async def upload(
        project_id: str, request: Request, person: Manager, gold: bool = False
    ) -> Added:
        """Add the tasks of a JSONL body, all or none."""
        body = await request.body()
        return await run_in_threadpool(add_tasks, database, person, project_id, body, gold)

    @router.get("/projects/{project_id}/tasks")
    def tasks(
        project_id: str,
        person: Manager,
        withdrawn: bool = False,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    ) -> TaskPage:
        """Return tasks in their order, or only the withdrawn ones."""
        database.label_projects.get(project_id)
        found = database.label_tasks.list(project_id, withdrawn=withdrawn, limit=limit, after=after)
        return TaskPage(
            tasks=[TaskShown.of(task) for task in found],
            next=found[-1].number if len(found) == limit else None,
        )

    @router.patch("/tasks/{task_id}")
    def change(task_id: str, asked: ChangedTask, person: Manager) -> TaskShown:
        """Take a task out of the queue, or put it back."""
        task = database.label_tasks.withdraw(task_id, withdrawn=asked.is_withdrawn)
        name, named = database.label_projects.get(task.project_id).name, {"task": task.key}
        if task.is_withdrawn:
            database.audit.add(person.id, "label_task.withdrawn", name, dict(named))
        else:
            database.audit.add(person.id, "label_task.restored", name, dict(named))
        return TaskShown.of(task)

    return router


def add_tasks(
    database: Database, person: Person, project_id: str, body: bytes, gold: bool
) -> Added:
    """Read and store an upload.

    Raises:
        ApiError: a line is bad; the message names each.
        NotFound: there is no such project.
    """
    project = database.label_projects.get(project_id)
    try:
        tasks = tasks_from(body, project.kind, gold=gold)
        database.label_tasks.add(project_id, tasks)
    except BadLines as error:
        raise ApiError(400, str(error), code="bad_lines") from error
    added = Added(added=len(tasks), gold=sum(task.gold is not None for task in tasks))
    database.audit.add(person.id, "label_tasks.added", project.name, {"tasks": added.added})
    return added
