"""Pictures of attention: a heat map of words, or a sheet of all heads. Needs matplotlib."""

import logging
import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Literal

import matplotlib
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize, PowerNorm
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from fledge.errors import GenerationError
from fledge.files import explained, whole_file
from fledge.inspect.alignment import habits
from fledge.inspect.attention import Kind
from fledge.inspect.layout import (
    CAPTION,
    COLOUR_BAR,
    GAP,
    LINE,
    MARGIN,
    NOTE_SIZE,
    POINTS_PER_INCH,
    TITLE_SIZE,
    Layout,
    Sheet,
    arrange,
    arrange_sheet,
)
from fledge.inspect.recording import Recording
from fledge.inspect.view import BEST, View, picture_format, place

logger = logging.getLogger(__name__)

# White to dark blue, always darker: it reads the same in grey and on paper.
COLOURS = LinearSegmentedColormap.from_list(
    "fledge", ["#ffffff", "#dbe8f4", "#a3c6e3", "#5b9bcb", "#2468a6", "#0b3464"]
)
INK, QUIET, LINES, UNSEEN, MARK = "#1c2733", "#5c6874", "#e3e8ed", "#eef0f2", "#d9480f"
DOTS_PER_INCH = 144
TALLEST_COLOUR_BAR = 2.4
LARGEST_WITH_NUMBERS = 14
LEAST_NUMBER = 0.05
INSET = 0.045
"""Distance of a frame from the edge of its cell, in cells."""
MOST_WORDS = 100
LONGEST_TITLE = 300
FONTS = (
    *("DejaVu Sans", "Noto Sans", "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans Arabic"),
    *("Noto Sans Devanagari", "WenQuanYi Micro Hei", "Hiragino Sans", "PingFang SC"),
    *("Yu Gothic", "Microsoft YaHei", "Malgun Gothic", "Segoe UI", "Arial Unicode MS"),
)
"""Fonts in the order in which they are searched for a character; the first is always there."""
AXES = {
    "cross": ("source: what is looked at (framed: most)", "translation: who looks"),
    "self": ("what is looked at", "who looks"),
}

Matrix = NDArray[np.float64]


def save_map(recording: Recording, view: View, path: Path) -> None:
    """Draw one map of words into a .png or .svg file.

    Raises:
        ConfigError: another kind of file.
        GenerationError: there are too many words to label.
    """
    longest = max(view.weights.shape)
    if longest > MOST_WORDS:
        raise GenerationError(
            f"{longest} words do not fit into a picture, at most {MOST_WORDS} do; give a shorter "
            "text, draw --heads, or take the numbers (--json)"
        )
    with style():
        save_figure(draw_map(recording, view), path)


def save_heads(recording: Recording, path: Path) -> None:
    """Draw all heads on one sheet into a .png or .svg file.

    Raises:
        ConfigError: another kind of file.
    """
    with style():
        save_figure(draw_heads(recording), path)


def draw_map(recording: Recording, view: View) -> Figure:
    """Draw the heat map: a row for each word that looks, a column for each that is looked at."""
    maps = recording.maps
    note = f"{maps.kind}-attention · {view.label}"
    layout = arrange(maps.targets, maps.sources, title_of(recording), note, _text_width)
    figure = Figure(figsize=(layout.width, layout.height))
    _write_title(figure, layout)
    weights = _matrix(recording, view.weights.tolist())
    width, height = weights.shape[1] * layout.cell, weights.shape[0] * layout.cell
    axes = _axes(figure, layout.left, layout.bottom, width, height)
    norm = _scale(maps.kind, float(weights.max()))
    axes.pcolormesh(weights, cmap=COLOURS, norm=norm, edgecolors=LINES, linewidth=0.5)
    axes.invert_yaxis()
    _write_words(figure, axes, recording, layout)
    if maps.kind == "cross":
        _mark_largest(axes, weights)
    if max(weights.shape) <= LARGEST_WITH_NUMBERS:
        _write_numbers(axes, weights, norm, layout.font_size - 2.5)
    tall = min(height, TALLEST_COLOUR_BAR)
    right, upper = layout.left + width + 2 * GAP, layout.bottom + height - tall
    _colour_bar(figure, _axes(figure, right, upper, COLOUR_BAR, tall), norm)
    return figure


def draw_heads(recording: Recording) -> Figure:
    """Draw every head as a small map without words, a row per layer, the best head framed."""
    maps, best = recording.maps, recording.best
    layers, heads = recording.scores.shape
    note = (
        f"{maps.kind}-attention of all heads, rows and columns in the order of the words · "
        f"framed: {BEST[maps.kind]}, {place(best.layer, best.head, recording.scores)}"
    )
    words = (len(maps.targets), len(maps.sources))
    sheet = arrange_sheet(layers, heads, words, title_of(recording), note, _text_width)
    figure = Figure(figsize=(sheet.width, sheet.height))
    _write_title(figure, sheet)
    norm = _scale("self", 1.0)
    kinds = habits(maps.weights, maps.kind)
    for layer, head in np.ndindex(layers, heads):
        axes = _axes(figure, *sheet.place(layer, head), sheet.map_width, sheet.map_height)
        weights = _matrix(recording, maps.weights[layer, head].tolist())
        axes.imshow(weights, cmap=COLOURS, norm=norm, aspect="auto", interpolation="nearest")
        axes.set(xticks=[], yticks=[])
        axes.set_xlabel(kinds[layer][head] or "", fontsize=7, color=QUIET, labelpad=2)
        if layer == 0:
            axes.set_title(f"head {head + 1}", fontsize=8, color=QUIET, pad=4)
        if head == 0:
            axes.set_ylabel(f"layer {layer + 1}", fontsize=8, color=QUIET, labelpad=4)
        if (layer, head) == (best.layer, best.head):
            axes.spines[:].set(color=MARK, linewidth=1.8)
    right, bottom = sheet.place(0, heads)
    _colour_bar(figure, _axes(figure, right + GAP, bottom, COLOUR_BAR, sheet.map_height), norm)
    return figure


def _scale(kind: Kind, largest: float) -> Normalize:
    """Scale the colours; by the square root in self-attention, whose first row is a single 1."""
    if kind == "self":
        return PowerNorm(0.5, 0, 1)
    return Normalize(0, math.ceil(largest * 20) / 20)


def title_of(recording: Recording) -> tuple[str, ...]:
    """Quote the sentence, and its translation if there is one."""
    sentence = f"“{_shortened(recording.text)}”"
    if recording.translation is None:
        return (sentence,)
    return sentence, f"→ “{_shortened(recording.translation)}”"


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_TITLE else text[:LONGEST_TITLE].rstrip() + "…"


def _matrix(recording: Recording, weights: list[list[float]]) -> Matrix:
    """Mask the weights that the causal mask hides."""
    matrix: Matrix = np.array(weights)
    if recording.maps.kind == "self":
        hidden = np.triu(np.ones(matrix.shape, dtype=bool), k=1)
        matrix = np.ma.masked_array(matrix, hidden)
    return matrix


def _axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Add an empty drawing area; all sizes are in inches."""
    across, up = figure.get_size_inches()
    axes = figure.add_axes((left / across, bottom / up, width / across, height / up))
    axes.set_facecolor(UNSEEN)
    axes.tick_params(length=0)
    axes.spines[:].set(color=LINES, linewidth=0.8)
    return axes


def _write_title(figure: Figure, layout: Layout | Sheet) -> None:
    width, height = figure.get_size_inches()
    top = height - MARGIN
    for lines, size, colour in (
        (layout.title, TITLE_SIZE, INK),
        (layout.note, NOTE_SIZE, QUIET),
    ):
        for line in lines:
            figure.text(MARGIN / width, top / height, line, va="top", fontsize=size, color=colour)
            top -= size * LINE / POINTS_PER_INCH


def _write_words(figure: Figure, axes: Axes, recording: Recording, layout: Layout) -> None:
    maps, size = recording.maps, layout.font_size
    axes.xaxis.tick_top()
    axes.set_xticks([index + 0.5 for index in range(len(maps.sources))], maps.sources)
    axes.set_yticks([index + 0.5 for index in range(len(maps.targets))], maps.targets)
    axes.tick_params(labelsize=size, labelcolor=INK)
    if layout.angle:
        for label in axes.get_xticklabels():
            label.set(rotation=layout.angle, ha="left", va="bottom", rotation_mode="anchor")
    above, beside = AXES[maps.kind]
    is_wider = _text_width(above, NOTE_SIZE) > len(maps.sources) * layout.cell
    # A wide title ends with the map: beside it stands the label of the colour bar.
    side: Literal["right", "center"] = "right" if is_wider else "center"
    axes.set_xlabel(above, fontsize=NOTE_SIZE, color=QUIET, labelpad=5, loc=side)
    axes.xaxis.set_label_position("top")  # the side of the words
    width, height = figure.get_size_inches()
    x = (layout.caption + CAPTION / 2) / width
    y = (layout.bottom + len(maps.targets) * layout.cell / 2) / height
    figure.text(
        x, y, beside, rotation=90, ha="center", va="center", fontsize=NOTE_SIZE, color=QUIET
    )


def _mark_largest(axes: Axes, weights: Matrix) -> None:
    """Frame the word that each word looks at most."""
    for row, column in enumerate(weights.argmax(axis=1)):
        corner, side = (column + INSET, row + INSET), 1 - 2 * INSET
        frame = Rectangle(corner, side, side, fill=False, edgecolor=MARK, linewidth=1.0)
        axes.add_patch(frame)


def _write_numbers(axes: Axes, weights: Matrix, norm: Normalize, size: float) -> None:
    for row, column in np.ndindex(*weights.shape):
        weight = weights[row, column]
        if weight is np.ma.masked or weight < LEAST_NUMBER:
            continue
        colour = "white" if norm(weight) > 0.55 else INK
        text = f"{weight:.2f}".removeprefix("0")
        axes.text(
            column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=size, color=colour
        )


def _colour_bar(figure: Figure, axes: Axes, norm: Normalize) -> None:
    ticks = MaxNLocator(5)
    bar = figure.colorbar(ScalarMappable(norm, COLOURS), cax=axes, ticks=ticks)
    bar.outline.set(edgecolor=LINES, linewidth=0.8)
    bar.ax.tick_params(length=0, labelsize=NOTE_SIZE - 0.5, labelcolor=QUIET, pad=3)
    bar.set_label("share of attention", fontsize=NOTE_SIZE, color=QUIET, labelpad=5)


def _text_width(text: str, size: float) -> float:
    """Measure a text in inches."""
    font = FontProperties(family=matplotlib.rcParams["font.family"], size=size)
    measure: Callable[..., tuple[float, float, float]] = _ruler().get_text_width_height_descent
    return measure(text, font, ismath=False)[0] / POINTS_PER_INCH


@cache
def _ruler() -> RendererAgg:
    """Make a renderer that measures text at one pixel per point."""
    return RendererAgg(1, 1, POINTS_PER_INCH)  # type: ignore[no-untyped-call]


@contextmanager
def style() -> Iterator[None]:
    """Set the fonts and settings of our pictures, ignoring the user's own."""
    known = set(font_manager.get_font_names())
    with matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(
            {
                "font.family": [name for name in FONTS if name in known],
                "svg.fonttype": "path",
                "svg.hashsalt": "fledge",
                "text.color": INK,
                "text.parse_math": False,
            }
        )
        # A box stands for a character that no font has.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font")
        yield


def save_figure(figure: Figure, path: Path) -> None:
    """Write a picture whole or not at all; the same figure gives the same bytes."""
    kind = picture_format(path)
    with whole_file(path, "picture") as unfinished, explained(path, "picture"):
        save = partial(
            figure.savefig, unfinished, format=kind, dpi=DOTS_PER_INCH, facecolor="white"
        )
        # The date is left out: the same recording gives the same bytes.
        if kind == "png":
            save(metadata={"Software": None}, pil_kwargs={"optimize": True})
        else:
            save(metadata={"Date": None})
