"""`fledge run`: run stages in order, skip finished ones, resume an interrupted one."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fledge.cli.hints import command
from fledge.cli.messages import log_to_terminal
from fledge.cli.options import SkipBad
from fledge.cli.plan import asked, plan_pipeline
from fledge.cli.training import Output, is_main_process, setting
from fledge.errors import ConfigError

if TYPE_CHECKING:
    from fledge.runs.pipeline import Pipeline

EXAMPLE = "Example: `fledge run --text docs --demonstrations mine.jsonl --rankings mine.jsonl`"
DEFAULT_FILE = "fledge.toml"
DEFAULT_OUTPUT = Path("checkpoints")


def run(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE.toml section.key=value",
            help="Pipeline file, and changes to it, such as `runs.0.optimizer.steps=100`.",
            show_default=DEFAULT_FILE,
        ),
    ] = None,
    text: Annotated[
        list[str] | None,
        typer.Option(
            "--text", help="Text to pretrain on, instead of a pipeline file.", show_default=False
        ),
    ] = None,
    demonstrations: Annotated[
        list[str] | None,
        typer.Option("--demonstrations", help="Conversations for SFT.", show_default=False),
    ] = None,
    rankings: Annotated[
        list[str] | None,
        typer.Option(
            "--rankings", help="Rankings for the reward model and PPO.", show_default=False
        ),
    ] = None,
    output: Output = None,
    seed: Annotated[
        int | None,
        typer.Option(help="The same seed and threads give the same models.", show_default="0"),
    ] = None,
    skip_bad: SkipBad = False,
) -> None:
    """Run a pipeline, or resume one.

    Finished stages are skipped, and an interrupted one is resumed. With `--text`, the sizes depend
    on the amount of text.
    """
    files = [word for word in words or () if "=" not in word]
    changes = [word for word in words or () if "=" in word]
    if len(files) > 1 or (files and text):
        raise ConfigError(f"give one pipeline file, or --text; found {', '.join(files)}")
    log_to_terminal()  # sizes are planned from the data, which may need warnings
    if text:
        if rankings and not demonstrations:
            raise ConfigError(
                "--rankings also need --demonstrations: a reward model starts from a chat model"
            )
        pipeline = pipeline_for(
            text, demonstrations or (), rankings or (), output or DEFAULT_OUTPUT, seed or 0, changes
        )
    else:
        if demonstrations or rankings:
            raise ConfigError("--demonstrations and --rankings also need --text, to pretrain on")
        changes = [*setting("output", output), *setting("seed", seed), *changes]
        pipeline = pipeline_in(Path(files[0] if files else DEFAULT_FILE), changes)
    if skip_bad:
        pipeline = skipping_bad(pipeline)
    if (how := asked()) is not None:
        plan_pipeline(pipeline, how)
        return
    from fledge.runs.pipeline import run_pipeline

    checkpoints = run_pipeline(pipeline)
    if is_main_process():
        typer.echo("\n" + "\n".join(map(str, checkpoints)), err=True)
        typer.echo(f"Next: {next_command(pipeline)}", err=True)


def pipeline_in(file: Path, changes: Sequence[str]) -> "Pipeline":
    """Load a pipeline file, and apply changes."""
    from fledge.config import load_toml
    from fledge.runs.pipeline import Pipeline

    return load_toml(file, Pipeline, changes)


def pipeline_for(
    text: Sequence[str],
    demonstrations: Sequence[str],
    rankings: Sequence[str],
    output: Path,
    seed: int,
    changes: Sequence[str],
) -> "Pipeline":
    """Plan a pipeline for the user's own files, and apply changes."""
    from fledge.config import apply_override, parse_section
    from fledge.runs.defaults import default_pipeline
    from fledge.runs.pipeline import Pipeline

    chosen = default_pipeline(output, text, demonstrations, rankings, seed)
    values = chosen.model_dump(mode="json", exclude_unset=True)
    for change in changes:
        apply_override(values, change)
    return parse_section(values, Pipeline, source="fledge run")


def skipping_bad(pipeline: "Pipeline") -> "Pipeline":
    """Return the same pipeline with `skip_bad` set wherever records are read."""
    skip = {"skip_bad": True}
    runs = tuple(
        run.model_copy(update={"stage": run.stage.model_copy(update=skip)})
        if "skip_bad" in type(run.stage).model_fields
        else run
        for run in pipeline.runs
    )
    tokenizer = pipeline.tokenizer and pipeline.tokenizer.model_copy(update=skip)
    return pipeline.model_copy(update={"runs": runs, "tokenizer": tokenizer})


def next_command(pipeline: "Pipeline") -> str:
    """Suggest to serve the chat models, newest first, or else to show the last model."""
    chatty = [str(each.output) for each in pipeline.runs if each.stage.name in ("sft", "ppo")]
    if chatty:
        return command("serve", *reversed(chatty))
    return command("info", pipeline.runs[-1].output)
