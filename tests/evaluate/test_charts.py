import re
from xml.etree import ElementTree

import pytest

from fledge.evaluate.charts import (
    MOST_POINTS,
    Axis,
    Chart,
    Curve,
    nice_ticks,
    smoothed,
    svg,
    thinned,
)


def curve(values, name="loss"):
    return Curve(name=name, steps=list(range(1, len(values) + 1)), values=values)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.13, 0.92, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0.0, 1000.0, [0, 500, 1000]),
        (-1.0, 1.0, [-1, -0.5, 0, 0.5, 1]),
    ],
)
def test_ticks_are_round_and_span_the_values(low, high, ticks):
    assert nice_ticks(low, high) == ticks


def test_ticks_of_a_constant_are_distinct():
    assert len(set(nice_ticks(3.0, 3.0))) > 1
    assert len(set(nice_ticks(0.0, 0.0))) > 1


def test_an_axis_maps_its_ends():
    axis = Axis(low=1.0, high=3.0, start=100.0, end=0.0)
    assert [axis.place(value) for value in (1.0, 2.0, 3.0)] == [100, 50, 0]


def test_a_chart_is_well_formed_and_escapes_names():
    chart = Chart(
        title="A & B", unit="", curves=[curve([3.0, 2.0, 1.0], "<loss>"), curve([1.0] * 3)]
    )
    root = ElementTree.fromstring(svg(chart))
    assert root.attrib["aria-label"] == "A & B"
    assert len(root.findall("polyline")) == 2


def test_a_falling_curve_falls_on_the_page():
    chart = Chart(title="x", unit="", curves=[curve([3.0, 2.0, 1.0])])
    points = re.search(r'points="([^"]+)"', svg(chart))[1].split()
    heights = [float(point.split(",")[1]) for point in points]
    assert heights == sorted(heights)


def test_a_chart_without_points_is_empty():
    assert svg(Chart(title="x", unit="", curves=[curve([])])) == ""


def test_long_curves_are_thinned_and_keep_their_last_point():
    long = thinned(curve([float(n) for n in range(5001)]))
    assert len(long.steps) <= MOST_POINTS + 2
    assert long.values[-1] == 5000


def test_smoothing_keeps_a_line_and_damps_noise():
    line = curve([float(n) for n in range(500)])
    assert smoothed(line).values[100:110] == line.values[100:110]
    zigzag = smoothed(curve([float(n % 2) for n in range(500)]))
    assert all(0.4 < value < 0.6 for value in zigzag.values[50:450])
    assert smoothed(curve([1.0, 5.0])).values == [1.0, 5.0]
