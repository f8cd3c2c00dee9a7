"""`fledge backup`: copy people and chats while the server runs."""

from pathlib import Path
from typing import Annotated

import typer

EXAMPLE = "Example: `fledge backup ~/.local/share/fledge/fledge.db monday.db`"


def backup(
    database: Annotated[
        str,
        typer.Argument(
            metavar="DATABASE",
            help="An SQLite file, or postgresql://USER@HOST/NAME.",
            show_default=False,
        ),
    ],
    file: Annotated[
        Path, typer.Argument(help="File to write; it must not exist yet.", show_default=False)
    ],
) -> None:
    """Copy a database into one file while the server runs.

    The copy is an SQLite file, whichever the database is; `fledge restore` fills either kind.
    """
    from fledge.database.backup import backup as write_backup

    rows = write_backup(database, file)
    typer.echo(f"{file}: {rows:,} rows, {file.stat().st_size:,} bytes", err=True)
