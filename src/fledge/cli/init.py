"""`fledge init`: write a project to start from."""

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from fledge.cli.hints import command

EXAMPLE = "Example: `fledge init my-model && cd my-model && fledge run`"


def init(
    directory: Annotated[
        Path, typer.Argument(help="A new or empty directory.", show_default=False)
    ],
    seed: Annotated[int, typer.Option(help="Seed of the sample data.")] = 0,
) -> None:
    """Write a project: a pipeline, sample data, a README.

    The data has samples of every kind that a pipeline needs.
    """
    from fledge.cli.project import write_project

    written = write_project(directory, seed)
    typer.echo(f"{len(written)} files written to {directory}: fledge.toml, README.md, data/")
    typer.echo(
        f"Replace the samples in {directory / 'data'} with your own, or try them as they are:"
    )
    typer.echo(f"  cd {quote(str(directory))} && {command('run', moved=True)}")
