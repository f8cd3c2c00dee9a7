"""Board of runs: everything that a page shows of a folder of runs, and what it may do to them."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

from fledge.errors import DataError
from fledge.observe.findings import UNREADABLE, Doctor, Practice, Warned, no_doctor
from fledge.observe.folder import MOST_RUNS, RunsFolder, RunUnavailable, Stamp, Unread, plain_file
from fledge.observe.lineage import Ancestor, ancestors_of
from fledge.observe.lines import Place, read_after, whole_text
from fledge.observe.processes import Processes, RunFile, log_of
from fledge.observe.samples import SampledPrompt, samples_of
from fledge.observe.series import plain, series_of
from fledge.observe.state import RunState, State, settings_of, stamp_of_state, state_of
from fledge.train.presence import trainer

Shown = float | str
"""Number as JSON has it; see `plain`."""


@dataclass(frozen=True, slots=True)
class RunLine:
    """Line of the list. `age` is in seconds since the last metrics; `file` is its run file."""

    name: str
    stage: str
    state: State
    message: str
    step: int | None
    steps: int | None
    last: Mapping[str, Shown]
    age: float | None
    file: str | None


@dataclass(frozen=True, slots=True)
class RunList:
    """Runs of the folder, those that changed last first, and run files that made none yet.

    `unread` are links to runs, and damaged run files.
    """

    runs: Sequence[RunLine]
    waiting: Sequence[RunFile]
    unread: Sequence[Unread]
    is_cut: bool


@dataclass(frozen=True, slots=True)
class MetricsPart:
    """Next part of a run's metrics: each metric's steps and values.

    `is_fresh`: forget what was read before. `is_last`: nothing more follows yet.
    """

    run: RunLine
    series: Mapping[str, tuple[Sequence[float], Sequence[Shown]]]
    unreadable: int
    file: str
    next: int
    is_fresh: bool
    is_last: bool


@dataclass(frozen=True, slots=True)
class RunAbout:
    """Settings by dotted key, ancestors, hashes of data by file, warnings, and log of a run.

    `problem` tells that the doctor failed.
    """

    settings: Mapping[str, str]
    ancestors: Sequence[Ancestor]
    data: Mapping[str, str]
    warnings: Sequence[Warned]
    problem: str
    log: str


@final
class Board:
    """Shows the runs of one folder; `RunUnavailable` is raised for any other."""

    def __init__(
        self,
        folder: RunsFolder,
        doctor: Doctor = no_doctor,
        processes: Processes | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`clock` gives seconds since 1970."""
        self._folder = folder
        self._practice = Practice(doctor)
        self._processes = Processes(folder) if processes is None else processes
        self._clock = clock
        self._kept: dict[Path, tuple[Stamp, RunState]] = {}

    @property
    def root(self) -> Path:
        """Path of the folder."""
        return self._folder.root

    def list(self) -> RunList:
        """Return all runs; one that vanishes meanwhile is left out, an unreadable one says why."""
        described, damaged = self._processes.look()
        files = {each.run: each for each in described}
        names = self._folder.names()
        lines: list[RunLine] = []
        for name in names:
            try:
                lines.append(self._line(name, files.get(name)))
            except (FileNotFoundError, RunUnavailable):
                continue
            except UNREADABLE as error:
                lines.append(unreadable(name, error))
        lines.sort(key=lambda line: (line.state != "running", line.age is None, line.age or 0.0))
        waiting = [each for each in files.values() if each.run not in names]
        unread = [*damaged, *map(self._unread, self._folder.links())]
        return RunList(lines, waiting, unread, len(names) == MOST_RUNS)

    def metrics(self, name: str, after: Place) -> MetricsPart:
        """Return the metrics of a run after a place, thinned."""
        run = self._folder.run(name)
        reading = read_after(plain_file(run, "metrics.jsonl"), after)
        series = {
            metric: (each.steps, [plain(value) for value in each.values])
            for metric, each in series_of(reading.lines).items()
        }
        return MetricsPart(
            run=self._line(name, None),
            series=series,
            unreadable=reading.unreadable,
            file=reading.next.file,
            next=reading.next.byte,
            is_fresh=reading.is_fresh,
            is_last=reading.is_last,
        )

    def samples(self, name: str) -> Sequence[SampledPrompt]:
        """Return the sample answers of a run."""
        return samples_of(self._folder.run(name))

    def about(self, name: str) -> RunAbout:
        """Return what made a run, and what the doctor says of it."""
        run = self._folder.run(name)
        ancestors, data = ancestors_of(run)
        found = self._practice.examined(run)
        return RunAbout(
            settings=flat(settings_of(run)),
            ancestors=ancestors,
            data=data,
            warnings=found.warnings,
            problem=whole_text(found.problem),
            log=log_of(run),
        )

    def start(self, file: str) -> str:
        """Start or resume the run of a run file, and return the run's name."""
        return self._processes.start(file).run

    def stop(self, name: str) -> None:
        """Ask a run to save and to end."""
        self._processes.stop(name)

    def _line(self, name: str, file: RunFile | None) -> RunLine:
        if whole_text(name) != name:
            raise DataError("its name is no UTF-8; rename its directory")
        run = self._folder.run(name)
        found = self._with_process(name, run, self._state(run))
        age = None if found.changed is None else max(0.0, self._clock() - found.changed)
        return RunLine(
            name=name,
            stage=file.stage if found.stage == "unknown" and file is not None else found.stage,
            state=found.state,
            message=whole_text(found.message),
            step=found.step,
            steps=found.steps,
            last={metric: plain(value) for metric, value in found.last.items()},
            age=age,
            file=None if file is None else file.file,
        )

    def _unread(self, link: Path) -> Unread:
        """Say where a link to a run leads: to a place in the folder, or outside."""
        place = link.resolve()
        if place.is_relative_to(self.root):
            problem = f"This is a link to {self._folder.name_of(place)}, which has its own line."
        else:
            problem = (
                "This is a link that leads outside the folder. Move the run into the folder, or "
                "start the server with --runs and the place of the run."
            )
        return Unread(whole_text(self._folder.name_of(link)), whole_text(problem))

    def _state(self, run: Path) -> RunState:
        """Return the state of a run; only one that changed, or is trained, is read again."""
        stamp = stamp_of_state(run)
        before, found = self._kept.get(run, (None, None))
        if found is None or stamp != before or found.state == "running" or trainer(run) is not None:
            found = state_of(run, self._clock())
            self._kept[run] = (stamp, found)
        return found

    def _with_process(self, name: str, run: Path, found: RunState) -> RunState:
        """Correct the state by a process that was started here and does not train, or not yet."""
        if found.state != "running" and self._processes.is_alive(name):
            return replace(found, state="running", message="Starting …")
        if found.state == "stopped" and self._processes.has_failed(name):
            said = log_of(run).strip().splitlines()
            return replace(found, state="failed", message=said[-1] if said else "It did not start.")
        return found


def unreadable(name: str, error: BaseException) -> RunLine:
    """Return the line of a run whose files cannot be read."""
    return RunLine(
        name=whole_text(name),
        stage="unknown",
        state="failed",
        message=whole_text(f"This run cannot be read: {error}"),
        step=None,
        steps=None,
        last={},
        age=None,
        file=None,
    )


def flat(values: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    """Flatten nested settings into JSON texts by dotted key."""
    items: dict[str, str] = {}
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            items |= flat(value, f"{prefix}{key}.")
        else:
            items[prefix + key] = json.dumps(value, ensure_ascii=False)
    return items
