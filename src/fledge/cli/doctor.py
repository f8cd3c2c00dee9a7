"""`fledge doctor`: say what is wrong with runs, while they train or afterwards."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from fledge.runs.doctor.directory import RunDirectory
    from fledge.runs.doctor.examination import Examination

EXAMPLE = "Example: `fledge doctor checkpoints/ppo checkpoints/ppo-beta-0.1`"
WARNED = 3
"""Exit code where a run has warnings."""


def doctor(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN ...",
            help="Output directories of runs, or of pipelines.",
            show_default=False,
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Say what is wrong with runs.

    It reads a run's directory, during training or afterwards, and says what to do. Several runs are
    shown side by side. The exit code is 0 if there is no warning, 3 if there is
    one, 1 if a directory holds no run.
    """
    from fledge.runs.doctor.directory import read_run, run_directories
    from fledge.runs.doctor.examination import examine

    found = [examine(read_run(path)) for each in runs for path in run_directories(each)]
    if as_json:
        typer.echo(json.dumps({"runs": [as_values(one) for one in found]}, indent=1))
    else:
        show(found)
    if any(one.warnings for one in found):
        raise typer.Exit(WARNED)


def show(found: Sequence["Examination"]) -> None:
    """Print a table of numbers, then the findings of each run."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    console.print(table(found))
    for one in found:
        console.print()
        console.print(Text(str(one.run.path), style="bold"))
        if not one.warnings:
            console.print("  no warning")
        for finding in one.warnings:
            console.print(Text(f"  {finding.illness}: {finding.seen}.", style="yellow"))
            console.print(Text(f"    {finding.advice}."))
        for step, finding in one.passed:
            past = f"  passed: {finding.illness}, seen at step {step:,}: {finding.seen}."
            console.print(Text(past, style="dim"))


def table(found: Sequence["Examination"]) -> "Table":
    """Set the runs side by side, one column each: a number at first and now."""
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, padding=(0, 2), pad_edge=False)
    drawn.add_column("", no_wrap=True)
    for title in titles([one.run.path for one in found]):
        drawn.add_column(Text(title), justify="right")
    drawn.add_row("stage", *(one.run.stage for one in found))
    drawn.add_row("state", *(state(one.run) for one in found))
    courses = [{course.name: course for course in one.numbers} for one in found]
    for name in dict.fromkeys(name for each in courses for name in each):
        cells = [
            course_in_words(each[name].first, each[name].last) if name in each else ""
            for each in courses
        ]
        drawn.add_row(name, *cells)
    drawn.add_row("warnings", *(str(len(one.warnings)) for one in found))
    return drawn


def titles(paths: Sequence[Path]) -> list[str]:
    """Name the runs by their directories, with those above where two have the same name."""
    names = [path.name for path in paths]
    if len(set(names)) == len(names):
        return names
    return [f"{path.parent.name}/{path.name}" for path in paths]


def course_in_words(first: float, last: float) -> str:
    """Write a number at first and now, or once if it is the same."""
    words = [f"{first:.3g}", f"{last:.3g}"]
    return " → ".join(dict.fromkeys(words))


def state(run: "RunDirectory", now: float | None = None) -> str:
    """Describe how far a run is, and when it last wrote."""
    from fledge.train.progress import in_words

    if run.finished:
        return f"finished, {run.done:,} steps"
    of_all = "" if run.total is None else f" of {run.total:,}"
    if not run.steps:
        return f"step 0{of_all}"
    ago = in_words(max(0.0, (time.time() if now is None else now) - run.written))
    return f"step {run.done:,}{of_all}, {ago} ago"


def as_values(one: "Examination") -> dict[str, object]:
    """Return everything as plain values."""
    return {
        "path": str(one.run.path),
        "stage": one.run.stage,
        "finished": one.run.finished,
        "step": one.run.done,
        "steps": one.run.total,
        "numbers": {each.name: [each.first, each.last] for each in one.numbers},
        "warnings": [
            {"illness": each.illness, "seen": each.seen, "advice": each.advice}
            for each in one.warnings
        ],
        "passed": [
            {"illness": each.illness, "seen": each.seen, "step": step} for step, each in one.passed
        ],
    }
