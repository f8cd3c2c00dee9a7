"""`fledge sft`: train a chat model on demonstrations."""

from pathlib import Path
from typing import Annotated

import typer

from fledge.cli.options import SkipBad
from fledge.cli.training import RATE_HELP, Output, RunWords, Seed, Steps, flags_of, train
from fledge.runs.recommended import rates_in_words

EXAMPLE = "Example: `fledge sft -m checkpoints/base -d demonstrations.jsonl -o checkpoints/sft`"


def sft(
    run: RunWords = None,
    model: Annotated[
        Path | None,
        typer.Option("--model", "-m", help="Pretrained checkpoint.", show_default=False),
    ] = None,
    demonstrations: Annotated[
        list[str] | None,
        typer.Option("--demonstrations", "-d", help="Files of conversations.", show_default=False),
    ] = None,
    output: Output = None,
    epochs: Annotated[
        float | None, typer.Option(help="Passes over the demonstrations.", show_default="3")
    ] = None,
    steps: Steps = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(metavar="RATE", help=RATE_HELP, show_default=rates_in_words("sft")),
    ] = None,
    skip_bad: SkipBad = False,
    seed: Seed = None,
) -> None:
    """Fine-tune on demonstrations: step 1 of InstructGPT."""
    stage = {
        "model": model,
        "demonstrations": demonstrations,
        "epochs": epochs,
        "skip_bad": skip_bad,
    }
    flags = flags_of(stage, output, steps, learning_rate, seed)
    train("sft", run, flags, lambda done: ("chat", done.output))
