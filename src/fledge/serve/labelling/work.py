"""`/api/label`: the queue of a labeller, from drawing a task to undoing the last step."""

import math
from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Query

from fledge.database import Database
from fledge.database.label_steps import Step
from fledge.feedback.blind import letters_of
from fledge.feedback.judgements import BadJudgement, contradictions, require_judgement
from fledge.feedback.label_work import Assignment
from fledge.serve.errors import ApiError
from fledge.serve.labelling.people import allowed
from fledge.serve.labelling.shapes import (
    AssignmentShown,
    DraftSent,
    Drawn,
    Finished,
    GuidelineShown,
    History,
    HistoryEntry,
    JudgementSent,
    Lease,
    MyProject,
    MyProjects,
    ProblemSent,
    Progress,
    SkipSent,
    Warnings,
)
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person

Result = TypeVar("Result")


def work_routes(identity: Identity, database: Database) -> APIRouter:
    """Make the routes of labellers."""
    router = APIRouter(include_in_schema=False)
    router.include_router(project_routes(identity, database))
    router.include_router(guideline_routes(identity, database))
    router.include_router(task_routes(identity, database))
    router.include_router(step_routes(identity, database))
    return router


def project_routes(identity: Identity, database: Database) -> APIRouter:
    """Make the routes of the list of projects, of drawing, undoing, and one's history."""
    router = APIRouter(prefix="/api/label/projects", include_in_schema=False)
    Labeller = Annotated[Person, Depends(allowed(identity, "label"))]  # noqa: N806 (a type)

    @router.get("")
    def projects(person: Labeller) -> MyProjects:
        """Return the open projects, the newest first, with the person's progress."""
        mine = database.label_results.of_person(person.id)
        judged = database.label_projects.judged(with_gold=True)
        versions = database.label_projects.guideline_versions()
        return MyProjects(
            projects=[
                MyProject(
                    id=project.id,
                    name=project.name,
                    kind=project.kind,
                    layout=project.layout,
                    guideline_version=versions.get(project.id),
                    progress=Progress.of(project, mine.get(project.id), judged.get(project.id, 0)),
                )
                for project in database.label_projects.list()
                if project.is_open
            ]
        )

    @router.post("/{project_id}/draw")
    def draw(project_id: str, person: Labeller) -> Drawn:
        """Return the task that the person has begun, or the one that misses most."""
        assignment = database.label_queue.draw(person.id, project_id)
        shown = None if assignment is None else shown_of(database, assignment)
        return Drawn(assignment=shown, progress=progress_of(database, person, project_id))

    @router.post("/{project_id}/undo")
    def undo(project_id: str, person: Labeller) -> Finished:
        """Take back the person's last step; its judgement is the draft again."""
        undone = database.label_steps.undo(person.id, project_id)
        return Finished(assignment=shown_of(database, undone))

    @router.get("/{project_id}/history")
    def history(
        project_id: str,
        person: Labeller,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        before: str = "",
    ) -> History:
        """Return a page of what the person did, drafts first, then the newest."""
        results, place = database.label_results, cursor_of(before)
        finished = results.history(person.id, project_id, limit=limit, before=place)
        begun = [] if before else results.begun(person.id, project_id)
        last = finished[-1] if len(finished) == limit else None
        return History(
            assignments=[
                HistoryEntry.of(each.assignment, each.task)
                for each in results.with_tasks([*begun, *finished])
            ],
            next=None if last is None else f"{last.finished_at!r}_{last.id}",
        )

    return router


def guideline_routes(identity: Identity, database: Database) -> APIRouter:
    """Make the routes of reading guidelines, old versions included."""
    router = APIRouter(prefix="/api/label/projects", include_in_schema=False)
    Labeller = Annotated[Person, Depends(allowed(identity, "label"))]  # noqa: N806 (a type)

    @router.get("/{project_id}/guideline")
    def current(project_id: str, person: Labeller) -> GuidelineShown:
        """Return the current guideline."""
        guideline = database.label_projects.guideline(project_id)
        return GuidelineShown.of(guideline, guideline.version)

    @router.get("/{project_id}/guidelines/{version}")
    def one(project_id: str, version: int, person: Labeller) -> GuidelineShown:
        """Return one version."""
        guideline = database.label_projects.guideline(project_id, version)
        current_version = database.label_projects.guideline(project_id).version
        return GuidelineShown.of(guideline, current_version)

    return router


def task_routes(identity: Identity, database: Database) -> APIRouter:
    """Make the routes of one task: read it, keep its draft, check a judgement."""
    router = APIRouter(prefix="/api/label/assignments", include_in_schema=False)
    Labeller = Annotated[Person, Depends(allowed(identity, "label"))]  # noqa: N806 (a type)

    @router.get("/{assignment_id}")
    def read(assignment_id: str, person: Labeller) -> AssignmentShown:
        """Return one of the person's own tasks."""
        return shown_of(database, database.label_queue.get(person.id, assignment_id))

    @router.put("/{assignment_id}/draft")
    def save_draft(assignment_id: str, sent: DraftSent, person: Labeller) -> Lease:
        """Keep a draft, and the task for its labeller."""
        kept = database.label_queue.save_draft(person.id, assignment_id, sent.draft, sent.seconds)
        versions = database.label_projects.guideline_versions()
        return Lease(expires_at=kept.expires_at, guideline_version=versions.get(kept.project_id))

    @router.post("/{assignment_id}/check")
    def check(assignment_id: str, sent: JudgementSent, person: Labeller) -> Warnings:
        """Say what a submission would be warned of, or why it would be refused."""
        assignment = database.label_queue.get(person.id, assignment_id)
        kind = database.label_projects.get(assignment.project_id).kind
        judgement, letters = sent.judgement(), letters_of(assignment.shown)
        fitting(lambda: require_judgement(kind, judgement, letters))
        return Warnings(warnings=contradictions(judgement))

    return router


def step_routes(identity: Identity, database: Database) -> APIRouter:
    """Make the routes that finish a task."""
    router = APIRouter(prefix="/api/label/assignments", include_in_schema=False)
    Labeller = Annotated[Person, Depends(allowed(identity, "label"))]  # noqa: N806 (a type)
    steps = database.label_steps

    @router.post("/{assignment_id}/submit")
    def submit(assignment_id: str, sent: JudgementSent, person: Labeller) -> Finished:
        """Store a judgement."""
        judgement = sent.judgement()
        step = Step(sent.notes, sent.seconds, sent.model_dump(exclude_unset=True))
        done = fitting(lambda: steps.submit(person.id, assignment_id, judgement, step))
        return Finished(assignment=shown_of(database, done), warnings=contradictions(judgement))

    @router.post("/{assignment_id}/skip")
    def skip(assignment_id: str, sent: SkipSent, person: Labeller) -> Finished:
        """Leave the task to others."""
        skipped = steps.skip(person.id, assignment_id, Step(sent.reason, sent.seconds))
        return Finished(assignment=shown_of(database, skipped))

    @router.post("/{assignment_id}/problem")
    def report(assignment_id: str, sent: ProblemSent, person: Labeller) -> Finished:
        """Report the prompt; one with personal data leaves the queue."""
        reported = steps.report(
            person.id,
            assignment_id,
            has_personal_data=sent.problem == "personal_data",
            step=Step(sent.notes, sent.seconds),
        )
        return Finished(assignment=shown_of(database, reported))

    return router


def shown_of(database: Database, assignment: Assignment) -> AssignmentShown:
    """Show an assignment with its task."""
    task, project = database.label_results.task_of(assignment)
    return AssignmentShown.of(assignment, task, project)


def progress_of(database: Database, person: Person, project_id: str) -> Progress:
    """Return the progress of a person in one project."""
    project, members = database.label_results.standing(project_id)
    mine = next((each for each in members if each.account_id == person.id), None)
    return Progress.of(project, mine, sum(each.num_done + each.num_gold for each in members))


def fitting(act: Callable[[], Result]) -> Result:
    """Call `act`; a judgement that does not fit becomes `ApiError` 400 with its field."""
    try:
        return act()
    except BadJudgement as error:
        raise ApiError(400, str(error), param=error.param) from error


def cursor_of(text: str) -> tuple[float, str] | None:
    """Read the `next` of a page. Raises `ApiError` 400."""
    if not text:
        return None
    number, _, id_ = text.partition("_")
    try:
        at = float(number)
    except ValueError:
        at = math.nan
    if not math.isfinite(at):
        raise ApiError(400, "before: expected the `next` of a page", param="before")
    return at, id_
