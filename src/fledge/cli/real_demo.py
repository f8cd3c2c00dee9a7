"""`fledge demo --real`: teach a real model to answer for a shop, then chat with its assistant."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import typer

from fledge.cli.hints import command
from fledge.cli.messages import log_to_terminal

CHATS = "chats.db"
"""File in the output for the chats with the demo's assistant."""


def raise_assistant(output: Path, seed: int, *, serve: bool, port: int | None) -> None:
    """Run the demo on a real model; then open the chat page, or say how."""
    from fledge.cli.training import is_main_process

    log_to_terminal()
    from fledge.demo.real.demo import run_real_demo

    checkpoints = run_real_demo(output, seed)
    if not is_main_process():
        return
    typer.echo(f"Report card with curves and answers: {output / 'report.html'}", err=True)
    write_suggestions(output)
    if serve:
        serve_assistant(checkpoints, port, output / CHATS)
    else:
        typer.echo(f"Next: {command('serve', *checkpoints.values())}", err=True)


def serve_assistant(checkpoints: Mapping[str, Path], port: int | None, database: Path) -> None:
    """Serve all three models, and the lamp shop's assistant, which is answered by the first."""
    from fledge.database import open_database
    from fledge.demo.real.assistant import SUGGESTIONS, create_assistant
    from fledge.generate import SamplingParams
    from fledge.serve.launch import launch
    from fledge.serve.models.loading import served_models

    with closing(open_database(database)) as kept:
        create_assistant(kept, next(iter(checkpoints)))
    launch(
        served_models(dict(checkpoints)),
        port=port,
        sampling=SamplingParams(),  # the model recommends its own
        suggestions=SUGGESTIONS,
        open_browser=True,
        database=database,
        login=False,
        announce=typer.echo,
    )


def write_suggestions(output: Path) -> None:
    """Leave the suggested questions beside the models, where `fledge serve` finds them."""
    from fledge.demo.real.assistant import SUGGESTIONS
    from fledge.files import write_text
    from fledge.serve.models.loading import SUGGESTIONS as FILE

    write_text(output / FILE, "".join(f"{question}\n" for question in SUGGESTIONS))
