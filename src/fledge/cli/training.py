"""Shared parts of the training commands: a run from a file, flags and overrides, then training."""

import json
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fledge.cli.hints import command
from fledge.errors import ConfigError

if TYPE_CHECKING:
    from fledge.runs.run import Run

RATE_HELP = "Peak rate of AdamW."
COMMANDS = {"translate": "translate-train"}
"""Commands that are not called as the stage they train."""

RunWords = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="RUN.toml section.key=value",
        help="A run file, and changes to it; `stage.clip=0.1` sets a value of the stage.",
        show_default=False,
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", help="Directory of the run: metrics, checkpoints.", show_default=False
    ),
]
Steps = Annotated[
    int | None,
    typer.Option(metavar="N", help="Optimiser steps.", show_default="as the data asks for"),
]
Seed = Annotated[
    int | None, typer.Option(help="The same seed gives the same run.", show_default="0")
]


def train(
    stage: str,
    words: Sequence[str] | None,
    flags: Mapping[str, object],
    next_words: Callable[["Run"], Sequence[object]],
    prepare: Callable[[], None] = lambda: None,
) -> Path:
    """Run one stage to its end; the same command again goes on where it stopped.

    `flags` are settings by dotted key, as `flags_of` has them; `next_words` are the words of the
    command to give next; `prepare` is called when all is known to be well.
    """
    run = run_from(stage, words or (), flags)
    log_to_terminal()
    prepare()
    from fledge.runs.run import execute

    checkpoint = execute(run)
    if is_main_process():
        typer.echo(f"\n{checkpoint}\nNext: {command(*next_words(run))}", err=True)
    return checkpoint


def flags_of(
    stage: Mapping[str, object],
    output: Path | None,
    steps: int | None,
    learning_rate: float | None,
    seed: int | None,
) -> dict[str, object]:
    """Settings by dotted key: a stage's own, then those that every training command has."""
    return {
        **{f"stage.{name}": value for name, value in stage.items()},
        "output": output,
        "optimizer.steps": steps,
        "optimizer.learning_rate": learning_rate,
        "seed": seed,
    }


def run_from(stage: str, words: Sequence[str], flags: Mapping[str, object]) -> "Run":
    """The run file if there is one, changed by the flags, then by the `section.key=value` words.

    Raises:
        ConfigError: two run files, a run of another stage, or a wrong, missing or idle setting.
    """
    changes = [change for key, value in flags.items() for change in setting(key, value)]
    changes += [word for word in words if "=" in word]
    run = changed_run(stage, [word for word in words if "=" not in word], changes)
    named = {change.partition("=")[0].strip() for change in changes}
    if stage != "ppo" and "stage.epochs" in named and run.optimizer.steps is not None:
        raise ConfigError(
            f"epochs would have no effect, for optimizer.steps is {run.optimizer.steps}; give one "
            'of the two (optimizer.steps="none" takes it out of a run file)'
        )
    return run


def setting(key: str, value: object) -> list[str]:
    """A flag as a `section.key=value` change; none where it is None, False or empty: not given."""
    if value is None or value is False or value == []:
        return []
    plain = str(value) if isinstance(value, Path) else value
    # JSON is TOML, but for surrogates, which ensure_ascii would write, and for DEL.
    text = json.dumps(plain, ensure_ascii=False).replace("\x7f", "\\u007f")
    return [f"{key}={text}"]


def changed_run(stage: str, files: Sequence[str], changes: Sequence[str]) -> "Run":
    """The run of a file, or of nothing but the changes."""
    from fledge.config import apply_override, load_toml, parse_section
    from fledge.runs.run import Run

    if len(files) > 1:
        raise ConfigError(f"one run file at a time, found {', '.join(files)}")
    if files:
        run = load_toml(Path(files[0]), Run, changes)
        if run.stage.name != stage:
            raise ConfigError(
                f"{files[0]} is a run of stage {run.stage.name!r}; "
                f"use: fledge {COMMANDS.get(run.stage.name, run.stage.name)} {files[0]}"
            )
        return run
    values: dict[str, object] = {"stage": {"name": stage}}
    for change in changes:
        apply_override(values, change)
    if "output" not in values:
        raise ConfigError(f"fledge {stage}: name an --output directory, or a run file")
    return parse_section(values, Run, source=f"fledge {stage}")


def log_to_terminal() -> None:
    """Log lines of fledge as plain text on stderr; other libraries only when they warn."""
    handler = CurrentStderr()
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("fledge")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False


class CurrentStderr(logging.Handler):
    """Writes to what stderr is at the moment: a progress bar puts itself there while it lives, and
    moves the lines it is given above itself."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        sys.stderr.write(self.format(record) + "\n")


def is_main_process() -> bool:
    """Whether this is the process of several that speaks; torchrun numbers them."""
    return os.environ.get("RANK", "0") == "0"
