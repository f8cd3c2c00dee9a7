"""`fledge translate-train`: train a translator on sentence pairs."""

from pathlib import Path
from typing import Annotated

import typer

from fledge.cli.options import SkipBad
from fledge.cli.training import RATE_HELP, Output, RunWords, Seed, Steps, flags_of, train
from fledge.runs.recommended import rates_in_words

EXAMPLE = (
    "Example: `fledge translate-train --pairs train.en,train.fr --held-out val.en,val.fr -o en-fr`"
)


def translate_train(
    run: RunWords = None,
    pairs: Annotated[
        list[str] | None,
        typer.Option(
            "--pairs",
            "-p",
            help="Two aligned files as `a.en,a.fr`, tab-separated lines, or records.",
            show_default=False,
        ),
    ] = None,
    held_out: Annotated[
        list[str] | None,
        typer.Option(help="Pairs to measure on.", show_default="2 % of the sentences"),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option("--model", "-m", help="Checkpoint to continue.", show_default=False),
    ] = None,
    output: Output = None,
    vocabulary_size: Annotated[
        int | None,
        typer.Option(metavar="N", help="Number of tokens for both languages.", show_default="8192"),
    ] = None,
    epochs: Annotated[
        float | None, typer.Option(help="Passes over the pairs.", show_default="20")
    ] = None,
    steps: Steps = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(metavar="RATE", help=RATE_HELP, show_default=rates_in_words("translate")),
    ] = None,
    skip_bad: SkipBad = False,
    seed: Seed = None,
) -> None:
    """Train an encoder-decoder to translate sentences."""
    stage = {
        "pairs": pairs,
        "held_out": held_out,
        "model": model,
        "vocabulary_size": vocabulary_size,
        "epochs": epochs,
        "skip_bad": skip_bad,
    }
    flags = flags_of(stage, output, steps, learning_rate, seed)
    train("translate", run, flags, lambda done: ("translate", done.output, "How are you?"))
