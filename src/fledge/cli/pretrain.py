"""`fledge pretrain`: train a language model on raw text."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fledge.cli.options import VOCABULARY_SIZE, SkipBad, VocabularySize, refuse_ignored
from fledge.cli.training import (
    RATE_HELP,
    NewTokenizers,
    Output,
    RunWords,
    Seed,
    Steps,
    flags_of,
    train,
)
from fledge.runs.recommended import rates_in_words

if TYPE_CHECKING:
    from fledge.runs.run import Run

TOKENIZER_KEYS = ("stage.tokenizer", "stage.model")

FIRST_WORD = "The"
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
    vocabulary_size: VocabularySize = None,
    model: Annotated[
        Path | None,
        typer.Option("--model", "-m", help="Checkpoint to continue.", show_default="a new model"),
    ] = None,
    output: Output = None,
    steps: Steps = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(metavar="RATE", help=RATE_HELP, show_default=rates_in_words("pretrain")),
    ] = None,
    skip_bad: SkipBad = False,
    seed: Seed = None,
) -> None:
    """Train a language model to predict the next token."""
    tokenizers: Callable[[], NewTokenizers] = dict
    if text and output and not (tokenizer or model or run_names(run, *TOKENIZER_KEYS)):
        tokenizer = output / "tokenizer"
        size = vocabulary_size or VOCABULARY_SIZE
        tokenizers = partial(new_tokenizer, text, size, tokenizer, skip_bad)
    else:
        reason = "a tokenizer is only trained with --text and --output, but no run file, model or "
        refuse_ignored(f"{reason}tokenizer", {"--vocabulary-size": vocabulary_size})
    stage = {"text": text, "tokenizer": tokenizer, "model": model, "skip_bad": skip_bad}
    flags = flags_of(stage, output, steps, learning_rate, seed)
    train("pretrain", run, flags, generate_words, tokenizers)


def generate_words(run: "Run") -> Sequence[object]:
    """Suggest to continue a first word, since the model cannot answer yet."""
    return "generate", run.output, FIRST_WORD, "--raw"


def run_names(words: list[str] | None, *keys: str) -> bool:
    """Tell whether a run file may set, or an override sets, one of `keys`."""
    return any("=" not in word or word.partition("=")[0].strip() in keys for word in words or ())


def new_tokenizer(
    text: Sequence[str], vocabulary_size: int, directory: Path, skip_bad: bool
) -> NewTokenizers:
    """Return the settings of a byte-level BPE of the text."""
    from fledge.config import parse_section
    from fledge.runs.tokenizer import TokenizerConfig

    settings = {"text": text, "vocabulary_size": vocabulary_size, "skip_bad": skip_bad}
    return {directory: parse_section(settings, TokenizerConfig, "fledge pretrain")}
