"""A reading as JSON: the same words and numbers as in the picture, and all heads beside them."""

import json

from torch import Tensor

from fledge.inspect.alignment import habits
from fledge.inspect.reading import Reading
from fledge.inspect.view import View

DIGITS = 6


def to_json(reading: Reading, view: View) -> str:
    """One JSON object; layers and heads are counted from 1, weights are [layer][head][row][column].

    `shown` is what the picture shows; a row is a target (who looks), a column a source.
    """
    maps, best = reading.maps, reading.best
    values = {
        "kind": f"{maps.kind}-attention",
        "text": reading.text,
        "translation": reading.translation,
        "sources": maps.sources,
        "targets": maps.targets,
        "shown": {"label": view.label, "weights": rounded(view.weights)},
        "best": {
            "layer": best.layer + 1,
            "head": best.head + 1,
            "score": round(best.score, DIGITS),
        },
        "scores": rounded(reading.scores),
        "habits": habits(maps.weights, maps.kind),
        "influence": None if reading.influence is None else rounded(reading.influence),
        "weights": rounded(maps.weights),
    }
    return json.dumps(values, ensure_ascii=False) + "\n"


def rounded(tensor: Tensor) -> object:
    """Nested lists of numbers with `DIGITS` decimals."""
    return _rounded(tensor.double().tolist())


def _rounded(values: object) -> object:
    if isinstance(values, list):
        return [_rounded(value) for value in values]
    assert isinstance(values, float)
    return round(values, DIGITS)
