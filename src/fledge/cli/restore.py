"""`fledge restore`: a new database from a copy."""

from pathlib import Path
from typing import Annotated

import typer

EXAMPLE = "Example: `fledge restore monday.db restored.db`"


def restore(
    file: Annotated[Path, typer.Argument(help="What `fledge backup` wrote.", show_default=False)],
    database: Annotated[
        str,
        typer.Argument(
            metavar="DATABASE",
            help="A new file of SQLite, or an empty database: postgresql://USER@HOST/NAME.",
            show_default=False,
        ),
    ],
) -> None:
    """Fill an empty database from a backup.

    SQLite or PostgreSQL, whatever it was before; a backup of an older fledge is brought to today's
    form.
    """
    from fledge.database.backup import restore as fill

    typer.echo(f"{database}: {fill(file, database):,} rows", err=True)
