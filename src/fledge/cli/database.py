"""The option `--database` of the commands about people and chats."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database",
        envvar="FLEDGE_DATABASE",
        metavar="FILE",
        help="People and chats; or postgresql://…",
        show_default="in your data folder",
    ),
]


def default_database() -> Path:
    """Return `fledge.db` in the folder where this system keeps the data of programs."""
    home = Path.home()
    if sys.platform == "win32":
        data = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        data = home / "Library" / "Application Support"
    else:
        data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return data / "fledge" / "fledge.db"
