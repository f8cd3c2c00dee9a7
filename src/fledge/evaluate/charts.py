"""Line charts as inline SVG: no script, colours from the page's own style sheet."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from fledge.config import Config

WIDTH, HEIGHT = 340.0, 180.0
LEFT, RIGHT, TOP, BOTTOM = 38.0, 10.0, 10.0, 24.0
MOST_POINTS = 240
TICKS = 4


class Curve(Config):
    """Values of a metric over the steps of a run."""

    name: str
    steps: list[int]
    values: list[float]


class Chart(Config):
    """Curves of one stage that share an axis."""

    title: str
    unit: str
    curves: list[Curve]


@dataclass(frozen=True, slots=True)
class Axis:
    """A linear map from values in [low, high] to pixels from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        """Return the pixel of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def svg(chart: Chart) -> str:
    """Draw the chart as an <svg> element; curves have the classes c0, c1, …"""
    curves = [thinned(smoothed(curve)) for curve in chart.curves if curve.steps]
    if not curves:
        return ""
    values = [value for curve in curves for value in curve.values]
    ticks = nice_ticks(min(values), max(values))
    x = Axis(0.0, float(max(curve.steps[-1] for curve in curves)), LEFT, WIDTH - RIGHT)
    y = Axis(min(ticks[0], *values), max(ticks[-1], *values), HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(chart.title)}">',
        *(_tick(y, tick) for tick in ticks),
        *(_step(x, tick) for tick in nice_ticks(0.0, x.high)),
        *(_path(curve, x, y, number) for number, curve in enumerate(curves)),
        "</svg>",
    ]
    return "".join(parts)


def nice_ticks(low: float, high: float) -> list[float]:
    """Return about `TICKS` round numbers that span [low, high] (Heckbert 1990).

    Example: 0.13 to 0.92 gives 0, 0.2, 0.4, 0.6, 0.8, 1.
    """
    if not high > low:
        spread = abs(low) * 0.1 or 1.0
        low, high = low - spread, high + spread
    rough = (high - low) / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(number * step, 12) for number in range(first, last + 1)]


def smoothed(curve: Curve, share: float = 0.02) -> Curve:
    """Return the centred running mean over this share of the curve; short curves stay."""
    half = int(len(curve.values) * share / 2)
    if half == 0:
        return curve
    values = [
        sum(window) / len(window)
        for window in (
            curve.values[max(0, number - half) : number + half + 1]
            for number in range(len(curve.values))
        )
    ]
    return Curve(name=curve.name, steps=curve.steps, values=values)


def thinned(curve: Curve) -> Curve:
    """Keep at most `MOST_POINTS` points, and the last one."""
    every = -(-len(curve.steps) // MOST_POINTS)
    chosen = [*range(0, len(curve.steps) - 1, every), len(curve.steps) - 1]
    return Curve(
        name=curve.name,
        steps=[curve.steps[number] for number in chosen],
        values=[curve.values[number] for number in chosen],
    )


def _path(curve: Curve, x: Axis, y: Axis, number: int) -> str:
    points = " ".join(
        f"{x.place(float(step)):.1f},{y.place(value):.1f}"
        for step, value in zip(curve.steps, curve.values, strict=True)
    )
    title = f"<title>{escape(curve.name)}</title>"
    return f'<polyline class="c{number}" points="{points}">{title}</polyline>'


def _tick(y: Axis, value: float) -> str:
    place = y.place(value)
    return (
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{place:.1f}" y2="{place:.1f}"/>'
        f'<text class="tick" x="{LEFT - 8}" y="{place + 4:.1f}" text-anchor="end">{value:g}</text>'
    )


def _step(x: Axis, value: float) -> str:
    if value > x.high:
        return ""
    return (
        f'<text class="tick" x="{x.place(value):.1f}" y="{HEIGHT - 8}" text-anchor="middle">'
        f"{value:,.0f}</text>"
    )


def legend(curves: Sequence[Curve]) -> list[tuple[int, str]]:
    """Return class number and name of each curve that is drawn; none for a single curve."""
    named = [curve.name for curve in curves if curve.steps]
    return list(enumerate(named)) if len(named) > 1 else []
