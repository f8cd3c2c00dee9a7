"""`fledge restore`: fill a new database from a backup."""

from pathlib import Path
from typing import Annotated

import typer

EXAMPLE = "Example: `fledge restore monday.db restored.db`"


def restore(
    file: Annotated[
        Path, typer.Argument(help="File that `fledge backup` wrote.", show_default=False)
    ],
    database: Annotated[
        str,
        typer.Argument(
            metavar="DATABASE",
            help="New SQLite file, or an empty database: postgresql://USER@HOST/NAME.",
            show_default=False,
        ),
    ],
) -> None:
    """Fill an empty database from a backup.

    It may be SQLite or PostgreSQL, whichever the original was. A backup from an older fledge is
    migrated.
    """
    from fledge.database.backup import restore as fill

    typer.echo(f"{database}: {fill(file, database):,} rows", err=True)
