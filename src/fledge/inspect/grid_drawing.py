"""Pictures of a `Grid`: a heat map of its numbers, with their labels. Needs matplotlib."""

from pathlib import Path

from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from fledge.errors import GenerationError
from fledge.inspect.drawing import INK, save_figure, style
from fledge.inspect.grid import Grid
from fledge.inspect.view import picture_format

MOST_CELLS = 100
"""Most rows and most columns of a picture."""
CELL_WIDTH, CELL_HEIGHT, BORDER = 0.75, 0.35, 2.0
"""In inches."""
ROUNDING = 1e-6
"""Share of the largest number up to which a negative one is a rounding error."""
DARK = 0.55
"""Share of the largest number from which a cell is too dark for dark letters."""


def save_grid(grid: Grid, path: Path) -> None:
    """Write the picture; the name's ending is .png or .svg.

    Raises:
        ConfigError: it is neither.
        GenerationError: the map has more rows or columns than a picture has room for.
        WriteError: the file cannot be written.
    """
    picture_format(path)
    rows, columns = grid.values.shape
    if max(rows, columns) > MOST_CELLS:
        raise GenerationError(
            f"a picture has room for {MOST_CELLS} rows and columns, the map has {rows} and "
            f"{columns}; shorten the text, or write --json"
        )
    with style():
        save_figure(draw_grid(grid), path)


def draw_grid(grid: Grid) -> Figure:
    """Draw the map; numbers of both signs are blue and red around white."""
    rows, columns = grid.values.shape
    size = (BORDER + CELL_WIDTH * columns, BORDER + CELL_HEIGHT * rows)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.add_subplot()
    values = grid.values.double().cpu().numpy()
    least, most = float(values.min()), float(values.max())
    most = max(most, 1e-9)
    has_signs = least < -ROUNDING * most
    bound = max(-least, most)
    # The same colour on both sides of zero for numbers that are as large.
    norm = Normalize(-bound, bound) if has_signs else Normalize(0, most)
    image = axes.pcolormesh(values, cmap="RdBu" if has_signs else "Blues", norm=norm)
    axes.invert_yaxis()
    axes.set_xticks([i + 0.5 for i in range(columns)], grid.columns, rotation=60, ha="right")
    axes.set_yticks([i + 0.5 for i in range(rows)], grid.rows)
    axes.set_title(grid.title)
    for row, texts in enumerate(grid.texts or ()):
        for column, text in enumerate(texts):
            is_dark = not has_signs and norm(values[row, column]) > DARK
            place, colour = (column + 0.5, row + 0.5), "white" if is_dark else INK
            axes.text(*place, text[:10], ha="center", va="center", fontsize=7, color=colour)
    figure.colorbar(image, ax=axes, label=grid.unit)
    return figure
