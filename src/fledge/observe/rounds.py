"""Rounds of feedback as a page shows them, and what a page may do to a place of rounds."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

COLLECTED = "collected-"
"""Beginning of the names of files that hold what people gave on the server; no upload has it."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Measurement with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ConditionLine:
    """Condition of the gate; `passed` is None where the round ended before it."""

    name: str
    measured: float | None
    limit: float
    passed: bool | None


@dataclass(frozen=True, slots=True)
class RoundLine:
    """Round of the table.

    `counts` and `people` are those of the new records that it brought. `state` is promoted, not
    promoted, given up, running, stopped, failed or not begun.
    """

    number: int
    at: str
    state: str
    counts: Mapping[str, int]
    people: int
    reward: Measured | None
    win_rate: Measured | None
    conditions: Sequence[ConditionLine]
    why: Sequence[str]
    has_report: bool
    has_model: bool
    is_offered: bool


@dataclass(frozen=True, slots=True)
class EventLine:
    """Event of the place's history."""

    at: str
    event: str
    round: int
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class RoundNow:
    """Newest round while it is not finished; `step` and `steps` are those of the present phase.

    `state` is starting, running, stopped or failed; moments are ISO 8601.
    """

    number: int
    state: str
    phase: str
    phases: Sequence[str]
    step: int | None
    steps: int | None
    began: str
    since: str
    message: str


@dataclass(frozen=True, slots=True)
class WaitingFile:
    """File for the next round: its new records by kind and by person, and those known before.

    `left_out` records are of people whom no later round uses. `problem` tells why the file cannot
    be read.
    """

    name: str
    counts: Mapping[str, int]
    people: Mapping[str, int]
    repeated: int
    left_out: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """Place with all that its page shows; `now` is None while every round is finished."""

    name: str
    offered: int
    rounds: Sequence[RoundLine]
    history: Sequence[EventLine]
    now: RoundNow | None
    failed_start: str
    waiting: Sequence[WaitingFile]
    left_out: Sequence[str]
    earlier: int | None


@dataclass(frozen=True, slots=True)
class SourceLine:
    """File that a round took in."""

    round: int
    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class Learned:
    """Records of a person behind a model, by what learned from them."""

    person: str
    demonstrations: int
    rankings: int
    judged: int


@dataclass(frozen=True, slots=True)
class RoundAbout:
    """One round: its line, its parents, what it learned from, its settings, report and card."""

    line: RoundLine
    parents: Sequence[str]
    sources: Sequence[SourceLine]
    people: Sequence[Learned]
    settings: Mapping[str, str]
    report: str
    card: str


@dataclass(frozen=True, slots=True)
class LearnedModel:
    """Round whose model learned from a person, or was judged with their help."""

    round: int
    records: int
    is_offered: bool


@runtime_checkable
class RoundsBoard(Protocol):
    """Place of rounds, as a server shows and steers it. Refusals are `ConfigError`."""

    def place(self) -> PlaceLine:
        """Return everything that the page of the place shows."""
        ...

    def now(self) -> RoundNow | None:
        """Return the round that is not finished."""
        ...

    def about(self, number: int) -> RoundAbout:
        """Return one round in full."""
        ...

    def add(self, name: str, content: bytes) -> WaitingFile:
        """Keep a file of records for the next round, under a name of its own."""
        ...

    def remove(self, name: str) -> None:
        """Delete a file that waits for the next round."""
        ...

    def start(self, allowing: Collection[str]) -> None:
        """Start a round with the waiting files, or go on with the unfinished one.

        Of what was collected on the server only the records of these people stay.
        """
        ...

    def stop(self) -> None:
        """Ask the running round to save and to end."""
        ...

    def give_up(self, why: str) -> int:
        """End the unfinished round without a model; return its number."""
        ...

    def promote(self, number: int, by: str, why: str) -> None:
        """Promote the model of a finished round."""
        ...

    def roll_back(self, by: str, why: str, to: int | None = None) -> int:
        """Return to the model of a round, or to the one before; return the number of its round."""
        ...

    def learned_from(self, names: Collection[str]) -> Sequence[LearnedModel]:
        """Return the models that learned from a person who is known by these names."""
        ...

    def is_left_out(self, names: Collection[str]) -> bool:
        """Tell whether no later round uses records of these names."""
        ...

    def leave_out(self, names: Collection[str]) -> None:
        """Use no record of these names in any later round."""
        ...
