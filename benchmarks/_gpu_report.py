"""The report of `gpu`: a line for every finding as it comes, tables at the end, and JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, final

import _baselines
from _baselines import Baseline, Result
from _frame import change, named, share_cell
from _gpu_machine import DATA_SHEETS, describe
from _gpu_parts import Outcome
from _gpu_setting import Check, Speed
from _machine import BUSY, Ceiling, Ceilings, Machine, busy_cores
from _measure import in_mebibytes, in_row, rate
from _work import TRAINING

NAME = "gpu"
OTHERS_BYTES = 2 * 2**30
"""Memory of a device that a driver may hold; with more, somebody else computes there."""


@final
class Report:
    """Everything that a run found, as it is printed, written and recorded."""

    def __init__(self, answer: dict[str, Any], toy: bool) -> None:
        """Print the device; `answer` is what the process of the parts says of it.

        Raises:
            SystemExit: it could not say it.
        """
        if "failure" in answer:
            raise SystemExit(f"gpu: the device cannot be used: {answer['failure']}")
        facts = answer["answer"]
        instructions = tuple(facts["machine"].pop("instructions"))
        self.machine = Machine(**facts["machine"], instructions=instructions)
        self.ceilings = Ceilings(tuple(Ceiling(**each) for each in facts["ceilings"]))
        self.versions: dict[str, str] = facts["versions"]
        self.others_bytes: int = facts["others_bytes"]
        self.outcomes: list[Outcome] = []
        self.seconds = 0.0
        self._toy = toy
        self._busy = [busy_cores(0.0 if toy else 1.0)]
        self._baseline = None if toy else _baselines.find(NAME, self.machine, {})
        print(f"{named(self.versions)}; {describe(self.machine, self.ceilings)}\n", flush=True)

    @property
    def is_wrong(self) -> bool:
        """Tell whether fledge is not known to be right here."""
        return any(outcome.is_wrong for outcome in self.outcomes)

    @property
    def checks(self) -> list[Check]:
        """All comparisons, in order."""
        found = [one for outcome in self.outcomes for one in outcome.findings]
        return [one for one in found if isinstance(one, Check)]

    @property
    def speeds(self) -> list[Speed]:
        """All measurements of speed, in order."""
        found = [one for outcome in self.outcomes for one in outcome.findings]
        return [one for one in found if isinstance(one, Speed)]

    def add(self, outcome: Outcome) -> None:
        """Take the outcome of a part, and print it at once: a later one may hang."""
        self.outcomes.append(outcome)
        word = outcome.failure or ("WRONG" if outcome.is_wrong else "done")
        print(f"{outcome.part}: {word} ({outcome.seconds:.1f} s)", flush=True)
        for one in outcome.findings:
            print(f"    {in_words(one)}", flush=True)

    def end(self, seconds: float) -> None:
        """Print the tables and what the run amounts to."""
        self.seconds = seconds
        self._busy.append(busy_cores(0.0 if self._toy else 1.0))
        print_checks(self.checks)
        self._print_speeds()
        failed = [outcome for outcome in self.outcomes if outcome.failure]
        for outcome in failed:
            print(f"\n{outcome.part} failed: {outcome.failure}")
        right = sum(check.is_right for check in self.checks)
        print(
            f"\n{right} of {len(self.checks)} comparisons are right, {len(failed)} of "
            f"{len(self.outcomes)} parts failed, {seconds:.0f} s in all."
        )
        if self.objection():
            print(f"The speeds DO NOT COUNT: {self.objection()}.")
        print("WRONG" if self.is_wrong else "right")

    def objection(self) -> str:
        """Say why the speeds do not count; "" where they do."""
        known = [look for look in self._busy if look is not None]
        if self._toy:
            return "toy sizes"
        if self.others_bytes > OTHERS_BYTES:
            return f"others hold {self.others_bytes / 2**30:.1f} GiB of the device"
        if known and max(known) > BUSY:
            return f"others keep {max(known):.2f} cores of the host busy, more than {BUSY}"
        return ""

    def record(self) -> None:
        """Write the speeds as the baseline of this device.

        Raises:
            SystemExit: something is wrong, failed, or not idle.
        """
        failed = [outcome.part for outcome in self.outcomes if outcome.failure]
        reason = "a comparison is wrong" if self.is_wrong else self.objection()
        reason = f"these parts failed: {', '.join(failed)}" if failed else reason
        if reason:
            raise SystemExit(
                f"--record: a baseline needs a run that is right, whole and undisturbed, but "
                f"{reason}; mend that and run it again. Nothing was written"
            )
        known = [look for look in self._busy if look is not None]
        baseline = Baseline(
            machine=self.machine,
            settings={},
            date=_baselines.today(),
            versions=self.versions,
            busy_cores=max(known, default=None),
            ceilings=self.ceilings.each,
            results=tuple(self.results()),
        )
        print(f"Recorded in {_baselines.record(NAME, baseline)}.")

    def results(self) -> list[Result]:
        """Return the speeds as a baseline keeps them."""
        return [
            Result(
                task=speed.what,
                program="fledge",
                unit=speed.unit,
                per_second=speed.units / speed.seconds,
                share=self.share(speed),
                bound=speed.kind or None,
                memory_bytes=speed.memory_bytes,
            )
            for speed in self.speeds
        ]

    def share(self, speed: Speed) -> float | None:
        """Return the share of the ceiling that was measured in this run."""
        if speed.amount is None:
            return None
        return speed.amount / speed.seconds / self.ceilings.best(speed.kind, self.machine.threads)

    def share_of_data_sheet(self, speed: Speed) -> float | None:
        """Return the share of the maker's bfloat16 rate, by which others report their training."""
        peak = DATA_SHEETS.get(self.machine.processor)
        if speed.amount is None or speed.kind != "bfloat16" or peak is None:
            return None
        return speed.amount / speed.seconds / peak

    def json(self) -> str:
        """Return everything as JSON."""
        values = {
            "machine": asdict(self.machine),
            "versions": self.versions,
            "date": _baselines.today(),
            "toy": self._toy,
            "objection": self.objection(),
            "is_right": not self.is_wrong,
            "seconds": self.seconds,
            "ceilings": [asdict(each) for each in self.ceilings.each],
            "parts": [
                {"part": each.part, "seconds": each.seconds, "failure": each.failure}
                for each in self.outcomes
            ],
            "checks": [{**asdict(each), "is_right": each.is_right} for each in self.checks],
            "speeds": [
                {
                    **asdict(each),
                    "per_second": each.units / each.seconds,
                    "share": self.share(each),
                    "share_of_data_sheet": self.share_of_data_sheet(each),
                }
                for each in self.speeds
            ],
        }
        return json.dumps(values, indent=1, allow_nan=False) + "\n"

    def _print_speeds(self) -> None:
        mark = " (DOES NOT COUNT)" if self.objection() else ""
        head = [f"measured{mark}", "ms", "per second", "share", "of data sheet", "MiB", "note"]
        head += [] if self._baseline is None else ["to baseline"]
        print(f"\n{in_row(head)}\n{'|---' * len(head)}|")
        for speed, result in zip(self.speeds, self.results(), strict=True):
            sheet = self.share_of_data_sheet(speed)
            cells = [speed.what, f"{1000 * speed.seconds:,.2f}"]
            cells += [f"{rate(result.per_second)} {speed.unit}", share_cell(result)]
            cells += [
                "–" if sheet is None else f"{sheet:.0%}",
                in_mebibytes(speed.memory_bytes),
                speed.note,
            ]
            cells += [] if self._baseline is None else [change(result, self._baseline)]
            print(in_row(cells))
        print(f"\nOperations of training: {TRAINING}.")


def print_checks(checks: Sequence[Check]) -> None:
    print(f"\n{in_row(['compared', 'error', 'at most', 'right', 'note'])}\n{'|---' * 5}|")
    for check in checks:
        right = "yes" if check.is_right else "NO"
        print(in_row([check.what, error_cell(check), f"{check.limit:.1g}", right, check.note]))


def error_cell(check: Check) -> str:
    return "not a number" if check.error is None else f"{check.error:.2g}"


def in_words(finding: Check | Speed) -> str:
    """Write a finding as a line, before its share is known."""
    if isinstance(finding, Speed):
        per_second = finding.units / finding.seconds
        return f"{finding.what}: {rate(per_second)} {finding.unit}/s"
    word = "right" if finding.is_right else "WRONG"
    return f"{finding.what}: {word}, error {error_cell(finding)}, at most {finding.limit:.1g}"
