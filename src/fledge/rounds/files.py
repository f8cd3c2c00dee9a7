"""Files of a place and of its rounds, and JSON that is read back as it was written."""

import re
from pathlib import Path
from typing import TypeVar, final

from pydantic import BaseModel, ValidationError

from fledge.errors import CheckpointError
from fledge.files import write_text

Written = TypeVar("Written", bound=BaseModel)

_ROUND = re.compile(r"\d{3,}")


@final
class RoundFiles:
    """Paths of one round in its directory, `PLACE/rounds/001`."""

    def __init__(self, place: Path, number: int) -> None:
        self.number = number
        self.root = place / "rounds" / f"{number:03d}"
        self.settings = self.root / "round.json"
        """Settings that the round began with, and the model it started from."""
        self.progress = self.root / "progress.json"
        self.given = self.root / "data"
        """Records that this round brought, each once over all rounds."""
        self.used = self.root / "used"
        """Records and prompts that its runs read, from all rounds so far."""
        self.sft = self.root / "sft"
        self.judge = self.root / "judge"
        self.ppo = self.root / "ppo"
        self.reward_report = self.root / "reward-report.json"
        self.report = self.root / "report.json"
        self.report_text = self.root / "report.md"
        self.decision = self.root / "decision.json"
        """First verdict of the gate, written before it is carried out."""
        self.gate = self.root / "gate.json"
        self.card = self.root / "model-card.md"

    def reward(self, number: int = 0) -> Path:
        """Return the run of a reward model of the ensemble, counted from 0."""
        return self.root / ("reward" if number == 0 else f"reward-{number + 1}")

    def answers(self, name: str) -> Path:
        """Return the file of a model's answers to the held-out prompts."""
        return self.root / "answers" / f"{name}.jsonl"


def rounds_of(place: Path) -> list[RoundFiles]:
    """Return the rounds of a place that have begun, oldest first."""
    root = place / "rounds"
    if not root.is_dir():
        return []
    numbers = sorted(int(entry.name) for entry in root.iterdir() if _ROUND.fullmatch(entry.name))
    return [RoundFiles(place, number) for number in numbers]


def write_json(path: Path, values: BaseModel) -> None:
    """Write a record whole or not at all.

    Raises:
        WriteError: the disk is full or not writable.
    """
    write_text(path, values.model_dump_json(indent=1) + "\n")


def read_json(path: Path, kind: type[Written]) -> Written:
    """Read what `write_json` wrote.

    Raises:
        CheckpointError: the file is missing or damaged.
    """
    try:
        return kind.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError) as error:
        raise CheckpointError(
            f"{path} is missing or damaged ({error}); restore it from a backup, or give the round "
            "up: fledge rounds give-up"
        ) from error
