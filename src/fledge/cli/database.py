"""Where the chat product's data is: the option that every command about it has."""

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
        show_default="fledge.db among your data",
    ),
]


def default_database() -> Path:
    """`fledge.db` where this system keeps the data of its users' programs."""
    home = Path.home()
    if sys.platform == "win32":
        data = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        data = home / "Library" / "Application Support"
    else:
        data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return data / "fledge" / "fledge.db"
