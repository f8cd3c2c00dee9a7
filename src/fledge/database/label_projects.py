"""Projects of labelling, and the versions of their guidelines."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypedDict, Unpack

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from fledge.database.engine import Transactions
from fledge.database.rows import every, first, selected, values_of
from fledge.database.tables import (
    LabelAssignments,
    LabelGuidelines,
    LabelMembers,
    LabelProjects,
    new_id,
)
from fledge.errors import Conflict, NotFound
from fledge.feedback.judgements import Kind
from fledge.feedback.label_work import Guideline, LabelProject, Layout


class LabelProjectChange(TypedDict, total=False):
    """Fields of a project that may change; omitted ones stay. The kind never changes."""

    name: str
    layout: Layout
    overlap: int
    lease_minutes: int
    gold_percent: int
    is_open: bool


class LabelProjectStore:
    """Store of projects and guidelines."""

    def __init__(self, transactions: Transactions, clock: Callable[[], float]) -> None:
        self._transactions = transactions
        self._clock = clock

    def create(
        self,
        name: str,
        kind: Kind,
        *,
        layout: Layout = "list",
        overlap: int = 1,
        lease_minutes: int = 30,
        gold_percent: int = 0,
    ) -> LabelProject:
        """Create an open project. Raises `Conflict` if the name is taken."""
        now = self._clock()
        project = LabelProject(
            id=new_id(now),
            name=name,
            kind=kind,
            layout=layout,
            overlap=overlap,
            lease_minutes=lease_minutes,
            gold_percent=gold_percent,
            is_open=True,
            num_tasks=0,
            num_gold=0,
            num_withdrawn=0,
            created_at=now,
            updated_at=now,
        )
        with self._transactions.write() as connection:
            try:
                connection.execute(insert(LabelProjects).values(values_of(project)))
            except IntegrityError as error:
                raise name_taken(name) from error
        return project

    def get(self, project_id: str) -> LabelProject:
        """Return a project. Raises `NotFound`."""
        with self._transactions.read() as connection:
            return found_project(connection, project_id)

    def list(self) -> list[LabelProject]:
        """Return all projects, the newest first."""
        query = selected(LabelProjects, LabelProject).order_by(
            LabelProjects.created_at.desc(), LabelProjects.id.desc()
        )
        with self._transactions.read() as connection:
            return every(connection, query, LabelProject)

    def change(self, project_id: str, **change: Unpack[LabelProjectChange]) -> LabelProject:
        """Change the named fields. Raises `NotFound`, or `Conflict` if the name is taken."""
        values: dict[str, object] = {**change, "updated_at": self._clock()}
        with self._transactions.write() as connection:
            found_project(connection, project_id)
            statement = update(LabelProjects).where(LabelProjects.id == project_id)
            try:
                connection.execute(statement.values(values))
            except IntegrityError as error:
                raise name_taken(str(change.get("name"))) from error
            return found_project(connection, project_id)

    def delete(self, project_id: str) -> LabelProject:
        """Delete a project in which nobody has worked; return it.

        Raises:
            NotFound: there is no such project.
            Conflict: people have labelled in it, or hold a task.
        """
        with self._transactions.write() as connection:
            project = locked_project(connection, project_id)
            work = select(LabelAssignments.id).where(LabelAssignments.project_id == project_id)
            if connection.scalar(work.limit(1)) is not None:
                raise Conflict(
                    f"people have worked in the project {project.name!r}; close it instead"
                )
            connection.execute(delete(LabelProjects).where(LabelProjects.id == project_id))
        return project

    def judged(self, *, with_gold: bool = False) -> Mapping[str, int]:
        """Return the number of judgements of each project, those of gold included or not."""
        done = LabelMembers.num_done + (LabelMembers.num_gold if with_gold else 0)
        query = select(LabelMembers.project_id, func.sum(done)).group_by(LabelMembers.project_id)
        with self._transactions.read() as connection:
            return {project_id: count for project_id, count in connection.execute(query)}

    def guideline_versions(self) -> Mapping[str, int]:
        """Return the current version of each project that has a guideline."""
        query = select(LabelGuidelines.project_id, func.max(LabelGuidelines.version)).group_by(
            LabelGuidelines.project_id
        )
        with self._transactions.read() as connection:
            return {project_id: version for project_id, version in connection.execute(query)}

    def write_guideline(self, project_id: str, text: str) -> Guideline:
        """Store a new version; older ones stay readable. Raises `NotFound`."""
        now = self._clock()
        with self._transactions.write() as connection:
            locked_project(connection, project_id)
            guideline = Guideline(
                project_id, (current_version(connection, project_id) or 0) + 1, text, 0, now
            )
            connection.execute(
                insert(LabelGuidelines).values({"id": new_id(now), **values_of(guideline)})
            )
        return guideline

    def guideline(self, project_id: str, version: int | None = None) -> Guideline:
        """Return one version, or the current one. Raises `NotFound`."""
        query = selected(LabelGuidelines, Guideline).where(LabelGuidelines.project_id == project_id)
        if version is not None:
            query = query.where(LabelGuidelines.version == version)
        with self._transactions.read() as connection:
            found_project(connection, project_id)
            newest = query.order_by(LabelGuidelines.version.desc()).limit(1)
            guideline = first(connection, newest, Guideline)
        if guideline is None:
            which = "no guideline" if version is None else f"no guideline version {version}"
            raise NotFound(f"the project has {which}")
        return guideline

    def guidelines(self, project_id: str) -> Sequence[Guideline]:
        """Return all versions, the newest first. Raises `NotFound`."""
        query = selected(LabelGuidelines, Guideline).where(LabelGuidelines.project_id == project_id)
        with self._transactions.read() as connection:
            found_project(connection, project_id)
            return every(connection, query.order_by(LabelGuidelines.version.desc()), Guideline)

    def delete_guideline(self, project_id: str, version: int) -> None:
        """Delete an old version under which nobody has labelled.

        Raises:
            NotFound: there is no such version.
            Conflict: it is the current one, or people label or have labelled under it.
        """
        with self._transactions.write() as connection:
            locked_project(connection, project_id)
            if version == current_version(connection, project_id):
                raise Conflict(
                    f"version {version} is the current guideline; write a new version instead"
                )
            used = select(LabelAssignments.id).where(
                LabelAssignments.project_id == project_id,
                LabelAssignments.guideline_version == version,
            )
            if connection.scalar(used.limit(1)) is not None:
                raise Conflict(
                    f"people have labelled under version {version} of the guideline; it stays, so "
                    "that their judgements can be understood"
                )
            gone = delete(LabelGuidelines).where(
                LabelGuidelines.project_id == project_id, LabelGuidelines.version == version
            )
            if connection.execute(gone).rowcount == 0:
                raise NotFound(f"the project has no guideline version {version}")


def found_project(connection: Connection, project_id: str) -> LabelProject:
    """Return a project in an open transaction. Raises `NotFound`."""
    query = selected(LabelProjects, LabelProject).where(LabelProjects.id == project_id)
    project = first(connection, query, LabelProject)
    if project is None:
        raise NotFound(f"there is no labelling project {project_id!r}")
    return project


def locked_project(connection: Connection, project_id: str) -> LabelProject:
    """Return a project and have others wait who change its queue; its rows can still be read.

    Raises `NotFound`.
    """
    query = selected(LabelProjects, LabelProject).where(LabelProjects.id == project_id)
    project = first(connection, query.with_for_update(key_share=True), LabelProject)
    if project is None:
        raise NotFound(f"there is no labelling project {project_id!r}")
    return project


def current_version(connection: Connection, project_id: str) -> int | None:
    """Return the version of the current guideline, or None."""
    query = select(func.max(LabelGuidelines.version)).where(
        LabelGuidelines.project_id == project_id
    )
    return connection.scalar(query)


def name_taken(name: str) -> Conflict:
    """Build the error of a second project with one name."""
    return Conflict(f"another labelling project is named {name!r}; choose another name")
