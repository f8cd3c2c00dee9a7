"""`fledge ppo`: train a policy against a reward."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fledge.cli.options import SkipBad
from fledge.cli.training import RATE_HELP, Output, RunWords, Seed, Steps, flags_of, train
from fledge.runs.recommended import rates_in_words

if TYPE_CHECKING:
    from fledge.runs.run import Run

EXAMPLE = (
    "Example: `fledge ppo -m checkpoints/sft -r checkpoints/reward -d prompts.jsonl "
    "-o checkpoints/ppo`"
)


def ppo(
    run: RunWords = None,
    policy: Annotated[
        Path | None,
        typer.Option(
            "--model", "-m", help="SFT checkpoint: start and reference.", show_default=False
        ),
    ] = None,
    reward: Annotated[
        str | None,
        typer.Option(
            "--reward",
            "-r",
            help="Reward model, or `file.py:function` of prompts and responses (and columns).",
            show_default=False,
        ),
    ] = None,
    prompts: Annotated[
        list[str] | None,
        typer.Option("--prompts", "-d", help="Files of prompts to answer.", show_default=False),
    ] = None,
    output: Output = None,
    steps: Steps = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(metavar="RATE", help=RATE_HELP, show_default=rates_in_words("ppo")),
    ] = None,
    kl: Annotated[
        float | None,
        typer.Option(min=0.0, help="β, penalty for leaving the SFT model.", show_default="0.05"),
    ] = None,
    skip_bad: SkipBad = False,
    seed: Seed = None,
) -> None:
    """Train a policy against a reward: step 3 of InstructGPT."""
    stage = {
        "policy": policy,
        "reward": reward,
        "prompts": prompts,
        "kl_coefficient": kl,
        "skip_bad": skip_bad,
    }
    flags = flags_of(stage, output, steps, learning_rate, seed)
    train("ppo", run, flags, serve_words)


def serve_words(run: "Run") -> Sequence[object]:
    """Suggest to serve the new policy beside the model that it started from."""
    from fledge.stages.ppo.config import PPOConfig

    assert isinstance(run.stage, PPOConfig)
    return "serve", run.output, run.stage.policy
