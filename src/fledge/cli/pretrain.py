"""`fledge pretrain`: a language model from raw text."""

from pathlib import Path
from typing import Annotated

import typer

from fledge.cli.training import LearningRate, Output, RunWords, Seed, Steps, train

EXAMPLE = "Example: `fledge pretrain -d data/text -o checkpoints/base stage.size.width=384`"


def pretrain(
    run: RunWords = None,
    text: Annotated[
        list[str] | None,
        typer.Option("--text", "-d", help="Text files or folders.", show_default=False),
    ] = None,
    tokenizer: Annotated[
        Path | None,
        typer.Option(help="Directory of a tokenizer.", show_default="train one on the text"),
    ] = None,
    vocabulary_size: Annotated[
        int, typer.Option("--vocabulary-size", "-v", min=1, help="Of a tokenizer trained here.")
    ] = 8192,
    model: Annotated[
        Path | None,
        typer.Option("--model", "-m", help="Go on from this.", show_default="a new model"),
    ] = None,
    output: Output = None,
    steps: Steps = None,
    learning_rate: LearningRate = None,
    seed: Seed = None,
) -> None:
    """Train a language model to predict the next token of a text."""
    if text and output and not (tokenizer or model or run_names(run, "stage.tokenizer")):
        from fledge.config import parse_section
        from fledge.train.pipeline import TokenizerConfig, make_tokenizer

        tokenizer = output / "tokenizer"
        settings = {"text": text, "vocabulary_size": vocabulary_size}
        make_tokenizer(parse_section(settings, TokenizerConfig, "fledge pretrain"), tokenizer)
    train(
        "pretrain",
        run,
        {
            "stage.text": text or None,
            "stage.tokenizer": tokenizer and str(tokenizer),
            "stage.model": model and str(model),
            "output": output and str(output),
            "optimizer.steps": steps,
            "optimizer.learning_rate": learning_rate,
            "seed": seed,
        },
        hint="fledge sft -m {} -d demonstrations.jsonl -o checkpoints/sft",
    )


def run_names(words: list[str] | None, key: str) -> bool:
    """Whether a run file may, or an override does, set `key`."""
    return any("=" not in word or word.startswith(f"{key}=") for word in words or ())
