"""The frame of every benchmark: the machine before and after it, its tables and its baseline."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import _baselines
from _baselines import Baseline, Result
from _machine import BUSY, LOOK_SECONDS, UNSTEADY, Machine, busy_cores, measure_ceilings
from _measure import Row, print_table

QUICK_LOOK_SECONDS = 0.05
ROUND_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one unit; `peers` names for each task the program that counts as 1, if one does."""

    rows: Sequence[Row]
    unit: str
    peers: Mapping[str, str]


@final
class Measurement:
    """One run of a benchmark: ceilings and looks at the machine around its tables.

    Begin before anything is timed, call `look` between rounds while all programs rest, and finish
    with the tables. Only then is known whether they count.
    """

    def __init__(
        self,
        name: str,
        *,
        quick: bool,
        record: bool,
        settings: Mapping[str, object] | None = None,
        peers: Mapping[str, str] | None = None,
    ) -> None:
        """Look at the machine, and print what it is and can do.

        `settings` are what makes numbers of the same task incomparable, as the model's size;
        `peers` are versions of packages that another interpreter has.

        Raises:
            SystemExit: a baseline is wanted, but others are busy.
        """
        self.name = name
        self.settings = {key: str(value) for key, value in (settings or {}).items()}
        self.machine = Machine.here()
        self.versions = _baselines.versions() | dict(peers or {})
        self.looks: list[float | None] = []
        self._quick = quick
        self._record = record
        self._change = 0.0
        self._look(LOOK_SECONDS)
        print(
            f"{self.machine.describe()}; {named(self.versions)}; {self._busy()} before\n",
            flush=True,
        )
        if record and self.objection():
            raise SystemExit(self._refusal())
        self.ceilings = measure_ceilings(self.machine.threads, quick)
        print(f"{self.ceilings.table()}\n", flush=True)

    def look(self) -> None:
        """Note how busy others are between two rounds."""
        self._look(ROUND_LOOK_SECONDS)

    def finish(self, tables: Sequence[Table]) -> None:
        """Look at the machine again, print the tables, and record them if that is wanted.

        Raises:
            SystemExit: a baseline is wanted, but the machine was not idle.
        """
        self.look_again()
        baseline = self.baseline()
        for table in tables:
            print_table(
                table.rows,
                table.unit,
                table.peers,
                lambda row, table=table: self._more_cells(row, table, baseline),
                "task (DOES NOT COUNT)" if self.objection() else "task",
            )
        self.conclude([result for table in tables for result in self.results(table)])

    def look_again(self) -> None:
        """Measure the machine once more, after all rounds; the better ceilings count."""
        self._look(LOOK_SECONDS)
        again = measure_ceilings(self.machine.threads, self._quick)
        self._change = self.ceilings.largest_change(again)
        self.ceilings = self.ceilings.better(again)

    def baseline(self) -> Baseline | None:
        """Return what was recorded on this processor with these settings, if anything was."""
        if self._quick:
            return None
        return _baselines.find(self.name, self.machine, self.settings)

    def conclude(self, results: Sequence[Result]) -> None:
        """Say whether the results count, compared with what, and record them if that is wanted.

        Raises:
            SystemExit: as `finish`.
        """
        baseline = self.baseline()
        print(f"\n{self._busy()} at most; the ceilings changed by {self._change:.0%}")
        if self.objection():
            print(f"These numbers DO NOT COUNT: {self.objection()}.")
        if baseline is not None:
            print(f"Baseline of this processor: {baseline.date}, {named(baseline.versions)}.")
        if not self._record:
            return
        if self.objection():
            raise SystemExit(self._refusal())
        print(f"Recorded in {_baselines.record(self.name, self._as_baseline(results))}.")

    def objection(self) -> str:
        """Say why the numbers do not count; "" where they do."""
        if self._quick:
            return "--quick only shows that it runs"
        known = [look for look in self.looks if look is not None]
        if len(known) < len(self.looks):
            return "this system does not tell how busy others are"
        if max(known) > BUSY:
            return f"others kept up to {max(known):.2f} cores busy, more than {BUSY}"
        if self._change > UNSTEADY:
            return (
                f"a ceiling changed by {self._change:.0%} during the run, more than {UNSTEADY:.0%}"
            )
        return ""

    def share(self, row: Row) -> float | None:
        """Return the share of what bounds a row's work."""
        if row.work is None:
            return None
        ceiling = self.ceilings.best(row.work.kind, self.machine.threads)
        return row.work.amount / row.median / ceiling

    def results(self, table: Table) -> list[Result]:
        """Return a table as a baseline keeps it."""
        return [self.result(row, table.unit) for row in table.rows]

    def result(self, row: Row, unit: str) -> Result:
        """Return a row as a baseline keeps it."""
        return Result(
            task=row.task,
            program=row.name,
            unit=unit,
            per_second=row.units / row.median,
            share=self.share(row),
            bound=None if row.work is None else row.work.kind,
            memory_bytes=row.memory,
        )

    def _more_cells(self, row: Row, table: Table, baseline: Baseline | None) -> dict[str, str]:
        """Return the share of a row, and how it stands to the baseline where there is one."""
        result = self.result(row, table.unit)
        cells = {"share": share_cell(result)}
        return cells if baseline is None else cells | {"to baseline": change(result, baseline)}

    def _look(self, seconds: float) -> None:
        self.looks.append(busy_cores(QUICK_LOOK_SECONDS if self._quick else seconds))

    def _busy(self) -> str:
        known = [look for look in self.looks if look is not None]
        return f"others kept {max(known):.2f} cores busy" if known else "others: unknown"

    def _refusal(self) -> str:
        return (
            f"--record: a baseline of {self.name} needs an idle machine, but {self.objection()}; "
            "stop the other programs and run it again. Nothing was written"
        )

    def _as_baseline(self, results: Sequence[Result]) -> Baseline:
        return Baseline(
            machine=self.machine,
            settings=self.settings,
            date=_baselines.today(),
            versions=self.versions,
            busy_cores=max(look for look in self.looks if look is not None),
            ceilings=self.ceilings.each,
            results=tuple(results),
        )


def arguments(description: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--rounds", type=int, help="rounds of A B A B … (default 5, quick 1)")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--size", help=argparse.SUPPRESS)
    chosen = parse(parser)
    chosen.rounds = chosen.rounds or (1 if chosen.quick else 5)
    return chosen


def parse(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Add the options that every benchmark has, and read the command line."""
    parser.add_argument("--quick", action="store_true", help="toy sizes: does it run at all?")
    parser.add_argument(
        "--record", action="store_true", help="write baselines/NAME.json, if the machine is idle"
    )
    chosen = parser.parse_args()
    if chosen.quick and chosen.record:
        parser.error("--record keeps real sizes, --quick runs toy ones; leave one of them out")
    return chosen


def named(versions: Mapping[str, str]) -> str:
    """Write versions as "torch 2.13.0, trl 1.12.0"."""
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def share_cell(result: Result) -> str:
    """Write a share as "43% of reading" or "31% of bfloat16"."""
    if result.share is None:
        return "–"
    return f"{result.share:.0%} of {'reading' if result.bound == 'read' else result.bound}"


def change(result: Result, baseline: Baseline) -> str:
    """Write how many times as fast a result is as its baseline; a dash where that lacks it."""
    before = baseline.of(result.task, result.program)
    return "–" if before is None else f"{result.per_second / before.per_second:.2f}"
