"""A table of results that prints, saves as JSON, CSV and HTML, and shows itself in a notebook."""

import csv
import html
import io
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

Cell = str | int | float | None

STYLE = """
.fledge-table{border-collapse:collapse;font:14px/1.4 system-ui,sans-serif;color-scheme:light dark}
.fledge-table caption{text-align:left;font-weight:600;padding:.4em 0}
.fledge-table th,.fledge-table td{border:1px solid #8886;padding:.2em .6em;text-align:left}
.fledge-table td.number{text-align:right;font-variant-numeric:tabular-nums}
.fledge-scroll{overflow-x:auto}
"""


@final
@dataclass(frozen=True, slots=True)
class Table:
    """Rows of numbers and texts under named columns; `notes` are sentences below the table."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()

    def to_json(self) -> str:
        """Write one object: the title, the notes, and a record for each row, by column.

        A number that is not finite is written as null.
        """
        values = {
            "title": self.title,
            "notes": self.notes,
            "rows": [dict(zip(self.columns, map(_finite, row), strict=True)) for row in self.rows],
        }
        return json.dumps(values, ensure_ascii=False) + "\n"

    def to_csv(self) -> str:
        """Write the column names and the rows, separated by commas; None is an empty field."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([self.columns, *self.rows])
        return file.getvalue()

    def _repr_html_(self) -> str:
        """Return a fragment for a notebook, with its own style; all text is escaped."""
        head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in self.columns)
        body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in self.rows)
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        return (
            f"<style>{STYLE}</style>"
            f'<div class="fledge-scroll" tabindex="0"><table class="fledge-table">'
            f"<caption>{html.escape(self.title)}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table></div>{notes}"
        )


def to_page(title: str, tables: Sequence[Table]) -> str:
    """Write a page of tables that needs no other file and no network."""
    body = "".join(table._repr_html_() for table in tables)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title>"
        "<style>:root{color-scheme:light dark}body{margin:1.5em;font-family:system-ui}</style>"
        f"</head><body><main><h1>{html.escape(title)}</h1>{body}</main></body></html>\n"
    )


def shown(cell: Cell) -> str:
    """Write a cell for people: numbers with four significant digits, None as nothing."""
    if cell is None:
        return ""
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell)


def _cell(cell: Cell) -> str:
    kind = "" if cell is None or isinstance(cell, str) else ' class="number"'
    return f"<td{kind}>{html.escape(shown(cell))}</td>"


def _finite(cell: Cell) -> Cell:
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell
