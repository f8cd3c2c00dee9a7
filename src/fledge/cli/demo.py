"""`fledge demo`: raise a small model in minutes, then chat with it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from fledge.cli.hints import command
from fledge.cli.messages import log_to_terminal
from fledge.cli.options import refuse_ignored
from fledge.cli.real_demo import raise_assistant
from fledge.files import write_text

EXAMPLE = "Example: `fledge demo --no-serve --output demo --seed 1`"
CHATS = "chats.db"
"""File in the output for the chats with the demo's models, and the ratings of answers."""
MODEL_NAMES = ("ppo", "sft", "base")
FIRST_SENTENCE = "How was your day?"
SUGGESTED_KINDS = ("how_to", "order", "french", "arithmetic", "rhyme")


def demo(
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Directory of everything; the demo can be resumed."),
    ] = Path("demo"),
    seed: Annotated[int, typer.Option(help="The same seed and threads give the same models.")] = 0,
    serve: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Open the chat page at the end.")
    ] = True,
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="Port of the chat page.", show_default="8000, or a free one"
        ),
    ] = None,
    translation: Annotated[
        bool,
        typer.Option("--translation", help="Raise a small English-French translator instead."),
    ] = False,
    real: Annotated[
        bool,
        typer.Option(
            "--real", help="Teach SmolLM2, 135 million parameters, to answer for a shop instead."
        ),
    ] = False,
) -> None:
    """Raise a small chat model in a quarter of an hour.

    It takes the text inside Python itself through tokenizer, pretraining, SFT, rankings, reward
    model and PPO, to a report card and a chat page. With --real it starts from a model that speaks
    English, trains adapters, and says first how long that takes here.
    """
    if real:
        refuse_ignored("--real raises one assistant", {"--translation": translation})
    if translation:
        refuse_ignored("--translation opens no page", {"--port": port, "--no-serve": not serve})
        raise_translator(output / "translation", seed)
        return
    if not serve:
        refuse_ignored("--no-serve opens no page", {"--port": port})
    if real:
        raise_assistant(output / "real", seed, serve=serve, port=port)
        return
    from fledge.cli.training import is_main_process

    log_to_terminal()
    from fledge.demo.demo import run_demo

    checkpoints = run_demo(output, seed)
    if not is_main_process():
        return
    typer.echo(f"Report card with curves and samples: {output / 'report.html'}", err=True)
    write_suggestions(output, seed)
    if serve:
        serve_demo(checkpoints, seed, port, output / CHATS)
    else:
        typer.echo(f"Next: {command('serve', *checkpoints)}", err=True)


def raise_translator(output: Path, seed: int) -> None:
    """Train an encoder-decoder on the starter pack's sentences, measure it, suggest commands."""
    from fledge.cli.training import is_main_process

    log_to_terminal()
    from fledge.checkpoint.translation_files import load_translation_model
    from fledge.demo.translation import (
        findings,
        run_translation_demo,
        translate_everyday,
        write_everyday,
    )

    checkpoint = run_translation_demo(output, seed)
    if is_main_process():
        found = translate_everyday(load_translation_model(checkpoint))
        write_everyday(output, found)
        for line in findings(output, found):
            typer.echo(line, err=True)
        typer.echo(
            f"Next: {command('translate', output, FIRST_SENTENCE)}\n      "
            + command("inspect", "attention", output, FIRST_SENTENCE, "--output", "day.png"),
            err=True,
        )


def serve_demo(checkpoints: Sequence[Path], seed: int, port: int | None, database: Path) -> None:
    """Serve all three models, and suggest questions that none of them was trained on."""
    from fledge.generate import SamplingParams
    from fledge.serve.launch import launch
    from fledge.serve.models.loading import served_models

    launch(
        served_models(dict(zip(MODEL_NAMES, checkpoints, strict=True))),
        port=port,
        sampling=SamplingParams(),
        suggestions=suggestions(seed),
        open_browser=True,
        database=database,
        login=False,
        announce=typer.echo,
    )


def write_suggestions(output: Path, seed: int) -> None:
    """Leave the suggested questions beside the models, where `fledge serve` finds them."""
    from fledge.serve.models.loading import SUGGESTIONS

    text = "".join(f"{question}\n" for question in suggestions(seed))
    write_text(output / SUGGESTIONS, text, "list of suggestions")


def suggestions(seed: int) -> list[str]:
    """Pick a held-out question of each suggested kind."""
    from fledge.starter.kinds import tasks

    questions = {task.kind: task.question for task in reversed(tasks("held_out", seed, 1))}
    return [questions[kind] for kind in SUGGESTED_KINDS]
