"""`fledge reward`: train a reward model on rankings."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fledge.cli.hints import sibling
from fledge.cli.options import SkipBad
from fledge.cli.training import RATE_HELP, Output, RunWords, Seed, Steps, flags_of, train
from fledge.runs.recommended import rates_in_words

if TYPE_CHECKING:
    from fledge.runs.run import Run

EXAMPLE = "Example: `fledge reward -m checkpoints/sft -d rankings.jsonl -o checkpoints/reward`"


def reward(
    run: RunWords = None,
    model: Annotated[
        Path | None,
        typer.Option("--model", "-m", help="SFT checkpoint to start from.", show_default=False),
    ] = None,
    rankings: Annotated[
        list[str] | None,
        typer.Option(
            "--rankings", "-d", help="Files of ranked or paired answers.", show_default=False
        ),
    ] = None,
    output: Output = None,
    epochs: Annotated[
        float | None, typer.Option(help="Passes over the rankings.", show_default="1")
    ] = None,
    steps: Steps = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(metavar="RATE", help=RATE_HELP, show_default=rates_in_words("reward")),
    ] = None,
    skip_bad: SkipBad = False,
    seed: Seed = None,
) -> None:
    """Train a reward model on rankings: step 2 of InstructGPT."""
    stage = {"model": model, "rankings": rankings, "epochs": epochs, "skip_bad": skip_bad}
    flags = flags_of(stage, output, steps, learning_rate, seed)
    train("reward", run, flags, ppo_words)


def ppo_words(run: "Run") -> Sequence[object]:
    """Suggest PPO on the model that the reward model started from, with the ranked prompts."""
    from fledge.stages.reward.config import RewardConfig

    assert isinstance(run.stage, RewardConfig)
    prompts = (word for file in run.stage.rankings for word in ("-d", file))
    output = sibling(run.output, "ppo")
    return "ppo", "-m", run.stage.model, "-r", run.output, *prompts, "-o", output
