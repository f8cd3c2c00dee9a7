import math

import pytest
import torch
import torch.nn.functional as F

from fledge.stages.losses import cross_entropy_sum, token_log_probs


@pytest.fixture
def random():
    return torch.Generator().manual_seed(0)


def test_uniform_logits_cost_the_logarithm_of_the_vocabulary():
    mask = torch.tensor([[True, True, False]])
    loss = cross_entropy_sum(torch.zeros(1, 3, 7), torch.tensor([[0, 3, 6]]), mask)
    assert loss.item() == pytest.approx(2 * math.log(7))


def test_cross_entropy_is_the_sum_over_the_mask(random):
    logits = torch.randn(3, 5, 11, generator=random)
    targets = torch.randint(0, 11, (3, 5), generator=random)
    mask = torch.rand(3, 5, generator=random) > 0.4
    slow = sum(
        -math.log(math.exp(logits[b, t, targets[b, t]]) / logits[b, t].exp().sum())
        for b in range(3)
        for t in range(5)
        if mask[b, t]
    )
    assert cross_entropy_sum(logits, targets, mask).item() == pytest.approx(slow, rel=1e-5)


def test_an_empty_mask_costs_nothing_and_has_a_gradient_of_zero(random):
    logits = torch.randn(2, 3, 5, generator=random, requires_grad=True)
    mask = torch.zeros(2, 3, dtype=torch.bool)
    loss = cross_entropy_sum(logits, torch.zeros(2, 3, dtype=torch.long), mask)
    loss.backward()
    assert loss.item() == 0.0
    assert torch.equal(logits.grad, torch.zeros_like(logits))


def test_half_precision_logits_are_summed_in_float32(random):
    logits = torch.randn(1, 4, 1000, generator=random).bfloat16()
    targets = torch.randint(0, 1000, (1, 4), generator=random)
    mask = torch.ones(1, 4, dtype=torch.bool)
    exact = cross_entropy_sum(logits.double(), targets, mask).item()
    loss = cross_entropy_sum(logits, targets, mask)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize("temperature", [1.0, 0.7, 2.0])
def test_token_log_probs_are_those_of_the_tempered_softmax(random, temperature):
    logits = torch.randn(2, 3, 9, generator=random)
    targets = torch.randint(0, 9, (2, 3), generator=random)
    expected = F.log_softmax(logits / temperature, dim=-1).gather(2, targets[..., None])[..., 0]
    found = token_log_probs(logits, targets, temperature)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)


def test_half_precision_log_probs_are_taken_in_float32(random):
    logits = torch.randn(1, 4, 1000, generator=random).bfloat16()
    targets = torch.randint(0, 1000, (1, 4), generator=random)
    exact = (logits.double() / 0.7).log_softmax(dim=-1).gather(2, targets[..., None])[..., 0]
    found = token_log_probs(logits, targets, 0.7)
    torch.testing.assert_close(found, exact.float(), rtol=1e-6, atol=0)


def test_forbidden_tokens_have_no_probability(random):
    logits = torch.randn(1, 2, 5, generator=random)
    logits[..., 4] = float("-inf")
    found = token_log_probs(logits, torch.tensor([[0, 4]]))
    assert torch.isfinite(found[0, 0]) and found[0, 1] == float("-inf")
