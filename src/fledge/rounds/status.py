"""State of a place in words: its rounds, its promoted model, and who is behind it."""

from pathlib import Path

from fledge.checkpoint.promotions import read_promotions
from fledge.rounds.card import lineage_text
from fledge.rounds.files import RoundFiles, read_json, rounds_of
from fledge.rounds.gate import Condition, Verdict
from fledge.rounds.history import left_out, round_of
from fledge.rounds.lock import is_taken
from fledge.rounds.past import models_of
from fledge.rounds.progress import read_progress

MARKS = {True: "met", False: "NOT MET", None: "not measured"}


def status_lines(place: Path) -> list[str]:
    """Describe every round, the promoted model last.

    Raises:
        CheckpointError: the place has no history, or a file of it is damaged.
    """
    newest = read_promotions(place)[-1]
    busy = is_taken(place)
    lines = [line for files in rounds_of(place) for line in _round_lines(files, busy)]
    people = left_out(place)
    if people:
        lines.append(f"left out of the next rounds: {', '.join(people)}")
    model = "the base" if newest.round == 0 else f"the model of round {newest.round}"
    return [*lines, f"{place} stands for {model}: {place / newest.model}"]


def lineage_lines(place: Path, number: int | None) -> list[str]:
    """Tell the data and the people behind the model of a round, or behind the promoted one.

    Raises:
        ConfigError: there is no such round.
    """
    number = read_promotions(place)[-1].round if number is None else number
    if number == 0:
        return [f"the base, {read_promotions(place)[0].model}: no round is behind it"]
    return lineage_text(place, round_of(place, number)).splitlines()


def person_lines(place: Path, person: str) -> list[str]:
    """Tell the models that learned from a person, and whether the promoted one did."""
    found = models_of(place, person)
    if not found:
        return [f"no model learned from {person}"]
    lines = []
    for number, stages in found:
        counts = ", ".join(f"{stage} {count:,}" for stage, count in sorted(stages.items()))
        lines.append(f"round {number} used records of {person}: {counts}")
    current = read_promotions(place)[-1].round
    if any(number == current for number, _ in found):
        lines.append(
            f"the promoted model is one of them; fledge improve {place} --without {person} trains "
            "one that is not"
        )
    return lines


def _round_lines(files: RoundFiles, busy: bool) -> list[str]:
    if files.gate.is_file():
        verdict = read_json(files.gate, Verdict)
        end = "given up" if verdict.given_up else "not promoted"
        head = f"round {files.number}: {'promoted' if verdict.promoted else end}"
        conditions = [f"  {_condition(each)}" for each in verdict.conditions]
        return [head, *conditions, *(f"  {reason}" for reason in verdict.why)]
    if not files.progress.is_file():
        return [f"round {files.number}: not begun"]
    progress = read_progress(files)
    state = "running" if busy else "stopped"
    return [
        f"round {files.number}: {state} in phase {progress.phase} of {', '.join(progress.phases)}",
        *([f"  {progress.message}"] if progress.message else []),
    ]


def _condition(condition: Condition) -> str:
    measured = "" if condition.measured is None else f" {condition.measured:.3f}"
    return f"{MARKS[condition.passed]}: {condition.name}{measured} (limit {condition.limit:g})"
