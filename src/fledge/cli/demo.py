"""`fledge demo`: raise a small model in minutes, then chat with it."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from fledge.cli.demo_page import CHATS, keep_open
from fledge.cli.hints import command
from fledge.cli.messages import log_to_terminal
from fledge.cli.options import refuse_ignored
from fledge.cli.real_demo import raise_assistant
from fledge.files import write_text

EXAMPLE = "Example: `fledge demo --no-serve --output demo --seed 1`"
MODELS = (
    ("ppo", "ppo", "After PPO"),
    ("sft", "sft", "After SFT"),
    ("base", "pretrain", "Pretrained only"),
)
"""Models of the chat page, the default first: id, run, and the name that people read."""
FIRST_SENTENCE = "How was your day?"
SUGGESTED_KINDS = ("how_to", "order", "french", "arithmetic", "rhyme")


def demo(
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Directory of everything; the demo can be resumed."),
    ] = Path("demo"),
    seed: Annotated[int, typer.Option(help="The same seed and threads give the same models.")] = 0,
    serve: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Open the chat page after SFT.")
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
    raise_chat_model(output, seed, serve=serve, port=port)


def raise_chat_model(output: Path, seed: int, *, serve: bool, port: int | None) -> None:
    """Run the demo; its chat page opens once there is a model to chat with, and stays to the end.

    Only the main process of several serves.
    """
    from fledge.cli.training import is_main_process

    log_to_terminal()
    from fledge.demo.demo import run_demo
    from fledge.demo.page import ChatPage

    is_main = is_main_process()
    page = ChatPage(output, output / CHATS, port) if serve and is_main else None

    def after_sft() -> None:
        if is_main:
            offer(output, seed)
        if page is not None:
            page.open()

    with page or nullcontext():
        run_demo(output, seed, after_sft=after_sft)
        if not is_main:
            return
        typer.echo(f"Report card with curves and samples: {output / 'report.html'}", err=True)
        keep_open(page, output)


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


def offer(output: Path, seed: int) -> None:
    """Leave beside the models what `fledge serve` offers: their names, and first messages."""
    from fledge.serve.models.offer import OfferedModel, write_offer

    write_offer(output, (OfferedModel(id=id_, run=run, name=name) for id_, run, name in MODELS))
    write_suggestions(output, seed)


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
