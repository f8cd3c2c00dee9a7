"""`fledge backup`: a copy of people and chats, while the server runs."""

from pathlib import Path
from typing import Annotated

import typer

EXAMPLE = "Example: `fledge backup ~/.local/share/fledge/fledge.db monday.db`"


def backup(
    database: Annotated[
        str,
        typer.Argument(
            metavar="DATABASE",
            help="A file of SQLite, or postgresql://USER@HOST/NAME.",
            show_default=False,
        ),
    ],
    file: Annotated[
        Path, typer.Argument(help="The copy; it must not be there yet.", show_default=False)
    ],
) -> None:
    """Copy a database into one file while the server goes on.

    The file is SQLite, of PostgreSQL too: `fledge restore` fills either from it.
    """
    from fledge.database.backup import backup as write_backup

    rows = write_backup(database, file)
    typer.echo(f"{file}: {rows:,} rows, {file.stat().st_size:,} bytes", err=True)
