"""Work of labellers: projects and their guidelines, tasks, and assignments."""

from dataclasses import dataclass
from typing import Literal

from fledge.feedback.blind import letters_of
from fledge.feedback.judgements import Kind, judgement_from

Layout = Literal["list", "columns"]

AssignmentState = Literal["open", "done", "skipped", "unclear", "personal_data"]

COUNTED = ("done", "unclear", "personal_data")
"""States that count for the overlap of a task; a skipped one goes to somebody else."""


@dataclass(frozen=True, slots=True)
class LabelProject:
    """Project. `num_tasks` counts tasks in the queue, without gold and withdrawn ones."""

    id: str
    name: str
    kind: Kind
    layout: Layout
    overlap: int
    lease_minutes: int
    gold_percent: int
    is_open: bool
    num_tasks: int
    num_gold: int
    num_withdrawn: int
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True)
class Guideline:
    """Version of a guideline, in Markdown; versions count from 1."""

    project_id: str
    version: int
    text: str
    num_judgements: int
    created_at: float


@dataclass(frozen=True, slots=True)
class LabelTask:
    """Task as it is stored. `number` counts from 1 in the order of the uploads."""

    id: str
    project_id: str
    number: int
    key: str
    prompt: list[dict[str, object]]
    answers: list[dict[str, object]]
    gold: dict[str, object] | None
    is_gold: bool
    source: str | None
    consent: bool | None
    pseudonym: str | None
    num_taken: int
    num_finished: int
    num_unclear: int
    is_withdrawn: bool

    @property
    def answer_ids(self) -> tuple[str, ...]:
        """Ids of the answers, in the order of the upload."""
        return tuple(str(answer["id"]) for answer in self.answers)


@dataclass(frozen=True, slots=True)
class Assignment:
    """Task of one labeller. `shown` lists the answers in the order of their letters.

    `slot` is the place among the task's overlap. It is None for gold, after a skip, and once the
    lease has ended. `draft` speaks of letters, `judgement` of answers' ids.
    """

    id: str
    project_id: str
    task_id: str
    account_id: str
    state: AssignmentState
    slot: int | None
    is_gold: bool
    guideline_version: int | None
    shown: tuple[str, ...]
    draft: dict[str, object] | None
    judgement: dict[str, object] | None
    notes: str
    seconds: float
    gold_score: float | None
    leased_at: float
    expires_at: float | None
    finished_at: float | None
    used_at: float | None

    @property
    def is_held(self) -> bool:
        """Return whether nobody else can get this place of the task."""
        return self.is_gold or self.slot is not None

    def in_letters(self) -> dict[str, object] | None:
        """Return the judgement with the letters that the labeller saw in place of ids."""
        if self.judgement is None:
            return None
        letter_of = {answer: letter for letter, answer in letters_of(self.shown).items()}
        return judgement_from(self.judgement).renamed(letter_of).record()


@dataclass(frozen=True, slots=True)
class MemberProgress:
    """Counts of one labeller in one project. `gold_score` is the sum over their gold tasks."""

    account_id: str
    name: str
    allows_training: bool
    num_done: int
    num_skipped: int
    num_unclear: int
    num_gold: int
    gold_score: float
    seconds: float
    last_at: float


@dataclass(frozen=True, slots=True)
class Judged:
    """Finished judgement with its task."""

    assignment: Assignment
    task: LabelTask
