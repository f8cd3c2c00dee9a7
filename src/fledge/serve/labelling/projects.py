"""`/api/label/admin`: make and change projects, and write their guidelines."""

from typing import Annotated, cast

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import BaseModel, Field, StringConstraints

from fledge.database import Database
from fledge.database.label_projects import LabelProjectChange
from fledge.feedback.judgements import Kind
from fledge.feedback.label_work import LabelProject, Layout
from fledge.serve.labelling.people import allowed
from fledge.serve.labelling.shapes import GuidelineShown
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.web.shapes import Asked

LONGEST_GUIDELINE = 100_000
"""Characters."""

ProjectName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Overlap = Annotated[int, Field(ge=1, le=20)]
LeaseMinutes = Annotated[int, Field(ge=1, le=1440)]
GoldPercent = Annotated[int, Field(ge=0, le=50)]
GuidelineText = Annotated[str, StringConstraints(pattern=r"\S", max_length=LONGEST_GUIDELINE)]


class NewProject(Asked):
    """Project to make."""

    name: ProjectName
    kind: Kind
    layout: Layout = "list"
    overlap: Overlap = 1
    lease_minutes: LeaseMinutes = 30
    gold_percent: GoldPercent = 0
    guideline: GuidelineText | None = None


class ChangedProject(Asked):
    """Changes of a project; fields that are not named stay, and their defaults are never read."""

    name: ProjectName = ""
    layout: Layout = "list"
    overlap: Overlap = 1
    lease_minutes: LeaseMinutes = 30
    gold_percent: GoldPercent = 0
    is_open: bool = True


class NewGuideline(Asked):
    """New version of a guideline."""

    text: GuidelineText


class ProjectShown(BaseModel):
    """Project, as its managers see it."""

    id: str
    name: str
    kind: Kind
    layout: Layout
    overlap: int
    lease_minutes: int
    gold_percent: int
    is_open: bool
    guideline_version: int | None
    num_tasks: int
    num_gold: int
    num_withdrawn: int
    num_judgements: int
    created_at: float
    updated_at: float

    @classmethod
    def of(cls, project: LabelProject, database: Database) -> "ProjectShown":
        """Convert a stored project."""
        stored = database.label_projects
        return cls.model_validate(
            {
                **{name: getattr(project, name) for name in _OWN},
                "guideline_version": stored.guideline_versions().get(project.id),
                "num_judgements": stored.judged().get(project.id, 0),
            }
        )


_OWN = tuple(
    name
    for name in ProjectShown.model_fields
    if name not in ("guideline_version", "num_judgements")
)


class ProjectsShown(BaseModel):
    """All projects."""

    projects: list[ProjectShown]


class GuidelinesShown(BaseModel):
    """All versions, the newest first."""

    guidelines: list[GuidelineShown]


def project_admin_routes(identity: Identity, database: Database) -> APIRouter:
    """Make the routes of projects."""
    router = APIRouter(prefix="/api/label/admin/projects", include_in_schema=False)
    Manager = Annotated[Person, Depends(allowed(identity, "manage_people"))]  # noqa: N806
    stored, audit = database.label_projects, database.audit

    @router.get("")
    def projects(person: Manager) -> ProjectsShown:
        """Return all projects, closed ones too."""
        return ProjectsShown(projects=[ProjectShown.of(each, database) for each in stored.list()])

    @router.post("", status_code=201)
    def create(asked: NewProject, person: Manager) -> ProjectShown:
        """Make a project, with its first guideline if there is one."""
        options = asked.model_dump(exclude={"name", "kind", "guideline"})
        project = stored.create(asked.name, asked.kind, **options)
        audit.add(person.id, "label_project.made", project.name, {"kind": project.kind})
        if asked.guideline is not None:
            written = stored.write_guideline(project.id, asked.guideline)
            version: dict[str, object] = {"version": written.version}
            audit.add(person.id, "label_guideline.written", project.name, version)
        return ProjectShown.of(project, database)

    @router.get("/{project_id}")
    def read(project_id: str, person: Manager) -> ProjectShown:
        """Return one project."""
        return ProjectShown.of(stored.get(project_id), database)

    @router.patch("/{project_id}")
    def change(project_id: str, asked: ChangedProject, person: Manager) -> ProjectShown:
        """Change a project; its kind never changes."""
        named = asked.model_dump(exclude_unset=True)
        project = stored.change(project_id, **cast(LabelProjectChange, named))
        audit.add(person.id, "label_project.changed", project.name, named)
        return ProjectShown.of(project, database)

    @router.delete("/{project_id}", status_code=204)
    def delete(project_id: str, person: Manager) -> Response:
        """Delete a project in which nobody has worked."""
        gone = stored.delete(project_id)
        audit.add(person.id, "label_project.deleted", gone.name)
        return Response(status_code=204)

    return router


def guideline_admin_routes(identity: Identity, database: Database) -> APIRouter:
    """Make the routes of guidelines."""
    router = APIRouter(prefix="/api/label/admin/projects", include_in_schema=False)
    Manager = Annotated[Person, Depends(allowed(identity, "manage_people"))]  # noqa: N806
    stored, audit = database.label_projects, database.audit

    @router.get("/{project_id}/guidelines")
    def guidelines(project_id: str, person: Manager) -> GuidelinesShown:
        """Return every version with the number of judgements under it."""
        versions = stored.guidelines(project_id)
        current = versions[0].version if versions else 0
        return GuidelinesShown(guidelines=[GuidelineShown.of(each, current) for each in versions])

    @router.post("/{project_id}/guidelines", status_code=201)
    def write(project_id: str, asked: NewGuideline, person: Manager) -> GuidelineShown:
        """Write a new version; the older ones stay readable."""
        written = stored.write_guideline(project_id, asked.text)
        name, version = stored.get(project_id).name, {"version": written.version}
        audit.add(person.id, "label_guideline.written", name, dict(version))
        return GuidelineShown.of(written, written.version)

    @router.delete("/{project_id}/guidelines/{version}", status_code=204)
    def delete(project_id: str, version: int, person: Manager) -> Response:
        """Delete an old version under which nobody has labelled."""
        stored.delete_guideline(project_id, version)
        name = stored.get(project_id).name
        audit.add(person.id, "label_guideline.deleted", name, {"version": version})
        return Response(status_code=204)

    return router
