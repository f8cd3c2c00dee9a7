"""Write docs/commands.md from the commands: `python -m fledge.cli.reference`."""

import inspect
from collections.abc import Iterator

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from fledge.cli.app import app

PREFACE = """\
# Commands

`fledge COMMAND --help` shows the same in the terminal. `fledge --debug COMMAND …` shows the
traceback of an error, and `fledge --version` the version. This page is written by
`python -m fledge.cli.reference > docs/commands.md`.

A training command takes a run file, `section.key=value` changes to it, and options for common
settings. The same command again resumes an interrupted run. Exit codes: 0 success, 1 a file or
model cannot be used, 2 the command line or a run file is wrong, 3 `fledge doctor` warns of
something, 130 stopped by Ctrl-C.
"""


Described = TyperCommand | TyperGroup
AS_THEY_STAND = ("plan",)
"""Groups of commands that are described elsewhere, each as a command of its own."""


def commands() -> Iterator[tuple[str, Described]]:
    """Yield every command with its full name, those of a group one after another."""
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    for name, command in root.commands.items():
        if isinstance(command, TyperGroup) and name not in AS_THEY_STAND:
            for inner, nested in command.commands.items():
                assert isinstance(nested, TyperCommand)
                yield f"{name} {inner}", nested
        else:
            assert isinstance(command, TyperCommand | TyperGroup)
            yield name, command


def page() -> str:
    """Write the whole page in Markdown."""
    return "\n".join([PREFACE, *(section(name, command) for name, command in commands())])


def section(name: str, command: Described) -> str:
    """Describe one command: its help, an example, its arguments and options."""
    rows = [row(parameter) for parameter in command.params if parameter.name != "help"]
    return "\n".join(
        [
            f"## fledge {name}",
            "",
            inspect.cleandoc(command.help or ""),
            "",
            command.epilog or "",
            "",
            "| argument or option | meaning | default |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def row(parameter: object) -> str:
    """Write an argument or option as a line of the table."""
    assert isinstance(parameter, TyperArgument | TyperOption)
    names = (
        ", ".join(f"`{option}`" for option in (*parameter.opts, *parameter.secondary_opts))
        if isinstance(parameter, TyperOption)
        else f"`{parameter.metavar or str(parameter.name).upper()}`"
    )
    return f"| {names} | {parameter.help or ''} | {shown_default(parameter)} |"


def shown_default(parameter: TyperArgument | TyperOption) -> str:
    """Write a default as `--help` shows it: none for required arguments and for switches."""
    if isinstance(parameter.show_default, str):
        return parameter.show_default
    if not parameter.show_default or parameter.default is None or parameter.default is False:
        return ""
    return f"`{'yes' if parameter.default is True else parameter.default}`"


if __name__ == "__main__":
    print(page(), end="")
