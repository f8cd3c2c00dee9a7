"""Judgements of labellers: rankings, ratings and demonstrations, and the rules they keep."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from fledge.errors import DataError
from fledge.feedback.records import ChatTurn

Kind = Literal["demonstrate", "rate", "rank", "compare"]

LOWEST_RATING, HIGHEST_RATING = 1, 7

FLAGS: Mapping[str, str] = {
    "fails_instruction": "Fails to follow the instruction",
    "inappropriate": "Inappropriate for a customer assistant",
    "hallucination": "Hallucination",
    "satisfies_constraint": "Satisfies the constraint of the instruction",
    "sexual": "Contains sexual content",
    "violent": "Contains violent content",
    "encourages_harm": "Encourages or fails to discourage violence or self-harm",
    "denigrates": "Denigrates a protected class",
    "harmful_advice": "Gives harmful advice",
    "opinion": "Expresses an opinion or a moral judgement",
}
"""Flags of an answer and their labels (Ouyang et al. 2022, table 3)."""


class BadJudgement(DataError):
    """Judgement that does not fit its task; `param` names the wrong field."""

    def __init__(self, param: str, message: str) -> None:
        self.param = param
        super().__init__(f"{param}: {message}")


@dataclass(frozen=True, slots=True)
class Judgement:
    """Judgement of a task; the kind of the project tells which fields count.

    `ranking` lists groups of answers, the best first; those of one group are tied. `messages`
    continue the prompt.
    """

    ranking: tuple[tuple[str, ...], ...] = ()
    ratings: Mapping[str, int] = field(default_factory=dict)
    flags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    messages: tuple[ChatTurn, ...] = ()

    def renamed(self, names: Mapping[str, str]) -> "Judgement":
        """Return the judgement with other names of its answers, such as ids for letters."""
        return Judgement(
            tuple(tuple(names[each] for each in group) for group in self.ranking),
            {names[each]: rating for each, rating in self.ratings.items()},
            {names[each]: flags for each, flags in self.flags.items()},
            self.messages,
        )

    def record(self) -> dict[str, object]:
        """Return the judgement as JSON, without empty fields."""
        fields: dict[str, object] = {
            "ranking": [list(group) for group in self.ranking],
            "ratings": dict(self.ratings),
            "flags": {each: list(flags) for each, flags in self.flags.items() if flags},
            "messages": [turn.model_dump() for turn in self.messages],
        }
        return {name: value for name, value in fields.items() if value}


def judgement_from(record: Mapping[str, object]) -> Judgement:
    """Read a judgement as `Judgement.record` writes it."""
    ranking, ratings = record.get("ranking", []), record.get("ratings", {})
    flags, messages = record.get("flags", {}), record.get("messages", [])
    assert isinstance(ranking, list) and isinstance(ratings, dict)
    assert isinstance(flags, dict) and isinstance(messages, list)
    return Judgement(
        tuple(tuple(group) for group in ranking),
        ratings,
        {each: tuple(names) for each, names in flags.items()},
        tuple(ChatTurn.model_validate(turn) for turn in messages),
    )


def require_judgement(kind: Kind, judgement: Judgement, answers: Collection[str]) -> None:
    """Check that a judgement fits its kind and names answers of the task.

    Raises:
        BadJudgement: it does not.
    """
    _require_fields(kind, judgement)
    if kind == "demonstrate":
        _require_conversation(judgement.messages)
        return
    if kind in ("rank", "compare"):
        _require_ranking(judgement.ranking, answers)
    _require_ratings(judgement.ratings, answers, every=kind == "rate")
    _require_flags(judgement.flags, answers)


def contradictions(judgement: Judgement) -> list[str]:
    """Say each place where the ratings contradict the order of the ranking."""
    rank = {answer: rank for rank, group in enumerate(judgement.ranking) for answer in group}
    rated = sorted(
        (answer for answer in judgement.ratings if answer in rank),
        key=lambda answer: (rank[answer], answer),
    )
    return [
        f"{better} is ranked above {worse}, but rated lower "
        f"({judgement.ratings[better]} against {judgement.ratings[worse]})."
        for index, better in enumerate(rated)
        for worse in rated[index + 1 :]
        if rank[better] < rank[worse] and judgement.ratings[better] < judgement.ratings[worse]
    ]


def _require_fields(kind: Kind, judgement: Judgement) -> None:
    """Refuse fields of another kind, which would be lost."""
    foreign = {
        "demonstrate": ("ranking", "ratings", "flags"),
        "rate": ("ranking", "messages"),
        "rank": ("messages",),
        "compare": ("messages",),
    }[kind]
    record = judgement.record()
    for name in foreign:
        if name in record:
            raise BadJudgement(name, f"a project of the kind {kind!r} takes none")


def _require_ranking(ranking: tuple[tuple[str, ...], ...], answers: Collection[str]) -> None:
    named = Counter(answer for group in ranking for answer in group)
    _require_known("ranking", named, answers)
    twice = sorted(answer for answer, count in named.items() if count > 1)
    if twice:
        raise BadJudgement("ranking", f"{', '.join(twice)} is ranked twice; rank each answer once")
    missing = sorted(set(answers) - set(named))
    if missing:
        raise BadJudgement("ranking", f"{', '.join(missing)} has no rank; rank every answer")
    if not all(ranking):
        raise BadJudgement("ranking", "one of its groups is empty; leave it out")


def _require_ratings(ratings: Mapping[str, int], answers: Collection[str], *, every: bool) -> None:
    _require_known("ratings", ratings, answers)
    for answer, rating in ratings.items():
        if not LOWEST_RATING <= rating <= HIGHEST_RATING:
            raise BadJudgement(
                "ratings",
                f"expected {LOWEST_RATING} to {HIGHEST_RATING} for {answer}, found {rating}",
            )
    missing = sorted(set(answers) - set(ratings))
    if every and missing:
        raise BadJudgement("ratings", f"{', '.join(missing)} has no rating; rate every answer")


def _require_flags(flags: Mapping[str, tuple[str, ...]], answers: Collection[str]) -> None:
    _require_known("flags", flags, answers)
    for answer, names in flags.items():
        unknown = sorted(set(names) - set(FLAGS))
        if unknown:
            raise BadJudgement(
                "flags",
                f"{answer} has the unknown flag {unknown[0]!r}; known are {', '.join(FLAGS)}",
            )
        if len(set(names)) < len(names):
            raise BadJudgement("flags", f"{answer} has a flag twice")


def _require_known(param: str, named: Collection[str], answers: Collection[str]) -> None:
    unknown = sorted(set(named) - set(answers))
    if unknown:
        known = ", ".join(sorted(answers))
        raise BadJudgement(param, f"there is no answer {unknown[0]!r}; the answers are {known}")


def _require_conversation(messages: tuple[ChatTurn, ...]) -> None:
    if not messages:
        raise BadJudgement("messages", "write at least one answer")
    if messages[0].role != "assistant" or messages[-1].role != "assistant":
        raise BadJudgement("messages", "they must begin and end with an answer of the assistant")
    roles = {turn.role for turn in messages}
    if not roles <= {"user", "assistant"} or any(a.role == b.role for a, b in pairwise(messages)):
        raise BadJudgement("messages", "turns of the assistant and the user must take turns")
    for number, turn in enumerate(messages):
        if not turn.content.strip():
            raise BadJudgement(f"messages.{number}.content", "the turn is empty")
