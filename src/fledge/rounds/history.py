"""Decisions about a place's model: promote, promote by hand, roll back, leave people out."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.promotions import (
    Promotion,
    add_promotion,
    deciding,
    now,
    read_promotions,
)
from fledge.errors import ConfigError
from fledge.files import write_text
from fledge.rounds.comparison import Comparison
from fledge.rounds.files import RoundFiles, read_json, rounds_of, write_json
from fledge.rounds.gate import Verdict
from fledge.rounds.intake import brought
from fledge.rounds.past import Begun, learned_from, left_out_of
from fledge.rounds.report import RoundReport
from fledge.runs.run import finished_checkpoint

LEFT_OUT = "left-out.json"
"""People whose records no later round uses, in the place."""
GATE = "gate"
"""Name of the one who promotes what meets every condition."""


def withdrawn(place: Path, files: RoundFiles, begun: Begun) -> list[str]:
    """Return those left out since a round began whose records it uses."""
    late = set(left_out(place)).difference(begun.left_out)
    if not late:
        return []
    behind = {each.person for each in brought(place, files.number)}
    return sorted(late.intersection(behind.union(learned_from(place, begun.start_round))))


def promote_passed(place: Path, files: RoundFiles, found: Comparison) -> None:
    """Promote the model of a round that met every condition, within `deciding`.

    Raises:
        WriteError: the disk is full or not writable; the old model stays.
    """
    why = f"every condition is met; it wins {found.win_rate:.1%} by the judge"
    _add(place, files, GATE, why, numbers_of(found))


def promote_by_hand(place: Path, number: int, by: str, why: str) -> Promotion:
    """Promote the model of a round as a person decides, whatever the gate found.

    Raises:
        ConfigError: there is no such round, or it made no whole model.
        WriteError: the disk is full or not writable; the old model stays.
    """
    files = round_of(place, number)
    if not files.gate.is_file():
        raise ConfigError(
            f"{files.root}: the round is unfinished; `fledge improve {place}` goes on with it"
        )
    verdict = read_json(files.gate, Verdict)
    if finished_checkpoint(files.ppo) is None:
        raise ConfigError(
            f"{files.root}: the round made no whole model to promote: {' '.join(verdict.why)}"
        )
    found = read_json(files.report, RoundReport).comparison if files.report.is_file() else None
    against = f". Against the gate: {' '.join(verdict.why)}" if verdict.why else ""
    with deciding(place):
        why = f"{why.rstrip('.')}{against}{_of_those_who_left(place, number)}"
        return _add(place, files, by, why, numbers_of(found) if found else {})


def roll_back(place: Path, by: str, why: str = "", to: int | None = None) -> Promotion:
    """Return to the model that was promoted before, or to that of a round; 0 is the first model.

    Raises:
        ConfigError: there is no earlier model, or that round's was never promoted.
        CheckpointError: that model is gone.
        WriteError: the disk is full or not writable; the present model stays.
    """
    with deciding(place):
        return _roll_back(place, by, why, to)


def _roll_back(place: Path, by: str, why: str, to: int | None) -> Promotion:
    history = read_promotions(place)
    current = history[-1]
    if to is None:
        earlier = [each for each in standing(history)[:-1] if each.round != current.round]
        if not earlier:
            raise ConfigError(f"{place}: there is no earlier model to return to")
        target = earlier[-1]
    else:
        promoted = [each for each in history if each.round == to]
        if not promoted:
            known = sorted({each.round for each in history})
            raise ConfigError(
                f"{place}: the model of round {to} was never promoted; promoted were those of "
                f"{', '.join(map(str, known))}"
            )
        target = promoted[-1]
    if target.round == current.round:
        raise ConfigError(f"{place}: the chat offers the model of round {target.round} already")
    find_checkpoint(place / target.model)
    back = Promotion(
        event="rolled back",
        round=target.round,
        model=target.model,
        at=now(),
        by=by,
        why=(why or f"return from the model of round {current.round}")
        + _of_those_who_left(place, target.round),
        numbers=target.numbers,
    )
    add_promotion(place, back)
    return back


def _of_those_who_left(place: Path, number: int) -> str:
    """Tell who asked to be left out, if the model of a round learned from them."""
    people = left_out_of(place, number, left_out(place))
    return f". It learned from {', '.join(sorted(people))}, who asked to be left out" * bool(people)


def standing(history: list[Promotion]) -> list[Promotion]:
    """Return the promotions that no roll-back undid, oldest first; the last one stands now."""
    stack: list[Promotion] = []
    for event in history:
        if event.event == "rolled back":
            while stack and stack[-1].round != event.round:
                stack.pop()
            stack = stack or [event]
        else:
            stack.append(event)
    return stack


def give_up(place: Path, why: str) -> RoundFiles:
    """End an unfinished round without a model; its data stays for the rounds after it.

    Raises:
        ConfigError: every round is finished.
    """
    unfinished = [files for files in rounds_of(place) if not files.gate.is_file()]
    if not unfinished:
        raise ConfigError(f"{place}: no round is unfinished")
    files = unfinished[-1]
    verdict = Verdict(
        conditions=[], passed=False, promoted=False, why=[why], at=now(), given_up=True
    )
    write_json(files.gate, verdict)
    return files


def left_out(place: Path) -> tuple[str, ...]:
    """Return the people whose records no later round uses."""
    path = place / LEFT_OUT
    if not path.is_file():
        return ()
    return tuple(json.loads(path.read_text(encoding="utf-8")))


def leave_out(place: Path, people: Iterable[str]) -> tuple[str, ...]:
    """Add people whose records no later round uses; return all of them.

    Raises:
        WriteError: the disk is full or not writable.
    """
    with deciding(place):
        everybody = tuple(dict.fromkeys((*left_out(place), *people)))
        write_text(place / LEFT_OUT, json.dumps(list(everybody), ensure_ascii=False) + "\n")
    return everybody


def round_of(place: Path, number: int) -> RoundFiles:
    """Return the files of a round.

    Raises:
        ConfigError: there is no such round.
    """
    known = {files.number: files for files in rounds_of(place)}
    if number not in known:
        raise ConfigError(
            f"{place}: there is no round {number}; its rounds are: "
            f"{', '.join(map(str, known)) or 'none yet'}"
        )
    return known[number]


def numbers_of(found: Comparison) -> dict[str, float]:
    """Return the numbers that a promotion is remembered by."""
    numbers = {"win_rate": found.win_rate, "low": found.low, "high": found.high, "kl": found.kl}
    if found.current.right is not None and found.new.right is not None:
        numbers |= {"right_before": found.current.right, "right_after": found.new.right}
    return numbers


def _add(
    place: Path, files: RoundFiles, by: str, why: str, numbers: Mapping[str, float]
) -> Promotion:
    promotion = Promotion(
        event="promoted",
        round=files.number,
        model=str(files.ppo.relative_to(place)),
        at=now(),
        by=by,
        why=why,
        numbers=dict(numbers),
    )
    add_promotion(place, promotion)
    return promotion
