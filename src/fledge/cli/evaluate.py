"""`fledge evaluate`: how good a checkpoint is."""

from pathlib import Path
from typing import Annotated

import typer

from fledge.cli.options import Checkpoint
from fledge.errors import ConfigError

EXAMPLE = "Example: `fledge evaluate checkpoints/reward --rankings held-out.jsonl`"


def evaluate(
    checkpoint: Checkpoint,
    text: Annotated[
        list[str] | None,
        typer.Option(help="Bits per byte on these files or folders.", show_default=False),
    ] = None,
    rankings: Annotated[
        list[str] | None,
        typer.Option(help="Accuracy of a reward model on these.", show_default=False),
    ] = None,
    starter: Annotated[
        int | None,
        typer.Option(
            min=1, help="Valid answers to so many held-out prompts a kind.", show_default=False
        ),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            help="Win rate over this model; needs --prompts and --reward.", show_default=False
        ),
    ] = None,
    prompts: Annotated[
        list[str] | None, typer.Option(help="What both answer.", show_default=False)
    ] = None,
    reward: Annotated[
        Path | None, typer.Option(help="The reward model that judges.", show_default=False)
    ] = None,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="Length limit of answers.")] = 64,
    seed: Annotated[int, typer.Option(help="Of sampling and bootstrap.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="The numbers as JSON.")] = False,
) -> None:
    """Measure a model on text, rankings, the starter pack's prompts, or against another."""
    if not (text or rankings or starter or against):
        raise ConfigError("nothing to measure on: give --text, --rankings, --starter or --against")
    if against and not (prompts and reward):
        raise ConfigError("--against needs --prompts FILE and --reward MODEL, which judges")
    from fledge.cli import measure
    from fledge.generate import SamplingParams

    numbers: dict[str, float] = {}
    if text:
        numbers |= measure.measure_text(checkpoint, text)
    if rankings:
        numbers |= measure.measure_rankings(checkpoint, rankings, seed)
    if starter:
        numbers |= measure.measure_starter(checkpoint, starter, max_new_tokens, seed)
    if against and reward:
        sampling = SamplingParams(max_new_tokens=max_new_tokens, seed=seed)
        numbers |= measure.measure_wins(checkpoint, against, reward, prompts or (), sampling)
    if as_json:
        import json

        typer.echo(json.dumps(numbers))
        return
    width = max(map(len, numbers))
    for name, value in numbers.items():
        shown = f"{value:,.0f}" if value == int(value) and abs(value) > 1 else f"{value:.4f}"
        typer.echo(f"{name.replace('_', ' '):<{width}}  {shown}")
