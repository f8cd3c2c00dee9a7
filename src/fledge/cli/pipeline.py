"""`fledge run`: stages in their order, finished ones skipped, interrupted ones resumed."""

from pathlib import Path
from typing import Annotated

import typer

EXAMPLE = "Example: `fledge run --text data/text --demonstrations mine.jsonl --rankings mine.jsonl`"


def run_pipeline(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE.toml]", help="A pipeline.", show_default="fledge.toml"),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Argument(metavar="[section.key=value]...", help="Changes to it.", show_default=False),
    ] = None,
) -> None:
    """Run a pipeline."""
