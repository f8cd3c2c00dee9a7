"""Series of metrics, thinned so that no peak is lost."""

import json
import math

import pytest

from fledge.observe.series import HELD_OUT, Series, plain, series_of, thinned


def step(number: float, **values: object) -> dict[str, object]:
    return {"step": number, "seconds": 1.0, **values}


def test_numbers_are_collected_under_their_names() -> None:
    lines = [
        step(1, loss=2, big=10**400, note="a word", flag=True),
        {"step": 1, "loss": 3.0},
        step(2, loss=1.5),
        {"loss": 9.0},
        {"step": "three", "loss": 9.0},
        {"step": math.nan, "loss": 9.0},
    ]
    found = series_of(lines)
    assert found.keys() == {"loss", "seconds", HELD_OUT + "loss"}
    assert (found["loss"].steps, found["loss"].values) == ([1, 2], [2.0, 1.5])
    assert found[HELD_OUT + "loss"].values == [3.0], "an evaluation is no step"


def test_a_file_of_endless_names_fills_no_memory() -> None:
    assert len(series_of([step(1, **{f"m{n}": 1.0 for n in range(10_000)})])) == 200


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 12, 25, 1_000, 12_345])
def test_thinning_keeps_ends_order_and_bound(count: int) -> None:
    values = [math.sin(number + 1) for number in range(count)]
    few = thinned(Series([float(n) for n in range(count)], values), 10)
    assert len(few.steps) == min(count, len(few.steps)) <= 10 and list(few.steps) == sorted(
        few.steps
    )
    assert [values[int(place)] for place in few.steps] == list(few.values)
    if count:
        assert (few.steps[0], few.steps[-1]) == (0, count - 1)


def test_a_lone_peak_a_lone_dip_and_a_lone_nan_stay() -> None:
    values = [0.0] * 10_000
    values[1234], values[5678], values[7890], values[9000] = 5.0, -7.0, math.nan, math.inf
    kept = thinned(Series([float(n) for n in range(10_000)], values), 100).values
    assert {5.0, -7.0, math.inf} <= set(kept) and any(math.isnan(value) for value in kept)


def test_numbers_are_strict_json() -> None:
    assert [plain(value) for value in (1.0, 2.5)] == [1.0, 2.5]
    odd = [plain(value) for value in (math.nan, math.inf, -math.inf)]
    assert odd == ["NaN", "Infinity", "-Infinity"]
    json.dumps(odd, allow_nan=False)
