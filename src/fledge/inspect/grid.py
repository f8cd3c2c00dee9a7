"""A map of numbers, such as layers by tokens: as a table, and as a picture."""

from dataclasses import dataclass
from typing import final

from jaxtyping import Float
from torch import Tensor

from fledge.inspect.table import Cell, Table


@final
@dataclass(frozen=True, slots=True)
class Grid:
    """Numbers by row and column, both labelled; `texts` are words to write into the cells."""

    title: str
    unit: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: Float[Tensor, "R C"]
    texts: tuple[tuple[str, ...], ...] | None = None

    def table(self) -> Table:
        """Return a row for each row, and a column for each column, of numbers or of the texts.

        Columns are numbered where labels repeat, as tokens do.
        """
        names = self.columns
        if len(set(names)) < len(names):
            names = tuple(f"{index} {label}" for index, label in enumerate(names, start=1))
        cells: list[tuple[Cell, ...]] = []
        for index, (label, values) in enumerate(zip(self.rows, self.values.tolist(), strict=True)):
            if self.texts is None:
                cells.append((label, *values))
            else:
                pairs = zip(self.texts[index], values, strict=True)
                cells.append((label, *(f"{text} {value:.2f}" for text, value in pairs)))
        return Table(f"{self.title} ({self.unit})", ("", *names), tuple(cells))
