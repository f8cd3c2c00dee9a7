"""Feedback of everybody who allows training, as files that fledge trains on, under pseudonyms."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from pydantic import BaseModel

from fledge.database.training_data import TrainingData
from fledge.feedback.pseudonym import pseudonym
from fledge.files import explained, whole_directory


def team_rankings(data: TrainingData) -> Iterator[BaseModel]:
    """Yield every order of answers with the pseudonym of the person who gave it."""
    for ranking in data.rankings():
        yield ranking.model_copy(update={"labeler": _name(ranking.labeler), "consent": True})


def team_ratings(data: TrainingData) -> Iterator[BaseModel]:
    """Yield every thumb with the pseudonym of the person who gave it."""
    for rating in data.ratings():
        yield rating.model_copy(update={"labeler": _name(rating.labeler), "consent": True})


def team_demonstrations(data: TrainingData) -> Iterator[BaseModel]:
    """Yield every answer that a person wrote, with the person's pseudonym."""
    for written in data.demonstrations():
        yield written.model_copy(update={"author": _name(written.author), "consent": True})


FILES: dict[str, Callable[[TrainingData], Iterator[BaseModel]]] = {
    "rankings.jsonl": team_rankings,
    "ratings.jsonl": team_ratings,
    "demonstrations.jsonl": team_demonstrations,
}
"""Files of an export, and what each holds."""


def write_records(records: Iterator[BaseModel], file: IO[bytes]) -> int:
    """Write records as JSON lines, and count them; memory holds one at a time."""
    count = 0
    for count, record in enumerate(records, start=1):  # noqa: B007
        file.write(record.model_dump_json(exclude_none=True).encode("utf-8") + b"\n")
    return count


def write_team_feedback(data: TrainingData, directory: Path) -> dict[str, int]:
    """Write all files into a folder that appears whole or not at all; return their sizes.

    Raises:
        WriteError: the disk is full or not writable.
    """
    counts = {}
    with (
        whole_directory(directory, "folder of feedback") as unfinished,
        explained(directory, "folder of feedback"),
    ):
        for name, records in FILES.items():
            with (unfinished / name).open("wb") as file:
                counts[name] = write_records(records(data), file)
    return counts


def _name(account_id: str | None) -> str | None:
    return None if account_id is None else pseudonym(account_id)
