"""`fledge --help`: every command in one line, under the heading of what it is for."""

from collections.abc import Iterator

import typer
from typer.core import TyperCommand, TyperGroup

WIDTH = 80
USAGE = "Usage: fledge COMMAND [OPTIONS]; fledge COMMAND --help tells more."
ENDING = "Options: --version; --debug to see the traceback of an error; --help."


class Overview(TyperGroup):
    """The commands as a list without frames, in the fewest lines."""

    def get_help(self, ctx: object) -> str:
        """Return the whole text; colours are left out where the output is no terminal."""
        about = (self.help or "").replace("`", "").strip().splitlines()
        return "\n".join([USAGE, "", *about, "", *self._commands(), "", ENDING])

    def _commands(self) -> Iterator[str]:
        """Yield the headings with their commands, in the order in which both were added."""
        panels: dict[str, list[TyperCommand | TyperGroup]] = {}
        for each in self.commands.values():
            assert isinstance(each, TyperCommand | TyperGroup)
            panels.setdefault(str(each.rich_help_panel), []).append(each)
        width = max(map(len, self.commands))
        for heading, members in panels.items():
            yield typer.style(heading, bold=True)
            for each in members:
                name = typer.style(f"{each.name:{width}}", fg="cyan")
                summary = each.get_short_help_str(WIDTH - width - 4).replace("`", "")
                yield f"  {name}  {summary}"
