"""Options and arguments that several commands share."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fledge.cli.messages import print_warning
from fledge.errors import ConfigError
from fledge.weight_format import WeightFormat

if TYPE_CHECKING:
    from fledge.data import Skipped
    from fledge.generate import SamplingParams

Checkpoint = Annotated[
    Path,
    typer.Argument(
        metavar="CHECKPOINT",
        help="Checkpoint, or the output directory of a run.",
        show_default=False,
    ),
]
Temperature = Annotated[
    float | None,
    typer.Option(
        "--temperature",
        "-t",
        metavar="T",
        help="0 takes the most probable token.",
        show_default="the model's, or 0.7",
    ),
]
TopP = Annotated[
    float | None,
    typer.Option(
        "--top-p",
        metavar="P",
        help="Share of probability that sampling keeps; 0 is greedy.",
        show_default="the model's, or 1",
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(help="The same seed gives the same text.", show_default="a new one each time"),
]
VOCABULARY_SIZE = 8192
"""Size of a tokenizer's vocabulary if no option gives one."""
VocabularySize = Annotated[
    int | None,
    typer.Option(
        "--vocabulary-size",
        "-v",
        min=1,
        metavar="N",
        help="Number of tokens, special ones included.",
        show_default=str(VOCABULARY_SIZE),
    ),
]
Weights = Annotated[
    WeightFormat,
    typer.Option(
        "--weights",
        metavar="FORMAT",
        help="auto, float32, bfloat16 or int8.",
        show_default=False,
    ),
]
SkipBad = Annotated[
    bool, typer.Option("--skip-bad", help="Skip and list records that cannot be used.")
]


def tell_skipped(skipped: "Skipped | None") -> None:
    """Warn of the records that were left out; say nothing if none was."""
    if skipped:
        print_warning(skipped.summary())


def refuse_ignored(reason: str, options: Mapping[str, object]) -> None:
    """Refuse options that would have no effect, since the user meant something by them.

    `options` are values by name, None or False where not given.

    Raises:
        ConfigError: one was given; `reason` says why it has no effect.
    """
    given = [name for name, value in options.items() if value is not None and value is not False]
    if given:
        raise ConfigError(f"{reason}: {', '.join(given)} would have no effect; leave it out")


def given_sampling(
    temperature: float | None, top_p: float | None, max_new_tokens: int | None, seed: int | None
) -> "SamplingParams":
    """Return sampling settings of which only the given ones are set: `model_fields_set`.

    Raises:
        ConfigError: a value is out of range.
    """
    from fledge.config import parse_section
    from fledge.generate import SamplingParams

    values = {
        "temperature": temperature,
        "top_p": top_p,
        "max_new_tokens": max_new_tokens,
        "seed": seed,
    }
    given = {name: value for name, value in values.items() if value is not None}
    return parse_section(given, SamplingParams, source="sampling")
