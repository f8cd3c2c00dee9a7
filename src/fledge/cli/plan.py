"""`fledge plan`: estimate a run, or a whole pipeline, before anything starts."""

import json
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fledge.cli.messages import log_to_terminal, print_warning

if TYPE_CHECKING:
    from fledge.runs.estimate.rehearsal import Rehearsal
    from fledge.runs.pipeline import Pipeline
    from fledge.runs.run import Run
    from fledge.runs.tokenizer import TokenizerConfig

EXAMPLE = "Example: `fledge plan sft runs/mine.toml`; in a project, `fledge plan run`"


@dataclass(frozen=True, slots=True)
class Asked:
    """Mark of a command line that begins with `fledge plan`: its runs are not to start."""

    as_json: bool


ASKED: ContextVar[Asked | None] = ContextVar("asked", default=None)
"""Set by `fledge plan` for the command after it; every command line has a context of its own."""


def plan(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print every number as JSON, sizes in bytes.")
    ] = False,
) -> None:
    """Tell the memory, time and disk of a run before it starts.

    Takes the command of a run as it stands (`run`, `pretrain`, `translate-train`, `sft`, `reward`,
    `ppo`) with all of its options, and measures a few of its steps here for some seconds. Nothing
    is trained or written.
    """
    ASKED.set(Asked(as_json))


def asked() -> Asked | None:
    """Return how this command line asks for a plan; None if it asks for the run itself."""
    return ASKED.get()


def plan_run(run: "Run", tokenizers: Mapping[Path, "TokenizerConfig"], how: Asked) -> None:
    """Estimate one run and print what it takes."""
    from fledge.runs.estimate.rehearsal import rehearsing

    with rehearsing(tokenizers) as rehearsal:
        show([run], rehearsal, how)


def plan_pipeline(pipeline: "Pipeline", how: Asked) -> None:
    """Estimate every run of a pipeline that is not finished, and their sum."""
    from fledge.runs.estimate.rehearsal import rehearsing
    from fledge.runs.pipeline import TOKENIZER_NAME

    log_to_terminal()
    directory = pipeline.output / TOKENIZER_NAME
    tokenizers = {} if pipeline.tokenizer is None else {directory: pipeline.tokenizer}
    with rehearsing(tokenizers) as rehearsal:
        if pipeline.imported is not None:
            rehearsal.import_model(pipeline.imported, pipeline.output)
        show(pipeline.runs, rehearsal, how)


def show(runs: Iterable["Run"], rehearsal: "Rehearsal", how: Asked) -> None:
    """Print an estimate for each run as soon as it is known, and warnings of what will not fit."""
    from fledge.runs.estimate.advice import warnings
    from fledge.runs.estimate.words import table, total

    log_to_terminal()
    todo, found, problems = list(runs), [], []
    for number, run in enumerate(todo):
        estimate = rehearsal.estimate(run, todo[number + 1 :])
        if estimate is None:
            if not how.as_json:
                typer.echo(f"{run.output.name}: finished, in {run.output}\n")
            continue
        found.append(estimate)
        problems += warnings(estimate, run, run.stage)
        if not how.as_json:
            typer.echo("\n".join(table(estimate)) + "\n")
    if how.as_json:
        values = {"runs": [one.as_json() for one in found], "warnings": problems}
        typer.echo(json.dumps(values, indent=1, ensure_ascii=False))
    elif len(found) > 1:
        typer.echo(total(found))
    for problem in problems:
        print_warning(problem)
