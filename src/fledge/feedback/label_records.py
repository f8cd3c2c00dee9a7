"""Judgements as records of training files: rankings, pairs, demonstrations and ratings."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Literal

from fledge.feedback.judgements import Judgement, Kind, judgement_from
from fledge.feedback.label_work import Judged, LabelProject
from fledge.feedback.records import ChatTurn, Ranking, Response

Format = Literal["rankings", "pairs", "demonstrations", "ratings"]
Record = dict[str, object]

FORMATS: Mapping[Kind, tuple[Format, ...]] = {
    "demonstrate": ("demonstrations",),
    "rate": ("ratings", "rankings", "pairs"),
    "rank": ("rankings", "pairs"),
    "compare": ("rankings", "pairs"),
}
"""Formats that the judgements of each kind can have, the usual one first."""


def records_of(judged: Judged, project: LabelProject, format: Format) -> Iterator[Record]:
    """Yield the records of one judgement; fledge's readers take all but ratings."""
    yield from WRITERS[format](judged, project)


def ranking_of(judged: Judged, project: LabelProject) -> Ranking:
    """Return a judgement as a ranking; ratings order the answers, equal ones are tied."""
    judgement, task = _judgement(judged), judged.task
    return Ranking(
        prompt=_prompt(judged),
        responses=tuple(
            Response(
                id=str(answer["id"]),
                content=str(answer["content"]),
                model=None if answer["model"] is None else str(answer["model"]),
            )
            for answer in task.answers
        ),
        ranking=judgement.ranking or by_rating(judgement.ratings),
        labeler=judged.assignment.account_id,
        ratings=dict(judgement.ratings) or None,
        flags=dict(judgement.flags) or None,
        seconds=judged.assignment.seconds,
    )


def by_rating(ratings: Mapping[str, int]) -> tuple[tuple[str, ...], ...]:
    """Return groups of answers with the same rating, the best first."""
    return tuple(
        tuple(sorted(answer for answer, rating in ratings.items() if rating == level))
        for level in sorted(set(ratings.values()), reverse=True)
    )


def _rankings(judged: Judged, project: LabelProject) -> Iterator[Record]:
    if len(judged.task.answers) > 1:
        record = ranking_of(judged, project).model_dump(exclude_none=True)
        yield {**record, **_origin(judged, project)}


def _pairs(judged: Judged, project: LabelProject) -> Iterator[Record]:
    if len(judged.task.answers) > 1:
        ranking = ranking_of(judged, project)
        for better, worse in ranking.pairs():
            yield {
                "prompt": judged.task.prompt,
                "chosen": [{"role": "assistant", "content": better}],
                "rejected": [{"role": "assistant", "content": worse}],
                "labeler": ranking.labeler,
                **_origin(judged, project),
            }


def _demonstrations(judged: Judged, project: LabelProject) -> Iterator[Record]:
    written = [turn.model_dump() for turn in _judgement(judged).messages]
    yield {
        "messages": [*judged.task.prompt, *written],
        "author": judged.assignment.account_id,
        **_origin(judged, project),
    }


def _ratings(judged: Judged, project: LabelProject) -> Iterator[Record]:
    judgement = _judgement(judged)
    yield {
        "prompt": judged.task.prompt,
        "responses": [
            {name: answer[name] for name in ("id", "content", "model")}
            for answer in judged.task.answers
        ],
        "ratings": dict(judgement.ratings),
        "flags": {answer: list(flags) for answer, flags in judgement.flags.items()},
        "labeler": judged.assignment.account_id,
        "seconds": judged.assignment.seconds,
        **_origin(judged, project),
    }


def _origin(judged: Judged, project: LabelProject) -> Record:
    """Return where a record comes from, in fields that training passes over."""
    assignment, task = judged.assignment, judged.task
    at = datetime.fromtimestamp(assignment.finished_at or 0.0, UTC)
    temperatures = {
        str(answer["id"]): answer["temperature"]
        for answer in task.answers
        if answer["temperature"] is not None
    }
    return {
        "created_at": at.isoformat(timespec="seconds"),
        "metadata": {
            "project": project.name,
            "task": task.key,
            "guideline": assignment.guideline_version,
            "source": task.source,
            "consent": task.consent,
            "pseudonym": task.pseudonym,
            "shown": list(assignment.shown),
            "temperatures": temperatures,
            "gold_score": assignment.gold_score,
            "notes": assignment.notes,
        },
    }


def _prompt(judged: Judged) -> tuple[ChatTurn, ...]:
    return tuple(ChatTurn.model_validate(turn) for turn in judged.task.prompt)


def _judgement(judged: Judged) -> Judgement:
    assert judged.assignment.judgement is not None, "only finished judgements have records"
    return judgement_from(judged.assignment.judgement)


WRITERS: Mapping[Format, Callable[[Judged, LabelProject], Iterator[Record]]] = {
    "rankings": _rankings,
    "pairs": _pairs,
    "demonstrations": _demonstrations,
    "ratings": _ratings,
}
