"""Judgements as records of training files: rankings, pairs, demonstrations and ratings."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Literal, cast

from fledge.feedback.gold import Gold, gold_from
from fledge.feedback.judgements import Judgement, Kind, judgement_from
from fledge.feedback.label_work import Judged, LabelProject
from fledge.feedback.records import ChatTurn, Ranking, Rating, Response

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
    """Yield the records of one judgement, as fledge's readers take them."""
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
                temperature=cast("float | None", answer["temperature"]),
            )
            for answer in task.answers
        ),
        ranking=judgement.ranking or by_rating(judgement.ratings),
        labeler=judged.assignment.account_id,
        ratings=dict(judgement.ratings) or None,
        flags=dict(judgement.flags),
        seconds=judged.assignment.seconds,
        prompt_id=task.key,
        guideline=_guideline(judged),
        gold=_gold(judged).ranking or None,
        consent=task.consent,
    )


def ratings_of(judged: Judged) -> Iterator[Rating]:
    """Yield a record for each answer that was rated; its flags are those that were ticked."""
    judgement, task = _judgement(judged), judged.task
    gold = _gold(judged).ratings or {}
    for answer in task.answers:
        id_ = str(answer["id"])
        if id_ in judgement.ratings:
            yield Rating(
                prompt=_prompt(judged),
                response=str(answer["content"]),
                rating=judgement.ratings[id_],
                model=None if answer["model"] is None else str(answer["model"]),
                labeler=judged.assignment.account_id,
                prompt_id=task.key,
                flags=tuple(judgement.flags.get(id_, ())),
                seconds=judged.assignment.seconds,
                guideline=_guideline(judged),
                gold=gold.get(id_),
                consent=task.consent,
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
        ranking, origin = ranking_of(judged, project), _origin(judged, project)
        for better, worse in ranking.ordered_pairs():
            models = {"chosen_model": better.model, "rejected_model": worse.model}
            yield {
                "prompt": judged.task.prompt,
                "chosen": [{"role": "assistant", "content": better.content}],
                "rejected": [{"role": "assistant", "content": worse.content}],
                "labeler": ranking.labeler,
                "prompt_id": ranking.prompt_id,
                "guideline": ranking.guideline,
                **origin,
                "metadata": {**cast("Record", origin["metadata"]), **models},
            }


def _demonstrations(judged: Judged, project: LabelProject) -> Iterator[Record]:
    written = [turn.model_dump() for turn in _judgement(judged).messages]
    yield {
        "messages": [*judged.task.prompt, *written],
        "author": judged.assignment.account_id,
        "prompt_id": judged.task.key,
        "seconds": judged.assignment.seconds,
        "guideline": _guideline(judged),
        **({} if judged.task.consent is None else {"consent": judged.task.consent}),
        **_origin(judged, project),
    }


def _ratings(judged: Judged, project: LabelProject) -> Iterator[Record]:
    for rating in ratings_of(judged):
        yield {**rating.model_dump(exclude_none=True), **_origin(judged, project)}


def _origin(judged: Judged, project: LabelProject) -> Record:
    """Return where a record comes from, in fields that training passes over."""
    assignment, task = judged.assignment, judged.task
    at = datetime.fromtimestamp(assignment.finished_at or 0.0, UTC)
    return {
        "created_at": at.isoformat(timespec="seconds"),
        "metadata": {
            "project": project.name,
            "source": task.source,
            "pseudonym": task.pseudonym,
            "shown": list(assignment.shown),
            "gold_score": assignment.gold_score,
            "notes": assignment.notes,
        },
    }


def _gold(judged: Judged) -> Gold:
    return Gold() if judged.task.gold is None else gold_from(judged.task.gold)


def _guideline(judged: Judged) -> str | None:
    version = judged.assignment.guideline_version
    return None if version is None else str(version)


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
