"""`fledge evaluate`: measure a model."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from fledge.cli.messages import log_to_terminal
from fledge.cli.options import Checkpoint, SkipBad, refuse_ignored, tell_skipped
from fledge.errors import CheckpointError, ConfigError
from fledge.weight_format import WeightFormat

MAX_NEW_TOKENS = 64

EXAMPLE = "Example: `fledge evaluate checkpoints/reward --rankings held-out.jsonl`"


Texts = Annotated[
    list[str] | None,
    typer.Option(help="Measure bits per byte on these files or folders.", show_default=False),
]
Rankings = Annotated[
    list[str] | None,
    typer.Option(help="Measure a reward model on these rankings.", show_default=False),
]
Starter = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Count valid answers to N held-out prompts per kind.",
        show_default=False,
    ),
]
Against = Annotated[
    Path | None,
    typer.Option(
        help="Win rate over this model; needs --prompts and --reward.", show_default=False
    ),
]
Prompts = Annotated[
    list[str] | None, typer.Option(help="Prompts for both models.", show_default=False)
]
Judge = Annotated[
    Path | None, typer.Option(help="Reward model that judges both.", show_default=False)
]
Longest = Annotated[
    int | None, typer.Option(min=1, help="Max tokens of an answer.", show_default="64")
]
Seed = Annotated[int | None, typer.Option(help="Seed of sampling and bootstrap.", show_default="0")]
Weights = Annotated[
    WeightFormat | None,
    typer.Option(
        metavar="FORMAT",
        help="auto, float32, bfloat16 or int8; reward models are float32.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the numbers as JSON.")]


def evaluate(
    checkpoint: Checkpoint,
    text: Texts = None,
    rankings: Rankings = None,
    starter: Starter = None,
    against: Against = None,
    prompts: Prompts = None,
    reward: Judge = None,
    max_new_tokens: Longest = None,
    seed: Seed = None,
    weights: Weights = None,
    skip_bad: SkipBad = False,
    as_json: AsJson = False,
) -> None:
    """Measure a model on text or rankings, or against another."""
    if not (text or rankings or starter or against):
        raise ConfigError("nothing to measure on; give --text, --rankings, --starter or --against")
    if not against:
        only = {"--prompts": prompts or None, "--reward": reward}
        refuse_ignored("without --against, no models are compared", only)
    if not (starter or against):
        refuse_ignored("no answers are generated", {"--max-new-tokens": max_new_tokens})
    if not (rankings or starter or against):
        refuse_ignored("nothing is random", {"--seed": seed})
    if not (text or rankings or prompts):
        refuse_ignored("no records are read", {"--skip-bad": skip_bad})
    if not (text or starter or against):
        refuse_ignored("reward models are measured in float32", {"--weights": weights})
    if against and not (prompts and reward):
        raise ConfigError("--against also needs --prompts FILE and --reward MODEL")
    longest, seed, weights = max_new_tokens or MAX_NEW_TOKENS, seed or 0, weights or "auto"
    log_to_terminal()
    from fledge.cli import measure
    from fledge.data import Skipped
    from fledge.generate import SamplingParams
    from fledge.runtime.threads import choose_threads

    choose_threads()
    skipped = Skipped() if skip_bad else None
    numbers: dict[str, float] = {}
    formats: dict[str, str] = {}
    if text or starter or against:
        formats["weights"] = measure.weights_measured(checkpoint, weights)
    if text:
        numbers |= measure.measure_text(checkpoint, text, weights, skipped)
    if rankings:
        numbers |= measure.measure_rankings(checkpoint, rankings, seed, skipped)
    if starter:
        numbers |= measure.measure_starter(checkpoint, starter, longest, seed, weights)
    if against and reward:
        formats["weights_against"] = measure.weights_measured(against, weights)
        sampling = SamplingParams(max_new_tokens=longest, seed=seed)
        numbers |= measure.measure_wins(
            checkpoint, against, reward, prompts or (), sampling, weights, skipped
        )
    tell_skipped(skipped)
    typer.echo(json_of(numbers, formats) if as_json else table_of(numbers, formats))
    check_finite(checkpoint, numbers)


def check_finite(checkpoint: Path, numbers: Mapping[str, float]) -> None:
    """Check the numbers.

    Raises:
        CheckpointError: one is NaN or infinite.
    """
    unusable = [name for name, value in numbers.items() if not math.isfinite(value)]
    if unusable:
        raise CheckpointError(
            f"{checkpoint}: not a finite number: {', '.join(unusable)}. Weights of the model are "
            "NaN or infinite, as after diverged training; use an earlier checkpoint"
        )


def json_of(numbers: Mapping[str, float], formats: Mapping[str, str]) -> str:
    """Write the numbers as JSON, with null for NaN and infinity, which JSON lacks.

    `formats` are the number formats of the models that were measured.
    """
    known = {name: value if math.isfinite(value) else None for name, value in numbers.items()}
    return json.dumps({**known, **formats})


def table_of(numbers: Mapping[str, float], formats: Mapping[str, str]) -> str:
    """Write one number a line, counts without a decimal point, then the `formats`."""
    width = max(map(len, [*numbers, *formats]))
    lines = []
    for name, value in numbers.items():
        is_count = abs(value) > 1 and float(value).is_integer()
        shown = f"{value:,.0f}" if is_count else f"{value:.4f}"
        lines.append(f"{name.replace('_', ' '):<{width}}  {shown}")
    lines += [f"{name.replace('_', ' '):<{width}}  {kind}" for name, kind in formats.items()]
    return "\n".join(lines)
