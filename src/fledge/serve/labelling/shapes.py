"""Requests and replies of labellers: the JSON of `/api/label`."""

import json
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from fledge.feedback.blind import letters_of
from fledge.feedback.judgements import FLAGS, Judgement, Kind
from fledge.feedback.label_line import LONGEST_CONTENT, MOST_TURNS
from fledge.feedback.label_work import (
    Assignment,
    AssignmentState,
    Guideline,
    LabelProject,
    LabelTask,
    Layout,
    MemberProgress,
)
from fledge.feedback.records import ChatTurn
from fledge.serve.show.markdown import render
from fledge.serve.web.shapes import MOST_SECONDS, Asked

MOST_DRAFT_CHARACTERS = 400_000
"""Characters of a draft as JSON."""
LONGEST_NOTES = 10_000
LONGEST_REASON = 500
SHOWN_CHARACTERS = 120
"""Characters of a prompt in a list."""


def _short_enough(draft: dict[str, object]) -> dict[str, object]:
    length = len(json.dumps(draft, ensure_ascii=False))
    if length > MOST_DRAFT_CHARACTERS:
        raise ValueError(f"expected at most {MOST_DRAFT_CHARACTERS:,} characters, found {length:,}")
    return draft


Seconds = Annotated[float, Field(ge=0, le=MOST_SECONDS)]
Notes = Annotated[str, StringConstraints(max_length=LONGEST_NOTES)]
Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_REASON)
]
Letter = Annotated[str, StringConstraints(max_length=100)]
Group = Annotated[list[Letter], Field(max_length=9)]
Rating = Annotated[int, Field(strict=True)]


class TurnSent(Asked):
    """Turn of a demonstration."""

    role: Literal["assistant", "user"]
    content: Annotated[str, StringConstraints(max_length=LONGEST_CONTENT)]


class JudgementSent(Asked):
    """Judgement of any kind; answers are named by their letters."""

    ranking: list[Group] = Field([], max_length=9)
    ratings: dict[Letter, Rating] = Field({}, max_length=9)
    flags: dict[Letter, list[Letter]] = Field({}, max_length=9)
    messages: list[TurnSent] = Field([], max_length=MOST_TURNS)
    notes: Notes = ""
    seconds: Seconds = 0.0

    def judgement(self) -> Judgement:
        """Return the judgement, still with letters."""
        return Judgement(
            tuple(tuple(group) for group in self.ranking),
            self.ratings,
            {letter: tuple(flags) for letter, flags in self.flags.items()},
            tuple(ChatTurn(role=turn.role, content=turn.content) for turn in self.messages),
        )


class DraftSent(Asked):
    """Draft to keep; its shape is the page's own."""

    draft: Annotated[dict[str, object], AfterValidator(_short_enough)]
    seconds: Seconds = 0.0


class SkipSent(Asked):
    """Reason for leaving a task to others."""

    reason: Reason
    seconds: Seconds = 0.0


class ProblemSent(Asked):
    """Problem of a prompt."""

    problem: Literal["unclear", "personal_data"]
    notes: Notes = ""
    seconds: Seconds = 0.0


class Progress(BaseModel):
    """Work of a labeller and of everybody.

    Both counts rise with every task, so that none shows that it was gold; `judgements` stays at
    `wanted` once it is there.
    """

    done: int
    skipped: int
    seconds: float
    tasks: int
    judgements: int
    wanted: int

    @classmethod
    def of(cls, project: LabelProject, mine: MemberProgress | None, judgements: int) -> "Progress":
        """Count for one person; `mine` is None before their first task."""
        wanted = project.num_tasks * project.overlap
        return cls(
            done=0 if mine is None else mine.num_done + mine.num_gold,
            skipped=0 if mine is None else mine.num_skipped + mine.num_unclear,
            seconds=0.0 if mine is None else mine.seconds,
            tasks=project.num_tasks,
            judgements=min(judgements, wanted),
            wanted=wanted,
        )


class MyProject(BaseModel):
    """Open project, as a labeller sees it."""

    id: str
    name: str
    kind: Kind
    layout: Layout
    guideline_version: int | None
    progress: Progress


class MyProjects(BaseModel):
    """Projects in which a person can label."""

    projects: list[MyProject]


class GuidelineShown(BaseModel):
    """Version of a guideline, as Markdown and as harmless HTML."""

    version: int
    text: str
    html: str
    num_judgements: int
    created_at: float
    is_current: bool

    @classmethod
    def of(cls, guideline: Guideline, current: int) -> "GuidelineShown":
        """Render a stored guideline."""
        return cls(
            version=guideline.version,
            text=guideline.text,
            html=render(guideline.text),
            num_judgements=guideline.num_judgements,
            created_at=guideline.created_at,
            is_current=guideline.version == current,
        )


class TurnShown(BaseModel):
    """Turn of a prompt, also as harmless HTML."""

    role: str
    content: str
    html: str

    @classmethod
    def of(cls, turn: dict[str, object]) -> "TurnShown":
        """Render a stored turn."""
        content = str(turn["content"])
        return cls(role=str(turn["role"]), content=content, html=render(content))


class AnswerShown(BaseModel):
    """Answer without its writer, also as harmless HTML."""

    letter: str
    content: str
    html: str


class FlagShown(BaseModel):
    """Flag that an answer can have."""

    name: str
    label: str


class AssignmentShown(BaseModel):
    """Task as its labeller sees it: blind, and without a hint of gold."""

    id: str
    project_id: str
    kind: Kind
    layout: Layout
    guideline_version: int | None
    prompt: list[TurnShown]
    answers: list[AnswerShown]
    flags: list[FlagShown]
    draft: dict[str, object] | None
    seconds: float
    expires_at: float | None
    state: AssignmentState
    judgement: dict[str, object] | None
    notes: str
    finished_at: float | None

    @classmethod
    def of(
        cls, assignment: Assignment, task: LabelTask, project: LabelProject
    ) -> "AssignmentShown":
        """Show an assignment with letters in place of ids."""
        letters = letters_of(assignment.shown)
        contents = {str(answer["id"]): str(answer["content"]) for answer in task.answers}
        return cls(
            id=assignment.id,
            project_id=project.id,
            kind=project.kind,
            layout=project.layout,
            guideline_version=assignment.guideline_version,
            prompt=[TurnShown.of(turn) for turn in task.prompt],
            answers=[
                AnswerShown(
                    letter=letter, content=contents[answer_id], html=render(contents[answer_id])
                )
                for letter, answer_id in letters.items()
            ],
            flags=[FlagShown(name=name, label=label) for name, label in FLAGS.items()],
            draft=assignment.draft if assignment.state == "open" else None,
            seconds=assignment.seconds,
            expires_at=assignment.expires_at,
            state=assignment.state,
            judgement=assignment.in_letters(),
            notes=assignment.notes,
            finished_at=assignment.finished_at,
        )


class Drawn(BaseModel):
    """Task to do next, or null where nothing is left."""

    assignment: AssignmentShown | None
    progress: Progress


class Lease(BaseModel):
    """Time until which a task is kept for its labeller; null where others have taken it.

    `guideline_version` is the project's current one, which may be newer than the task's.
    """

    expires_at: float | None
    guideline_version: int | None


class Finished(BaseModel):
    """Assignment after a step; the warnings never refuse it."""

    assignment: AssignmentShown
    warnings: list[str] = []


class Warnings(BaseModel):
    """Places where ratings and ranking contradict each other."""

    warnings: list[str]


class HistoryEntry(BaseModel):
    """Line of a labeller's own history; `reason` is of a skip or a report."""

    id: str
    state: AssignmentState
    first_line: str
    finished_at: float | None
    seconds: float
    reason: str | None

    @classmethod
    def of(cls, assignment: Assignment, task: LabelTask) -> "HistoryEntry":
        """Sum up an assignment."""
        is_reasoned = assignment.state in ("skipped", "unclear", "personal_data")
        return cls(
            id=assignment.id,
            state=assignment.state,
            first_line=beginning_of(task),
            finished_at=assignment.finished_at,
            seconds=assignment.seconds,
            reason=assignment.notes if is_reasoned else None,
        )


class History(BaseModel):
    """Page of a history; `next` asks for the one after it."""

    assignments: list[HistoryEntry]
    next: str | None


def beginning_of(task: LabelTask) -> str:
    """Return the beginning of the last turn of a prompt, in one line."""
    return " ".join(str(task.prompt[-1]["content"]).split())[:SHOWN_CHARACTERS]
