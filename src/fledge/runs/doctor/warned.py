"""Findings of the doctor as the runs dashboard shows them."""

from pathlib import Path

from fledge.observe.findings import Warned
from fledge.runs.doctor.directory import read_run
from fledge.runs.doctor.examination import examine


def warnings_of(run: Path) -> list[Warned]:
    """Examine a run, and return the findings that hold now, then those that have passed.

    Raises:
        CheckpointError: as `read_run` raises it.
    """
    found = examine(read_run(run))
    now = [Warned(each.illness, each.seen, each.advice) for each in found.warnings]
    passed = [Warned(each.illness, each.seen, each.advice, step) for step, each in found.passed]
    return [*now, *passed]
