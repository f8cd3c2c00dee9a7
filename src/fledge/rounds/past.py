"""Past of the models of a place: the rounds behind each, and the people they learned from."""

from collections.abc import Collection
from pathlib import Path
from typing import Literal

from pydantic import Field

from fledge.checkpoint.promotions import BASE, Promotion, read_promotions
from fledge.config import Config
from fledge.errors import CheckpointError
from fledge.rounds.config import RoundConfig
from fledge.rounds.files import RoundFiles, read_json, rounds_of
from fledge.rounds.records import read_kept

Stage = Literal["sft", "reward", "judge", "ppo"]
"""Run that learned from a record: PPO learns from the prompts of all kinds of records."""


class Begun(Config):
    """Settings of a round, and the model that it starts from: its `round.json`."""

    config: RoundConfig
    start_round: int = Field(ge=BASE)
    """Round that made the model that this one starts from."""
    start: str
    """Directory of that model: relative to the place, or anywhere else."""
    current: str
    """Promoted model when the round began, which the new one is compared with."""
    left_out: tuple[str, ...] = ()
    """People whose records are not used."""
    at: str
    """Moment at which the round began."""


class Used(Config):
    """Records and prompts that the runs of a round read: its `used/used.json`."""

    files: dict[str, str]
    """sha256 of every file."""
    counts: dict[str, int]
    """Records of every file."""
    people: dict[Stage, dict[str, int]]
    """Records of each person by the run that learned from them."""


USED = "used.json"


def chain(place: Path, number: int) -> list[RoundFiles]:
    """Return the rounds behind a model, its own last; none for the model before the first round.

    Raises:
        CheckpointError: the record of one is missing or damaged.
    """
    found: list[RoundFiles] = []
    while number != BASE:
        files = RoundFiles(place, number)
        found.append(files)
        number = read_json(files.settings, Begun).start_round
    return found[::-1]


def learned_from(place: Path, number: int) -> dict[str, dict[Stage, int]]:
    """Return the people behind the model of a round, with their records by stage.

    A record that several rounds used counts once for each.
    """
    people: dict[str, dict[Stage, int]] = {}
    for files in chain(place, number):
        if not (files.used / USED).is_file():
            continue
        for stage, counts in read_json(files.used / USED, Used).people.items():
            for person, count in counts.items():
                stages = people.setdefault(person, {})
                stages[stage] = stages.get(stage, 0) + count
    return people


def models_of(place: Path, person: str) -> list[tuple[int, dict[Stage, int]]]:
    """Return the rounds whose models learned from a person, or were judged with their help."""
    known = (
        (files.number, learned_from(place, files.number))
        for files in rounds_of(place)
        if files.settings.is_file()
    )
    return [(number, people[person]) for number, people in known if person in people]


def demonstrations_behind(place: Path, number: int) -> set[str]:
    """Return the digests of the demonstrations that the model of a round has learned."""
    return {
        each.digest
        for files in chain(place, number)
        for each in read_kept(files.used / "demonstrations.jsonl")
    }


def start_without(place: Path, left_out: Collection[str]) -> Promotion:
    """Return the newest promoted model that learned from none of these people.

    Raises:
        CheckpointError: the history is damaged, or lacks the model before the first round.
    """
    for promotion in reversed(read_promotions(place)):
        if not left_out_of(place, promotion.round, left_out):
            return promotion
    raise CheckpointError(
        f"{place}: the history lacks the model before the first round; restore promotions.jsonl"
    )


def left_out_of(place: Path, number: int, left_out: Collection[str]) -> set[str]:
    """Return those of these people that the model of a round learned from."""
    if not left_out:
        return set()
    return set(learned_from(place, number)).intersection(left_out)
