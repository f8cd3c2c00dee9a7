"""History of the model that a place offers: promotions and roll-backs, the newest at the end.

A place is a directory in which rounds of feedback improve one model. Every promotion is a line of
`promotions.jsonl`; the model of the last line is the one that the place stands for.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from fledge.config import Config
from fledge.errors import CheckpointError, ConfigError
from fledge.files import write_text
from fledge.process_lock import Process, locked
from fledge.text.decoding import lines_of

FILE_NAME = "promotions.jsonl"
LOCK_FILE = "deciding.lock"
PATIENCE = (0.0, *[0.05] * 200)
"""Pauses between tries to decide: ten seconds in all, where a decision takes milliseconds."""
BASE = 0
"""Number that stands for the model before the first round."""


class Promotion(Config):
    """An event after which a place stands for this model."""

    event: Literal["base", "promoted", "rolled back"]
    """The beginning of the place, a promotion, or the return to an earlier model."""
    round: int = Field(ge=BASE)
    """Round that made the model; 0 for the one before the first round."""
    model: str
    """Its checkpoint or run: relative to the place, or anywhere else."""
    at: str
    """Moment in UTC, ISO 8601."""
    by: str
    """Person who decided, or "gate"."""
    why: str
    """Reason in words."""
    numbers: dict[str, float] = Field(default_factory=dict)
    """Measurements that it was decided by."""


@contextmanager
def deciding(place: Path) -> Iterator[None]:
    """Keep other decisions about the model of a place waiting within the context.

    Who reads the history to decide by it, and then writes, does both within.

    Raises:
        CheckpointError: the place has no history.
        ConfigError: another process decides for longer than ten seconds.
        WriteError: the place is not writable.
    """
    if not is_place(place):
        raise _no_rounds(place)

    def refusal(other: Process) -> ConfigError:
        return ConfigError(f"{place}: {other} decides about its model right now; try again")

    with locked(place / LOCK_FILE, refusal, PATIENCE):
        yield


def is_place(path: Path) -> bool:
    """Tell whether a directory is a place with a history."""
    return (path / FILE_NAME).is_file()


def read_promotions(place: Path) -> list[Promotion]:
    """Return the history of a place, oldest first.

    Raises:
        CheckpointError: there is none, or a line of it is damaged.
    """
    file = place / FILE_NAME
    if not file.is_file():
        raise _no_rounds(place)
    history = []
    for number, line in enumerate(lines_of(file.read_text(encoding="utf-8")), start=1):
        try:
            history.append(Promotion.model_validate_json(line))
        except ValidationError as error:
            raise CheckpointError(
                f"{file}:{number}: expected a promotion, found {line[:60]!r}; restore the file "
                "from a backup, or delete the line"
            ) from error
    if not history:
        raise CheckpointError(f"{file}: expected at least one promotion, found an empty file")
    return history


def add_promotion(place: Path, promotion: Promotion) -> None:
    """Append an event, within `deciding`.

    The file is replaced whole, so a killed process leaves the old or the new.

    Raises:
        WriteError: the disk is full or not writable; the old history stands.
    """
    file = place / FILE_NAME
    before = file.read_text(encoding="utf-8") if file.is_file() else ""
    write_text(file, f"{before}{promotion.model_dump_json()}\n", "history of promotions")


def promoted_model(place: Path) -> Path:
    """Return the run or checkpoint that a place stands for.

    Raises:
        CheckpointError: the history is missing or damaged, or the model is gone.
    """
    newest = read_promotions(place)[-1]
    model = place / newest.model
    if not model.is_dir():
        raise CheckpointError(
            f"{model}: the promoted model of {place} is gone; restore it, or return to the one "
            f"before: fledge rounds roll-back {place}"
        )
    return model


def _no_rounds(place: Path) -> CheckpointError:
    return CheckpointError(
        f"{place}: no rounds here; `fledge improve {place} --base CHECKPOINT --data FILE` begins "
        "the first one"
    )


def now() -> str:
    """Return the present moment in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
