"""`/api/label/admin`: the progress of a project, and its judgements to download."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from fledge.database import Database
from fledge.feedback.judgement_tables import Judgements
from fledge.feedback.label_records import FORMATS, Format, ranking_of, records_of
from fledge.feedback.label_work import LabelProject, MemberProgress
from fledge.feedback.pairwise import pairwise_agreement
from fledge.feedback.resampling import Resampling
from fledge.serve.errors import ApiError
from fledge.serve.labelling.people import allowed
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person

COMPARED = 500
"""Newest judgements whose agreement is shown: they take a fraction of the time of a page."""
CHUNK_CHARACTERS = 65_536
"""Characters of a download after which a part of it is sent."""


class LabellerShown(BaseModel):
    """Work of one labeller in one project."""

    account_id: str
    name: str
    done: int
    skipped: int
    unclear: int
    seconds: float
    seconds_per_task: float | None
    gold_done: int
    gold_accuracy: float | None
    agreement: float | None
    last_at: float

    @classmethod
    def of(cls, member: MemberProgress, agreement: float | None) -> "LabellerShown":
        """Convert stored counts; without a task there is no mean."""
        finished = member.num_done + member.num_gold + member.num_skipped + member.num_unclear
        return cls(
            account_id=member.account_id,
            name=member.name,
            done=member.num_done,
            skipped=member.num_skipped,
            unclear=member.num_unclear,
            seconds=member.seconds,
            seconds_per_task=member.seconds / finished if finished else None,
            gold_done=member.num_gold,
            gold_accuracy=member.gold_score / member.num_gold if member.num_gold else None,
            agreement=agreement,
            last_at=member.last_at,
        )


class ProjectProgress(BaseModel):
    """Work of all labellers; `left_out` judgements are of people who object to training.

    `agreement` is the share of pairs of answers that two people order alike, among the newest
    judgements.
    """

    tasks: int
    judgements: int
    wanted: int
    left_out: int
    agreement: float | None
    labellers: list[LabellerShown]


def result_routes(identity: Identity, database: Database) -> APIRouter:
    """Make the routes of progress and download."""
    router = APIRouter(prefix="/api/label/admin/projects", include_in_schema=False)
    Manager = Annotated[Person, Depends(allowed(identity, "manage_people"))]  # noqa: N806

    @router.get("/{project_id}/progress")
    def progress(project_id: str, person: Manager) -> ProjectProgress:
        """Return what each labeller has done, how fast, and how right on gold tasks."""
        project, members = database.label_results.standing(project_id)
        found = agreement_in(database, project)
        return ProjectProgress(
            tasks=project.num_tasks,
            judgements=sum(each.num_done for each in members),
            wanted=project.num_tasks * project.overlap,
            left_out=sum(each.num_done for each in members if not each.allows_training),
            agreement=found.share,
            labellers=[
                LabellerShown.of(each, found.by_person.get(each.account_id)) for each in members
            ],
        )

    @router.get("/{project_id}/judgements.jsonl")
    def judgements(
        project_id: str, person: Manager, format: Format | None = None, gold: bool = False
    ) -> StreamingResponse:
        """Stream the judgements as records that fledge trains on."""
        project = database.label_projects.get(project_id)
        known = FORMATS[project.kind]
        chosen = format or known[0]
        if chosen not in known:
            raise ApiError(
                400,
                f"format: a project of the kind {project.kind!r} has {', '.join(known)}, "
                f"not {chosen}",
                param="format",
            )
        # From now on somebody may train on them, so their labellers cannot take them back.
        database.label_steps.rely_on(project.id)
        audited: dict[str, object] = {"format": chosen}
        database.audit.add(person.id, "label_judgements.downloaded", project.name, audited)
        return StreamingResponse(
            chunks(database, project, chosen, gold),
            media_type="application/jsonl; charset=utf-8",
            headers={"content-disposition": f'attachment; filename="{chosen}.jsonl"'},
        )

    return router


@dataclass(frozen=True, slots=True)
class AgreementShown:
    """Shares of pairs that are ordered alike: by all labellers, and by each with the others."""

    share: float | None
    by_person: dict[str, float]


def agreement_in(database: Database, project: LabelProject) -> AgreementShown:
    """Measure the agreement of the newest judgements; there is none on single answers."""
    judged = database.label_results.newest(project.id, COMPARED)
    judgements = Judgements(
        ranking_of(each, project) for each in judged if len(each.task.answers) > 1
    )
    found = pairwise_agreement(judgements, Resampling(len(judgements.prompts), 0))
    people = {str(person): number for person, number in judgements.people.known.items()}
    return AgreementShown(
        None if found.agreement is None else found.agreement.value,
        {
            person: estimate.value
            for person, number in people.items()
            if (estimate := found.by_person[number]) is not None
        },
    )


def chunks(database: Database, project: LabelProject, format: Format, gold: bool) -> Iterator[str]:
    """Yield the records of a project as lines, several at once."""
    held: list[str] = []
    size = 0
    for judged in database.label_results.judgements(project.id, is_gold=gold):
        for record in records_of(judged, project, format):
            held.append(json.dumps(record, ensure_ascii=False) + "\n")
            size += len(held[-1])
        if size > CHUNK_CHARACTERS:
            yield "".join(held)
            held, size = [], 0
    yield "".join(held)
