"""Board of a place of rounds: everything that its page shows, and what the page may do."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import final

from fledge.checkpoint.promotions import BASE, read_promotions
from fledge.errors import ConfigError
from fledge.observe.board import flat
from fledge.observe.rounds import (
    EventLine,
    Learned,
    LearnedModel,
    PlaceLine,
    RoundAbout,
    RoundNow,
    SourceLine,
    WaitingFile,
)
from fledge.rounds.files import RoundFiles, read_json, rounds_of
from fledge.rounds.history import (
    give_up,
    leave_out,
    left_out,
    promote_by_hand,
    roll_back,
    round_of,
    standing,
)
from fledge.rounds.intake import MANIFEST, Manifest
from fledge.rounds.lines import line_of, now_of
from fledge.rounds.lock import alone
from fledge.rounds.past import Begun, chain, learned_from, models_of
from fledge.rounds.round_process import RoundProcess
from fledge.rounds.waiting import WaitingFiles


@final
class PlaceBoard:
    """Shows and steers one place; it is a `RoundsBoard`."""

    def __init__(self, place: Path, name: str, process: RoundProcess | None = None) -> None:
        """`name` is that of the model in the chat."""
        self._place = place.resolve()
        self._name = name
        self._process = RoundProcess(self._place) if process is None else process
        self._waiting = WaitingFiles(self._place)

    def place(self) -> PlaceLine:
        """Return everything that the page of the place shows."""
        history = read_promotions(self._place)
        offered, busy = history[-1].round, self._process.is_there
        before = [each for each in standing(history)[:-1] if each.round != offered]
        now = self.now()
        return PlaceLine(
            name=self._name,
            offered=offered,
            rounds=[line_of(files, offered, busy) for files in reversed(rounds_of(self._place))],
            history=[
                EventLine(each.at, each.event, each.round, each.by, each.why)
                for each in reversed(history)
            ],
            now=now,
            failed_start="" if busy or (now is not None and now.message) else self._process.said(),
            waiting=self._waiting.lines(),
            left_out=left_out(self._place),
            earlier=before[-1].round if before else None,
        )

    def now(self) -> RoundNow | None:
        """Return the round that is not finished; a process that has not begun is starting."""
        rounds = rounds_of(self._place)
        return now_of(rounds[-1] if rounds else None, self._process.is_there)

    def about(self, number: int) -> RoundAbout:
        """Return one round in full."""
        files = round_of(self._place, number)
        begun = read_json(files.settings, Begun) if files.settings.is_file() else None
        behind = chain(self._place, number) if begun is not None else []
        people = learned_from(self._place, number) if begun is not None else {}
        offered = read_promotions(self._place)[-1].round
        return RoundAbout(
            line=line_of(files, offered, self._process.is_there),
            parents=[_named(each.number) for each in behind[:-1]]
            or ([] if begun is None else [_named(begun.start_round)]),
            sources=_sources(behind),
            people=[
                Learned(
                    person, stages.get("sft", 0), stages.get("reward", 0), stages.get("judge", 0)
                )
                for person, stages in sorted(people.items())
            ],
            settings={} if begun is None else flat(begun.config.model_dump(mode="json")),
            report=_text(files.report_text),
            card=_text(files.card),
        )

    def add(self, name: str, content: bytes) -> WaitingFile:
        """Keep a file of records for the next round, under a name of its own."""
        return self._waiting.add(name, content)

    def remove(self, name: str) -> None:
        """Delete a file that waits for the next round."""
        self._waiting.remove(name)

    def start(self, allowing: Collection[str]) -> None:
        """Start a round with the waiting files, or go on with the unfinished one.

        Of what was collected on the server only the records of these people stay.
        """
        self._waiting.keep_only(allowing)
        goes_on = any(
            (files.given / MANIFEST).is_file() and not files.gate.is_file()
            for files in rounds_of(self._place)[-1:]
        )
        self._process.start([] if goes_on else self._waiting.paths())

    def stop(self) -> None:
        """Ask the running round to save and to end."""
        self._process.stop()

    def give_up(self, why: str) -> int:
        """End the unfinished round without a model; return its number."""
        with alone(self._place):
            return give_up(self._place, why).number

    def promote(self, number: int, by: str, why: str) -> None:
        """Promote the model of a finished round."""
        promote_by_hand(self._place, number, by, why)

    def roll_back(self, by: str, why: str, to: int | None = None) -> int:
        """Return to the model of a round, or to the one before; return the number of its round."""
        return roll_back(self._place, by, why, to).round

    def learned_from(self, names: Collection[str]) -> Sequence[LearnedModel]:
        """Return the models that learned from a person who is known by these names."""
        offered = read_promotions(self._place)[-1].round
        counts: dict[int, int] = {}
        for name in names:
            for number, stages in models_of(self._place, name):
                # PPO's prompts are those of the same records, unless they gave nothing else.
                taught = [count for stage, count in stages.items() if stage != "ppo"]
                given = sum(taught) if taught else stages["ppo"]
                counts[number] = counts.get(number, 0) + given
        return [
            LearnedModel(number, counts[number], number == offered) for number in sorted(counts)
        ]

    def is_left_out(self, names: Collection[str]) -> bool:
        """Tell whether no later round uses records of these names."""
        return set(names) <= set(left_out(self._place))

    def leave_out(self, names: Collection[str]) -> None:
        """Use no record of these names in any later round."""
        if not names:
            raise ConfigError("name the person to leave out")
        leave_out(self._place, names)


def _named(number: int) -> str:
    return "the base" if number == BASE else f"round {number}"


def _sources(behind: Sequence[RoundFiles]) -> list[SourceLine]:
    found: list[SourceLine] = []
    for files in behind:
        if (files.given / MANIFEST).is_file():
            manifest = read_json(files.given / MANIFEST, Manifest)
            found += [
                SourceLine(files.number, Path(name).name, digest)
                for name, digest in manifest.sources.items()
            ]
    return found


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
