import math

import pytest
import torch

from fledge.data.preferences import better_than
from fledge.evaluate.preferences import (
    PreferencePairs,
    accuracy,
    accuracy_interval,
    calibration,
    calibration_error,
    ceiling_from_agreement,
    log_loss,
    noise_ceiling,
    preference_pairs,
    preference_report,
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def pairs_of(margins, prompts=None, lengths=None):
    margins = torch.as_tensor(margins, dtype=torch.float32)
    count = len(margins)
    return PreferencePairs(
        margins,
        torch.arange(count) if prompts is None else torch.as_tensor(prompts),
        torch.ones(count, dtype=torch.long) if lengths is None else torch.as_tensor(lengths),
    )


def test_ties_and_missing_answers_make_no_pairs():
    ranks = torch.tensor([[0, 0, 1, 2], [1, 0, -1, -1]])
    assert better_than(ranks).sum(dim=(1, 2)).tolist() == [5, 1]
    scores = torch.tensor([[4.0, 3.0, 2.0, 1.0], [5.0, 7.0, 0.0, 0.0]])
    lengths = torch.tensor([[9, 8, 7, 6], [3, 1, 0, 0]])
    pairs = preference_pairs(scores, ranks, lengths)
    assert pairs.prompts.tolist() == [0] * 5 + [1]
    assert pairs.margins.tolist() == [2, 3, 1, 2, 1, 2]
    assert pairs.length_differences.tolist()[-1] == -2


def test_accuracy_counts_a_tie_of_scores_as_half():
    assert accuracy(pairs_of([1.0, -1.0, 0.0, 2.0])) == 2.5 / 4


def test_log_loss_of_ignorance_is_ln_2():
    assert log_loss(pairs_of([0.0, 0.0])) == pytest.approx(math.log(2))
    assert log_loss(pairs_of([1.0])) == pytest.approx(math.log(1 + math.exp(-1)))


def test_the_interval_covers_the_truth_and_draws_prompts():
    random = generator(1)
    covered = 0
    for trial in range(60):
        right = torch.rand(200, generator=random) < 0.7
        low, high = accuracy_interval(
            pairs_of(torch.where(right, 1.0, -1.0)), generator(trial), resamples=400
        )
        covered += low <= 0.7 <= high
    assert covered >= 52
    # Ten copies of each pair in one prompt are no new evidence.
    one = pairs_of(torch.where(right, 1.0, -1.0))
    ten = pairs_of(one.margins.repeat(10), one.prompts.repeat(10))
    assert accuracy_interval(ten, generator(0)) == pytest.approx(
        accuracy_interval(one, generator(0)), abs=1e-6
    )


def test_a_calibrated_model_has_no_calibration_error():
    random = generator(2)
    margins = torch.randn(20_000, generator=random) * 2
    is_right = torch.rand(20_000, generator=random) < margins.abs().sigmoid()
    pairs = pairs_of(torch.where(is_right, margins.abs(), -margins.abs()))
    assert calibration_error(pairs) < 0.02
    assert calibration_error(pairs_of(pairs.margins * 5)) > 0.05  # too sure of itself
    table = calibration(pairs)
    assert sum(row.pairs for row in table) == 20_000
    assert [row.low for row in table] == pytest.approx([0.5, 0.6, 0.7, 0.8, 0.9])


def test_the_report_shows_a_model_that_counts_tokens():
    lengths = torch.randint(-9, 10, (400,), generator=generator(3))
    report = preference_report(pairs_of(lengths.float(), lengths=lengths), generator())
    assert report.accuracy_if_longer == 1 and report.accuracy_if_shorter == 0
    metrics = preference_report(pairs_of([1.0, 1.0]), generator()).metrics()
    assert metrics["pairs"] == 2 and "accuracy_if_shorter" not in metrics


def test_the_ceiling_is_what_the_truth_reaches_on_noisy_labels():
    random = generator(4)
    gold = torch.randn(2000, 2, generator=random)
    flipped = torch.rand(2000, generator=random) < 0.2
    first_is_better = (gold[:, 0] > gold[:, 1]) ^ flipped
    ranks = torch.stack([~first_is_better, first_is_better], dim=1).long()
    assert noise_ceiling(gold, ranks) == pytest.approx(0.8, abs=0.03)


def test_the_ceiling_from_agreement():
    assert ceiling_from_agreement(1.0) == 1
    assert ceiling_from_agreement(0.5) == 0.5
    assert ceiling_from_agreement(0.9**2 + 0.1**2) == pytest.approx(0.9)
