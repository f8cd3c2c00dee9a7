"""Shared parts of the training commands: a run from a file, flags and overrides, then training."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fledge.cli.hints import command
from fledge.cli.messages import log_to_terminal
from fledge.cli.plan import asked, plan_run
from fledge.errors import ConfigError

if TYPE_CHECKING:
    from fledge.runs.run import Run
    from fledge.runs.tokenizer import TokenizerConfig

NewTokenizers = Mapping[Path, "TokenizerConfig"]
"""Tokenizers to train before a run, by their directory."""
RATE_HELP = "Peak rate of AdamW."
COMMANDS = {"translate": "translate-train"}
"""Commands whose name is not that of the stage they train."""

RunWords = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="RUN.toml section.key=value",
        help="Run file, and changes to it, such as `stage.epochs=2`.",
        show_default=False,
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", help="Directory for metrics and checkpoints.", show_default=False
    ),
]
Steps = Annotated[
    int | None,
    typer.Option(metavar="N", help="Optimiser steps.", show_default="from data and epochs"),
]
Seed = Annotated[
    int | None, typer.Option(help="The same seed and threads give the same run.", show_default="0")
]


def train(
    stage: str,
    words: Sequence[str] | None,
    flags: Mapping[str, object],
    next_words: Callable[["Run"], Sequence[object]],
    tokenizers: Callable[[], NewTokenizers] = dict,
) -> Path | None:
    """Run one stage to its end, or resume it, and suggest the next command.

    `flags` are settings by dotted key, as `flags_of` returns them. `next_words` returns the
    words of the next command. `tokenizers` is asked once the settings have been checked. Return
    None after `fledge plan`, which only estimates the run.
    """
    run = run_from(stage, words or (), flags)
    if (how := asked()) is not None:
        plan_run(run, tokenizers(), how)
        return None
    log_to_terminal()
    from fledge.runs.run import execute
    from fledge.runs.tokenizer import make_tokenizer

    for directory, config in tokenizers().items():
        make_tokenizer(config, directory)

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
    """Return settings by dotted key: a stage's own, then those of every training command."""
    return {
        **{f"stage.{name}": value for name, value in stage.items()},
        "output": output,
        "optimizer.steps": steps,
        "optimizer.learning_rate": learning_rate,
        "seed": seed,
    }


def run_from(stage: str, words: Sequence[str], flags: Mapping[str, object]) -> "Run":
    """Load the run file, if any, and apply the flags, then the `section.key=value` words.

    Raises:
        ConfigError: there are two run files, a run of another stage, or a setting that is wrong,
            missing or without effect.
    """
    changes = [change for key, value in flags.items() for change in setting(key, value)]
    changes += [word for word in words if "=" in word]
    run = changed_run(stage, [word for word in words if "=" not in word], changes)
    named = {change.partition("=")[0].strip() for change in changes}
    if stage != "ppo" and "stage.epochs" in named and run.optimizer.steps is not None:
        raise ConfigError(
            f"epochs would have no effect, since optimizer.steps is {run.optimizer.steps}; give "
            'only one of them (optimizer.steps="none" removes it from a run file)'
        )
    return run


def setting(key: str, value: object) -> list[str]:
    """Write a flag as a `section.key=value` change, or none if the flag was not given.

    None, False and an empty list are flags that were not given.
    """
    if value is None or value is False or value == []:
        return []
    plain = str(value) if isinstance(value, Path) else value
    # JSON is TOML, except for surrogate escapes, which ensure_ascii would write, and for DEL.
    text = json.dumps(plain, ensure_ascii=False).replace("\x7f", "\\u007f")
    return [f"{key}={text}"]


def changed_run(stage: str, files: Sequence[str], changes: Sequence[str]) -> "Run":
    """Load the run of a file, or make one of the changes alone."""
    from fledge.config import apply_override, load_toml, parse_section
    from fledge.runs.run import Run

    if len(files) > 1:
        raise ConfigError(f"give one run file; found {', '.join(files)}")
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
        raise ConfigError(f"fledge {stage}: give an --output directory, or a run file")
    return parse_section(values, Run, source=f"fledge {stage}")


def is_main_process() -> bool:
    """Tell whether this process prints; torchrun numbers processes, and the first one does."""
    return os.environ.get("RANK", "0") == "0"
