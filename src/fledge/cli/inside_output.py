"""Outputs of `fledge inspect`: a table in the terminal, and files of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, final

import typer

from fledge.cli.output import check_writable
from fledge.files import write_text
from fledge.text.printable import printable

if TYPE_CHECKING:
    from fledge.inspect.grid import Grid
    from fledge.inspect.table import Table

WIDEST = 100_000
"""Columns of a table on the screen, at most."""

Json = Annotated[Path | None, typer.Option("--json", help="JSON file.", show_default=False)]
Csv = Annotated[Path | None, typer.Option("--csv", help="CSV file.", show_default=False)]
Html = Annotated[
    Path | None,
    typer.Option("--html", help="Page that needs no other file.", show_default=False),
]
Picture = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Picture to draw, .png or .svg.", show_default=False),
]


@final
@dataclass(frozen=True, slots=True)
class Outputs:
    """Files to write; made before the work, so that a place that cannot be written fails at once.

    Raises:
        ConfigError: a file cannot be written, or the picture is neither .png nor .svg.
    """

    json: Path | None
    csv: Path | None
    html: Path | None
    picture: Path | None = None

    def __post_init__(self) -> None:
        if self.picture is not None:
            if self.picture.suffix.lower() not in (".png", ".svg"):
                from fledge.inspect.view import picture_format

                picture_format(self.picture)
            check_writable(self.picture)
        for path in (self.json, self.csv, self.html):
            if path is not None:
                check_writable(path)


def give(table: "Table", outputs: Outputs, grid: "Grid | None" = None) -> None:
    """Print a table and write the files; `grid` is the picture's."""
    from fledge.inspect.table import to_page

    is_map = grid is None or grid.table().rows == table.rows
    pages = [table] if grid is None or is_map else [grid.table(), table]
    contents = (
        (outputs.json, table.to_json),
        (outputs.csv, table.to_csv),
        (outputs.html, lambda: to_page(table.title, pages)),
    )
    for path, write in contents:
        if path is not None:
            write_text(path, write())
    print_table(table)
    if outputs.picture is not None and grid is not None:
        from fledge.inspect.grid_drawing import save_grid

        save_grid(grid, outputs.picture)
    for path in (outputs.json, outputs.csv, outputs.html, outputs.picture):
        if path is not None:
            typer.echo(f"{path} written", err=True)


def print_table(table: "Table") -> None:
    """Print a table and its notes."""
    from rich.console import Console
    from rich.table import Table as Shown
    from rich.text import Text

    from fledge.inspect.table import shown

    console = Console(highlight=False)
    console.print(Text(printable(table.title), style="bold"), soft_wrap=True)
    drawn = Shown(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in table.columns:
        drawn.add_column(Text(printable(name)))
    for row in table.rows:
        drawn.add_row(*(Text(printable(shown(cell))) for cell in row))
    # A number that is cut says something else: a wide table runs beyond the screen instead.
    wide = console.options.update(width=WIDEST)
    needed = console.measure(drawn, options=wide).maximum
    Console(highlight=False, width=max(needed, console.width)).print(drawn)
    for note in table.notes:
        console.print(Text(printable(note), style="dim"), soft_wrap=True)
