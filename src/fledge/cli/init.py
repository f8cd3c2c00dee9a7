"""`fledge init`: write a project to start from."""

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from fledge.cli.hints import command
from fledge.errors import ConfigError

if TYPE_CHECKING:
    from fledge.cli.project import WriteFiles

EXAMPLE = "Example: `fledge init my-model && cd my-model && fledge run`"


def init(
    directory: Annotated[
        Path, typer.Argument(help="A new or empty directory.", show_default=False)
    ],
    seed: Annotated[int, typer.Option(help="Seed of the sample data.")] = 0,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            metavar="SOURCE",
            help="Model to start from, as `fledge import` takes it, such as smollm2.",
            show_default="none: pretrain one",
        ),
    ] = None,
) -> None:
    """Write a project: a pipeline, sample data, a README.

    The data has samples of every kind that a pipeline needs. With --model the project teaches that
    model to answer for a shop.
    """
    from fledge.cli.project import write_project

    written = write_project(directory, seed, None if model is None else starting_from(model))
    typer.echo(f"{len(written)} files written to {directory}: fledge.toml, README.md, data/")
    typer.echo(
        f"Replace the samples in {directory / 'data'} with your own, or try them as they are:"
    )
    typer.echo(f"  cd {quote(str(directory))} && {command('run', moved=True)}")


def starting_from(model: str) -> "WriteFiles":
    """Return the writer of a project that starts from this model.

    Raises:
        ConfigError: it is neither a path that exists nor a name.
    """
    from fledge.cli.model_project import write_model_files

    source = importable(model)
    return lambda directory, seed: write_model_files(directory, seed, source)


def importable(model: str) -> str:
    """Return the whole path of a model, or its name as it is; the project is another directory.

    Raises:
        ConfigError: it is neither a path that exists nor a name.
    """
    from fledge.checkpoint.hub import is_hub_id
    from fledge.checkpoint.named_models import NAMED_MODELS

    if Path(model).exists():
        return str(Path(model).resolve())
    if model not in NAMED_MODELS and not is_hub_id(model):
        raise ConfigError(
            f"--model {model}: no such path or model; expected {', '.join(NAMED_MODELS)}, "
            "owner/name of the Hugging Face Hub, or a path"
        )
    return model
