"""A recording as JSON: the words and numbers of the picture, and the weights of all heads."""

import json

from torch import Tensor

from fledge.inspect.alignment import habits
from fledge.inspect.recording import Recording
from fledge.inspect.view import View

DIGITS = 6


def to_json(recording: Recording, view: View) -> str:
    """Write one JSON object. Layers and heads count from 1; weights are [layer][head][row][column].

    `shown` is the map of the picture. A row is a target (who looks), a column a source.
    """
    maps, best = recording.maps, recording.best
    values = {
        "kind": f"{maps.kind}-attention",
        "text": recording.text,
        "translation": recording.translation,
        "sources": maps.sources,
        "targets": maps.targets,
        "shown": {"label": view.label, "weights": rounded(view.weights)},
        "best": {
            "layer": best.layer + 1,
            "head": best.head + 1,
            "score": round(best.score, DIGITS),
        },
        "scores": rounded(recording.scores),
        "habits": habits(maps.weights, maps.kind),
        "influence": None if recording.influence is None else rounded(recording.influence),
        "weights": rounded(maps.weights),
    }
    return json.dumps(values, ensure_ascii=False) + "\n"


def rounded(tensor: Tensor) -> object:
    """Return nested lists of numbers with `DIGITS` decimals."""
    return _rounded(tensor.double().tolist())


def _rounded(values: object) -> object:
    if isinstance(values, list):
        return [_rounded(value) for value in values]
    assert isinstance(values, float)
    return round(values, DIGITS)
