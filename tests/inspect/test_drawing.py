import itertools
import math
import struct
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from fledge.errors import ConfigError, GenerationError
from fledge.inspect import drawing
from fledge.inspect.recording import Recording
from fledge.inspect.view import choose
from recordings import invented

SHORT = invented("Hi . ⟨end⟩", "Salut . ⟨end⟩")
USUAL = invented("How was your day ? ⟨end⟩", "Comment s' est passée ta journée ? ⟨end⟩")
LONG = invented(
    " ".join(["considerably", "a", "photographs", "the", "cathedral"] * 8),
    " ".join(["considérablement", "à", "l'", "extraordinaire", "œuvre"] * 8),
)
TEXT = invented("The tide comes in twice a day because $x^2$ of the moon .", layers=3, heads=4)
RECORDINGS = {"3 words": SHORT, "6 words": USUAL, "40 words": LONG, "a text": TEXT}


def drawn(recording: Recording) -> Figure:
    with drawing.style():
        figure = drawing.draw_map(recording, choose(recording))
        FigureCanvasAgg(figure).draw()
    return figure


@pytest.mark.parametrize("recording", RECORDINGS.values(), ids=RECORDINGS)
def test_the_cells_are_the_weights(recording: Recording) -> None:
    view = choose(recording)
    axes = drawn(recording).axes[0]
    (mesh,) = (each for each in axes.collections if isinstance(each, QuadMesh))
    cells = np.ma.asarray(mesh.get_array())
    assert np.array_equal(cells.filled(0.0), view.weights.double().numpy())
    assert cells.mask.any() == (recording.maps.kind == "self")
    assert [label.get_text() for label in axes.get_xticklabels()] == list(recording.maps.sources)
    assert [label.get_text() for label in axes.get_yticklabels()] == list(recording.maps.targets)
    assert axes.yaxis_inverted()


@pytest.mark.parametrize("recording", RECORDINGS.values(), ids=RECORDINGS)
def test_nothing_overlaps_and_all_is_on_the_page(recording: Recording) -> None:
    figure = drawn(recording)
    axes, bar = figure.axes
    rows = [label.get_window_extent() for label in axes.get_yticklabels()]
    columns = [label.get_window_extent() for label in axes.get_xticklabels()]
    texts = [text.get_window_extent() for text in figure.texts]  # title, note, caption
    bar_texts = [bar.yaxis.label, *bar.get_yticklabels()]
    legend = [bar.get_window_extent(), *(text.get_window_extent() for text in bar_texts)]
    below = axes.xaxis.label.get_window_extent()
    page = figure.bbox
    for box in (*rows, *columns, *texts, *legend, below):
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= page.x1 and box.y1 <= page.y1
    parts = [
        axes.get_window_extent().padded(-1),
        Bbox.union(rows),
        Bbox.union(columns),
        below,
        Bbox.union(legend),
        *texts,
    ]
    for one, other in itertools.combinations(parts, 2):
        overhangs = {id(one), id(other)} == {id(parts[2]), id(parts[4])}
        assert overhangs or not one.overlaps(other)
    for one, other in itertools.pairwise(rows):
        assert not one.overlaps(other)
    assert_columns_keep_apart(axes)


def assert_columns_keep_apart(axes: object) -> None:
    labels = axes.get_xticklabels()  # type: ignore[attr-defined]
    if labels[0].get_rotation() == 0:
        boxes = [label.get_window_extent() for label in labels]
        assert not any(one.overlaps(other) for one, other in itertools.pairwise(boxes))
        return
    cell = axes.get_window_extent().width / len(labels)  # type: ignore[attr-defined]
    points = axes.figure.dpi / 72  # type: ignore[attr-defined]
    # Turned lines of text are this far from each other, at right angles.
    assert cell * math.sin(math.radians(45)) > 1.1 * labels[0].get_fontsize() * points


def test_long_titles_are_broken_and_very_long_ones_cut() -> None:
    recording = invented("word " * 8, "mot " * 8)
    longer = replace(recording, text="word " * 30, translation="mot " * 90)
    figure = drawn(longer)
    lines = [text.get_text() for text in figure.texts[:-2]]
    assert len(lines) >= 4
    assert sum(line.startswith(("“", "→")) for line in lines) == 2
    assert lines[-1].endswith("…”")


def test_the_title_of_each_axis_stands_on_the_side_of_its_words() -> None:
    figure = drawn(invented("one two three", "un deux trois"))
    (axes, *_) = figure.axes
    figure.canvas.draw()
    words = [label.get_window_extent() for label in axes.get_xticklabels()]
    title = axes.xaxis.get_label().get_window_extent()
    assert title.y0 > max(each.y1 for each in words) > axes.get_window_extent().y1
    note = min(text.get_window_extent().y0 for text in figure.texts[:-1])
    assert title.y1 < note, "below the title of the picture"
    assert figure.texts[-1].get_window_extent().x1 < axes.get_window_extent().x0


def test_more_words_than_a_page_has_room_for_are_refused() -> None:
    many = invented("a " * 101, "b")
    with pytest.raises(GenerationError, match=r"101 words do not fit .* \(--json\)"):
        drawing.save_map(many, choose(many), Path("never.png"))


def test_all_heads_are_on_the_sheet_and_the_best_is_framed() -> None:
    with drawing.style():
        figure = drawing.draw_heads(TEXT)
    maps = [axes for axes in figure.axes if axes.images]
    assert len(maps) == 12
    framed = [axes.spines["left"].get_linewidth() > 1 for axes in maps]
    assert framed.index(True) == TEXT.best.layer * 4 + TEXT.best.head
    assert framed.count(True) == 1
    cells = np.ma.asarray(maps[5].images[0].get_array()).filled(0.0)
    torch.testing.assert_close(
        torch.tensor(np.asarray(cells)).float(), TEXT.maps.weights[1, 1], atol=1e-6, rtol=0
    )


def test_a_png_has_a_readable_size_and_the_same_bytes_again(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        drawing.save_map(USUAL, choose(USUAL), tmp_path / "new" / name)
    first, second = ((tmp_path / "new" / name).read_bytes() for name in ("a.png", "b.png"))
    assert first == second and len(first) < 80_000
    width, height = struct.unpack(">II", first[16:24])
    assert 600 < width < 1600 and 600 < height < 1600


def test_an_svg_is_whole_and_the_same_again(tmp_path: Path) -> None:
    drawing.save_map(TEXT, choose(TEXT), tmp_path / "a.svg")
    drawing.save_heads(TEXT, tmp_path / "b.svg")
    text = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert ElementTree.fromstring(text).tag.endswith("svg")
    drawing.save_map(TEXT, choose(TEXT), tmp_path / "c.svg")
    assert (tmp_path / "c.svg").read_text(encoding="utf-8") == text


@pytest.mark.parametrize("name", ["day.jpg", "day", "day.png.txt"])
def test_other_kinds_of_pictures_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"ends in \.png or \.svg"):
        drawing.save_map(SHORT, choose(SHORT), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_script_without_a_font_is_drawn_all_the_same(tmp_path: Path) -> None:
    recording = invented("我 爱 \U00012000 .", "j' aime .")
    drawing.save_map(recording, choose(recording), tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 1000


def test_the_users_own_settings_of_matplotlib_are_left_alone(tmp_path: Path) -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    drawing.save_map(SHORT, choose(SHORT), tmp_path / "a.png")
    assert dict(matplotlib.rcParams) == before
