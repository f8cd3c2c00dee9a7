"""`fledge improve`: a round in which people's feedback becomes the next model."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fledge.cli.hints import command
from fledge.cli.messages import log_to_terminal
from fledge.cli.options import SkipBad
from fledge.cli.training import setting
from fledge.errors import ConfigError

if TYPE_CHECKING:
    from fledge.rounds.config import RoundConfig
    from fledge.rounds.gate import Verdict

EXAMPLE = "Example: `fledge improve home --base checkpoints/sft --data feedback.jsonl`"
NICENESS = 10
"""Priority of a round: chats on the same machine come first."""


def improve(
    place: Annotated[
        Path,
        typer.Argument(
            metavar="PLACE", help="Folder of the rounds; new or begun.", show_default=False
        ),
    ],
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ROUND.toml section.key=value",
            help="Settings of the round, and changes to them.",
            show_default="those of the round before",
        ),
    ] = None,
    base: Annotated[
        Path | None,
        typer.Option("--base", "-m", help="Chat model of the first round.", show_default=False),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(
            "--data", "-d", help="Demonstrations, rankings and prompts.", show_default=False
        ),
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(
            "--without", metavar="PERSON", help="Leave this person out.", show_default=False
        ),
    ] = None,
    gold: Annotated[
        str | None,
        typer.Option(help="Rule to measure by, `file.py:function`.", show_default=False),
    ] = None,
    promote: Annotated[
        bool, typer.Option("--promote/--no-promote", help="Promote what passes the gate.")
    ] = True,
    skip_bad: SkipBad = False,
    seed: Annotated[
        int | None,
        typer.Option(help="The same seed and data give the same models.", show_default="0"),
    ] = None,
) -> None:
    """Run a round: feedback makes a better model, or none.

    SFT, reward model, PPO, then a judge and a gate. The same command goes on with a round that was
    stopped. `fledge rounds` shows what came out, promotes by hand and rolls back.
    """
    flags = {"gold": gold, "skip_bad": skip_bad, "seed": seed}
    changes = [change for key, value in flags.items() for change in setting(key, value)]
    config = config_from(place, words or (), changes)
    log_to_terminal()
    yield_to_others()
    from fledge.rounds.improve import improve as run_round

    verdict = run_round(
        place,
        data or (),
        base=base,
        config=config,
        left_out=without or (),
        promote=promote,
    )
    tell(place, verdict)


def config_from(place: Path, words: Sequence[str], changes: Sequence[str]) -> "RoundConfig | None":
    """Return the settings of a file or of the round before, with changes; None without any.

    Raises:
        ConfigError: there are two files, or a setting is wrong.
    """
    files = [word for word in words if "=" not in word]
    changes = [*changes, *(word for word in words if "=" in word)]
    if len(files) > 1:
        raise ConfigError(f"give one file of settings; found {', '.join(files)}")
    if not files and not changes:
        return None
    from fledge.config import apply_override, load_toml, parse_section
    from fledge.rounds.begin import settings_before
    from fledge.rounds.config import RoundConfig

    if files:
        return load_toml(Path(files[0]), RoundConfig, changes)
    values = settings_before(place).model_dump(mode="json", exclude_unset=True)
    for change in changes:
        apply_override(values, change)
    return parse_section(values, RoundConfig, source="fledge improve")


def yield_to_others() -> None:
    """Lower the priority of this process, where the system has one."""
    import os

    if hasattr(os, "nice"):
        os.nice(NICENESS)


def tell(place: Path, verdict: "Verdict") -> None:
    """Print the decision, every reason against it, and the next command."""
    typer.echo("promoted" if verdict.promoted else "not promoted")
    for reason in verdict.why:
        typer.echo(f"  {reason}")
    following = ("serve", place) if verdict.promoted else ("rounds", "status", place)
    typer.echo(f"Next: {command(*following)}", err=True)
