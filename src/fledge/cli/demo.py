"""`fledge demo`: the whole path in minutes, then a chat with what came of it."""

from pathlib import Path
from typing import Annotated

import typer

EXAMPLE = "Example: `fledge demo --no-serve --output demo --seed 1`"

SUGGESTIONS = (
    "How do I center a div?",
    "Hi, where is my order 4821?",
    "Spell the word garden.",
    "What is seven plus five?",
    "How do you say good morning in French?",
)


def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Where everything goes; it can be resumed.")
    ] = Path("demo"),
    seed: Annotated[int, typer.Option(help="The same seed gives the same models.")] = 0,
    serve: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Open the chat page at the end.")
    ] = True,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of the chat page.")] = 8000,
) -> None:
    """Raise a small chat model from the text inside Python itself, in about ten minutes.

    Tokenizer, pretraining, SFT, rankings, reward model, PPO, report card, chat page.
    """
    from fledge.cli.training import log_to_terminal

    log_to_terminal()
    from fledge.train.demo import run_demo

    result = run_demo(output, seed)
    if serve:
        serve_models(result, port)
