"""The chat page of both demos: where its chats are kept, and its end."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from fledge.cli.hints import command

if TYPE_CHECKING:
    from fledge.demo.page import ChatPage

CHATS = "chats.db"
"""File in a demo's output for the chats with its models, and the ratings of answers."""


def keep_open(page: "ChatPage | None", output: Path) -> None:
    """Leave the chat page open until Ctrl-C; say how to open it where there is none."""
    if page is not None and page.is_alive:
        typer.echo(f"The chat page stays open at {page.url}. Ctrl-C ends it.", err=True)
        if page.wait():
            return
    typer.echo(f"Next: {command('serve', output)}", err=True)
