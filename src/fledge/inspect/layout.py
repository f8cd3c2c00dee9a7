"""Places of the parts of a heat map, in inches, such that no labels overlap."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

LARGEST_CELL, SMALLEST_CELL = 0.6, 0.24
CELLS_ACROSS = 6.5
"""Inches that all cells share, unless each is at its smallest."""
LEAST_WIDTH = 5.2
MARGIN, GAP = 0.18, 0.08
CAPTION = 0.26
COLOUR_BAR, COLOUR_BAR_WITH_LABELS = 0.14, 0.75
LARGEST_MAP, SMALLEST_MAP, SHEET_ACROSS = 1.25, 0.62, 9.0
BETWEEN_MAPS, UNDER_MAP = 0.1, 0.22
POINTS_PER_INCH = 72
LINE = 1.35
"""Distance between lines, in font sizes."""
TITLE_SIZE, NOTE_SIZE = 11.5, 8.5

Measure = Callable[[str, float], float]
"""Width in inches of a text at a font size in points."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes and places in inches from the lower left corner."""

    width: float
    height: float
    cell: float
    font_size: float
    angle: float
    """Angle of the column labels, in degrees."""
    left: float
    bottom: float
    caption: float
    """Left edge of the caption beside the rows."""
    title: tuple[str, ...]
    note: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Sizes and places of many small maps, in inches from the lower left corner."""

    width: float
    height: float
    map_width: float
    map_height: float
    left: float
    top: float
    """Upper edge of the first row of maps."""
    step_down: float
    title: tuple[str, ...]
    note: tuple[str, ...]

    def place(self, layer: int, head: int) -> tuple[float, float]:
        """Return the lower left corner of a head's map."""
        left = self.left + head * (self.map_width + BETWEEN_MAPS)
        return left, self.top - layer * self.step_down - self.map_height


def arrange(
    rows: Sequence[str],
    columns: Sequence[str],
    title: Sequence[str],
    note: str,
    measure: Measure,
) -> Layout:
    """Arrange a heat map of `rows` × `columns` under its title, as wide as its labels need.

    The parts of `title` share a line if they fit on one.
    """
    cell = min(LARGEST_CELL, max(SMALLEST_CELL, CELLS_ACROSS / max(len(rows), len(columns))))
    font_size = min(10.5, max(7.5, 0.34 * cell * POINTS_PER_INCH))
    widths = [measure(label, font_size) for label in columns]
    angle = 0.0 if max(widths) < 0.9 * cell else 45.0
    turn = math.radians(angle)
    line = font_size / POINTS_PER_INCH
    label_height = max(widths) * math.sin(turn) + line * 1.2
    overhang = max(
        (index + 0.5 - len(columns)) * cell + width * math.cos(turn)
        for index, width in enumerate(widths)
    )
    labels_left = CAPTION + max(measure(label, font_size) for label in rows) + GAP
    right = max(overhang + GAP, COLOUR_BAR_WITH_LABELS)
    content = labels_left + len(columns) * cell + right
    width = max(LEAST_WIDTH, content + 2 * MARGIN)
    title_lines, note_lines, header = _header(title, note, width, measure)
    return Layout(
        width=width,
        height=MARGIN + len(rows) * cell + GAP + label_height + CAPTION + header + MARGIN,
        cell=cell,
        font_size=font_size,
        angle=angle,
        left=(width - content) / 2 + labels_left,
        bottom=MARGIN,
        caption=(width - content) / 2,
        title=title_lines,
        note=note_lines,
    )


def arrange_sheet(
    layers: int,
    heads: int,
    words: tuple[int, int],
    title: Sequence[str],
    note: str,
    measure: Measure,
) -> Sheet:
    """Arrange `layers` × `heads` maps, each of `words` rows and columns."""
    map_width = min(LARGEST_MAP, max(SMALLEST_MAP, SHEET_ACROSS / heads))
    map_height = map_width * min(1.6, max(0.6, words[0] / words[1]))
    left = MARGIN + CAPTION
    content = left + heads * (map_width + BETWEEN_MAPS) + COLOUR_BAR_WITH_LABELS
    width = max(LEAST_WIDTH, content + MARGIN)
    title_lines, note_lines, header = _header(title, note, width, measure)
    step_down = map_height + UNDER_MAP
    height = MARGIN + layers * step_down + CAPTION + header + MARGIN
    return Sheet(
        width=width,
        height=height,
        map_width=map_width,
        map_height=map_height,
        left=left + (width - MARGIN - content) / 2,
        top=height - MARGIN - header - CAPTION,
        step_down=step_down,
        title=title_lines,
        note=note_lines,
    )


def wrapped(text: str, width: float, size: float, measure: Measure) -> tuple[str, ...]:
    """Break a text into lines of whole words, none wider than `width` unless a single word is."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and measure(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return tuple(lines)


def _header(
    title: Sequence[str], note: str, width: float, measure: Measure
) -> tuple[tuple[str, ...], tuple[str, ...], float]:
    """Return the lines of title and note, and their height in inches."""
    room = width - 2 * MARGIN
    title_lines = wrapped(" ".join(title), room, TITLE_SIZE, measure)
    if len(title_lines) > 1:
        parts = [wrapped(part, room, TITLE_SIZE, measure) for part in title]
        title_lines = tuple(line for part in parts for line in part)
    note_lines = wrapped(note, room, NOTE_SIZE, measure)
    heights = (
        lines_height(len(title_lines), TITLE_SIZE) + lines_height(len(note_lines), NOTE_SIZE) + 0.12
    )
    return title_lines, note_lines, heights


def lines_height(lines: int, size: float) -> float:
    """Return the height in inches of lines of a font size in points."""
    return lines * size * LINE / POINTS_PER_INCH
