import math

import pytest
import torch
from transformers.generation.logits_process import (
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from fledge.generate import sampling

INF = float("inf")


def logits_of(*probabilities: float) -> torch.Tensor:
    return torch.tensor([probabilities]).log()


def random_scores(rows: int = 6, vocabulary_size: int = 300) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(rows, vocabulary_size, generator=generator) * 3
    scores[:, 7] = scores[:, 11]  # a tie
    return scores


def test_repetition_penalty_divides_positive_and_multiplies_negative_logits():
    logits = torch.tensor([[2.0, -1.0, 4.0], [2.0, -1.0, 4.0]])
    seen = torch.tensor([[True, True, False], [True, True, True]])
    found = sampling.repetition_penalty(logits, seen, torch.tensor([2.0, 1.0]))
    assert found.tolist() == [[1.0, -2.0, 4.0], [2.0, -1.0, 4.0]]


def test_presence_counts_once_and_frequency_every_time():
    logits, counts = torch.zeros(2, 3), torch.tensor([[0, 1, 3], [0, 1, 3]])
    presence, frequency = torch.tensor([0.5, 0.0]), torch.tensor([0.25, -1.0])
    found = sampling.answer_penalties(logits, counts, presence, frequency)
    assert found.tolist() == [[0.0, -0.75, -1.25], [0.0, 1.0, 3.0]]


def test_temperature_divides_and_greedy_rows_stay():
    logits = torch.tensor([[1.0, 2.0], [1.0, 2.0]])
    found = sampling.scale_by_temperature(logits, torch.tensor([0.5, 0.0]))
    assert found.tolist() == [[2.0, 4.0], [1.0, 2.0]]


def test_top_k_keeps_the_best_and_ties_of_the_last():
    logits = torch.tensor([[1.0, 3.0, 2.0, 2.0]] * 4)
    found = sampling.top_k_filter(logits, torch.tensor([1, 2, 4, 9]))
    assert found.tolist() == [
        [-INF, 3.0, -INF, -INF],
        [-INF, 3.0, 2.0, 2.0],
        [1.0, 3.0, 2.0, 2.0],
        [1.0, 3.0, 2.0, 2.0],
    ]


@pytest.mark.parametrize(
    ("top_p", "kept"), [(0.4, [0]), (0.6, [0, 1]), (0.81, [0, 1, 2]), (1.0, [0, 1, 2, 3])]
)
def test_top_p_keeps_the_token_that_crosses_the_threshold(top_p, kept):
    logits = logits_of(0.5, 0.3, 0.15, 0.05)
    found = sampling.top_p_filter(logits, torch.tensor([top_p]))
    assert found[0].isfinite().nonzero().flatten().tolist() == kept


@pytest.mark.parametrize("top_p", [0.0, 1e-9])
def test_top_p_of_nearly_nothing_keeps_the_best(top_p):
    found = sampling.top_p_filter(torch.zeros(1, 4), torch.tensor([top_p]))
    assert found.isfinite().sum() == 1


def test_min_p_compares_with_the_best():
    logits = logits_of(0.5, 0.3, 0.15, 0.05).expand(3, 4)
    found = sampling.min_p_filter(logits, torch.tensor([0.0, 0.2, 0.5]))
    assert found.isfinite().sum(dim=1).tolist() == [4, 3, 2]


@pytest.mark.parametrize("top_k", [1, 5, 299, 300, 1000])
def test_top_k_removes_what_transformers_removes(top_k):
    scores = random_scores()
    expected = TopKLogitsWarper(top_k)(None, scores)
    assert torch.equal(sampling.top_k_filter(scores, torch.full((6,), top_k)), expected)


@pytest.mark.parametrize("top_p", [0.01, 0.3, 0.9, 0.999, 1.0])
def test_top_p_removes_what_transformers_removes(top_p):
    scores = random_scores()
    expected = TopPLogitsWarper(top_p)(None, scores) if top_p < 1 else scores
    column = torch.full((6,), top_p, dtype=torch.float64)
    assert torch.equal(sampling.top_p_filter(scores, column), expected)


@pytest.mark.parametrize("min_p", [0.0, 0.02, 0.5, 0.99])
def test_min_p_removes_what_transformers_removes(min_p):
    scores = random_scores()
    expected = MinPLogitsWarper(min_p)(None, scores)
    assert torch.equal(sampling.min_p_filter(scores, torch.full((6,), min_p)), expected)


def test_repetition_penalty_equals_transformers():
    scores = random_scores(2)
    ids = torch.tensor([[3, 3, 9], [0, 299, 9]])
    expected = RepetitionPenaltyLogitsProcessor(1.3)(ids, scores)
    seen = torch.zeros(scores.shape, dtype=torch.bool).scatter(1, ids, True)
    found = sampling.repetition_penalty(scores, seen, torch.tensor([1.3, 1.3]))
    assert torch.equal(found, expected)


def test_each_row_draws_what_multinomial_draws_for_it_alone():
    logits = random_scores()
    temperature = torch.ones(6)
    generators = [torch.Generator().manual_seed(row) for row in range(6)]
    alone = [torch.Generator().manual_seed(row) for row in range(6)]
    for _ in range(50):
        noise = sampling.exponential_noise(generators, logits)
        found = sampling.choose(logits, temperature, noise)
        expected = [
            torch.multinomial(row.softmax(dim=-1), 1, generator=generator).item()
            for row, generator in zip(logits, alone, strict=True)
        ]
        assert found.tolist() == expected


def test_noise_equals_torchs_exponential_noise_bit_for_bit():
    like = torch.empty(2, 5000)
    noise = sampling.exponential_noise([torch.Generator().manual_seed(4), None], like)
    expected = torch.empty(5000).exponential_(generator=torch.Generator().manual_seed(4))
    assert torch.equal(noise[0], expected)
    assert noise[1].isfinite().all()


def test_greedy_rows_take_the_best_beside_sampling_rows():
    logits = torch.tensor([[0.0, 1.0, 0.5], [0.0, 50.0, 0.5]])
    noise = sampling.exponential_noise([None, torch.Generator().manual_seed(0)], logits)
    assert sampling.choose(logits, torch.tensor([0.0, 1.0]), noise).tolist() == [1, 1]
    assert sampling.choose(logits, torch.zeros(2), None).tolist() == [1, 1]


def test_draws_have_the_distribution():
    logits = logits_of(0.5, 0.3, 0.2, 1e-30).expand(20_000, 4)
    generators = [torch.Generator().manual_seed(seed) for seed in range(20_000)]
    noise = sampling.exponential_noise(generators, logits)
    counts = sampling.choose(logits, torch.ones(20_000), noise).bincount(minlength=4)
    # Five standard errors of a share of one half.
    assert (counts / 20_000 - torch.tensor([0.5, 0.3, 0.2, 0.0])).abs().max() < 0.018


def test_removed_tokens_are_never_drawn():
    logits = torch.full((500, 8), sampling.REMOVED)
    logits[:, 3] = -40.0
    generators = [torch.Generator().manual_seed(seed) for seed in range(500)]
    noise = sampling.exponential_noise(generators, logits)
    assert set(sampling.choose(logits, torch.ones(500), noise).tolist()) == {3}


def test_log_probs_of_the_chosen_and_of_the_best():
    logits = logits_of(0.5, 0.3, 0.2) + 4
    chosen, best, ids = sampling.top_log_probs(logits, torch.tensor([2]), 2)
    assert chosen.tolist() == pytest.approx([math.log(0.2)], abs=1e-6)
    assert best[0].tolist() == pytest.approx([math.log(0.5), math.log(0.3)], abs=1e-6)
    assert ids.tolist() == [[0, 1]]
