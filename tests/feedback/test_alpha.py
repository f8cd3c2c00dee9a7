"""Krippendorff's alpha, against the package `krippendorff` and numbers worked out by hand."""

import tracemalloc

import krippendorff
import numpy as np
import pytest

from fledge.feedback import alpha
from fledge.feedback.alpha import krippendorff_alpha
from fledge.feedback.resampling import Resampling


def labels_of(table):
    """Labels of a table people × units, NaN for none: units, groups and values."""
    people, units = np.nonzero(~np.isnan(table))
    return units, units, table[people, units]


def measured(table, level):
    resampling = Resampling(table.shape[1], seed=0)
    units, groups, values = labels_of(table)
    return krippendorff_alpha(units, resampling.group_of[groups], values, level, resampling)


def random_table(seed, people, units, values, gaps):
    random = np.random.default_rng(seed)
    truth = random.integers(values, size=units)
    noise = random.integers(values, size=(people, units))
    table = np.where(random.random((people, units)) < 0.6, truth, noise).astype(float)
    table[random.random((people, units)) < gaps] = np.nan
    return table


@pytest.mark.parametrize("level", ["nominal", "ordinal"])
@pytest.mark.parametrize("seed", range(6))
def test_alpha_is_that_of_another_library(seed, level):
    table = random_table(seed, people=2 + seed, units=40, values=2 + 3 * seed, gaps=0.1 * seed)
    expected = krippendorff.alpha(reliability_data=table, level_of_measurement=level)
    found = measured(table, level)
    assert found.value == pytest.approx(expected, abs=1e-12)
    assert found.low < found.value < found.high


def test_values_may_be_far_apart_and_halves():
    table = np.array([[1.5, 2.5, 40, 40], [1.5, 4, 40, 2.5], [np.nan, 2.5, 4, 40]])
    expected = krippendorff.alpha(reliability_data=table, level_of_measurement="ordinal")
    assert measured(table, "ordinal").value == pytest.approx(expected, abs=1e-12)


def test_a_small_case_by_hand():
    # Pairs within units: 1-1 and 1-2. Of four labels three are 1: chance differs in 3 of 6 pairs.
    table = np.array([[1.0, 1.0], [1.0, 2.0]])
    assert measured(table, "nominal").value == pytest.approx(1 - (1 / 2) / (3 / 6))


def test_alpha_is_undefined_without_two_labels_or_two_values():
    assert measured(np.array([[1.0, np.nan], [np.nan, 2.0]]), "nominal") is None
    assert measured(np.full((3, 4), 7.0), "ordinal") is None
    empty = np.array([], np.int64)
    assert (
        krippendorff_alpha(empty, empty, empty.astype(float), "nominal", Resampling(0, 0)) is None
    )


def test_one_prompt_has_no_interval():
    resampling = Resampling(1, seed=0)
    units, zeros = np.array([0, 0, 1, 1]), np.zeros(4, np.int64)
    found = krippendorff_alpha(units, zeros, np.array([1.0, 2, 2, 2]), "nominal", resampling)
    assert (found.low, found.high) == (None, None)


def test_a_table_in_many_blocks_is_the_same(monkeypatch):
    table = random_table(9, people=4, units=60, values=9, gaps=0.2)
    whole = measured(table, "ordinal")
    monkeypatch.setattr(alpha, "_MOST_CELLS", 5_000)
    parts = measured(table, "ordinal")
    assert parts.value == pytest.approx(whole.value, abs=1e-12)
    assert parts.low == pytest.approx(whole.low, abs=1e-12)


def test_the_interval_covers_the_truth_as_often_as_it_says():
    """In 80 samples of prompts from one population, 95 % of the intervals hold its alpha."""
    population = random_table(3, people=3, units=8_000, values=5, gaps=0.0)
    truth = measured(population, "nominal").value
    samples = [population[:, 100 * n : 100 * n + 100] for n in range(80)]
    held = sum(
        found.low <= truth <= found.high
        for found in (measured(sample, "nominal") for sample in samples)
    )
    assert 70 <= held <= 80


def test_memory_does_not_grow_as_prompts_times_values_squared():
    """A table prompts × values² would take 800 MB here."""
    random = np.random.default_rng(0)
    units = np.repeat(np.arange(10_000), 3)
    values = random.integers(100, size=len(units)).astype(float)
    resampling = Resampling(10_000, seed=0)
    tracemalloc.start()
    try:
        found = krippendorff_alpha(units, resampling.group_of[units], values, "ordinal", resampling)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 150e6
    assert found.low < 0 < found.high
