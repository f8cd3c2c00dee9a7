import pytest
import torch

from fledge.stages.ppo.advantages import (
    at_last_token,
    generalized_advantages,
    last_token,
    masked_mean,
    masked_sum,
    scale_to_unit_variance,
    whiten,
)


def ragged(rows=5, length=7, seed=0):
    random = torch.Generator().manual_seed(seed)
    lengths = torch.randint(1, length + 1, (rows,), generator=random)
    mask = torch.arange(length) < lengths[:, None]
    rewards, values = torch.randn(2, rows, length, generator=random)
    return rewards, values, mask


def advantages_by_definition(rewards, values, mask, gamma, gae_lambda):
    """Σ_l (γλ)^l δ_{t+l} over the positions that count, as equation 16 is printed."""
    result = torch.zeros_like(rewards)
    for row in range(len(rewards)):
        steps = mask[row].nonzero()[:, 0].tolist()
        following = [*(values[row, t].item() for t in steps[1:]), 0.0]
        deltas = [
            rewards[row, t].item() + gamma * v - values[row, t].item()
            for t, v in zip(steps, following, strict=True)
        ]
        for i, t in enumerate(steps):
            result[row, t] = sum((gamma * gae_lambda) ** j * d for j, d in enumerate(deltas[i:]))
    return result


@pytest.mark.parametrize(("gamma", "gae_lambda"), [(1.0, 0.95), (0.9, 0.5), (1.0, 1.0), (1.0, 0.0)])
def test_advantages_are_the_sum_of_discounted_errors(gamma, gae_lambda):
    rewards, values, mask = ragged()
    expected = advantages_by_definition(rewards, values, mask, gamma, gae_lambda)
    found = generalized_advantages(rewards, values, mask, gamma, gae_lambda)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-6)


def test_advantages_skip_a_tool_s_words_in_the_middle():
    rewards, values, _ = ragged(rows=3, length=8)
    mask = torch.tensor([[1, 1, 0, 0, 1, 1, 0, 0], [0, 1, 0, 1, 0, 1, 0, 1], [1] * 8]).bool()
    expected = advantages_by_definition(rewards, values, mask, 0.9, 0.7)
    found = generalized_advantages(rewards, values, mask, 0.9, 0.7)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-6)


def test_advantages_by_hand():
    found = generalized_advantages(
        torch.tensor([[0.0, 1.0, 9.0]]),
        torch.tensor([[0.5, 0.25, 9.0]]),
        torch.tensor([[True, True, False]]),
        gamma=1.0,
        gae_lambda=0.5,
    )
    # δ_1 = 1 − 0.25; δ_0 = 0.25 − 0.5, and half of δ_1.
    assert found.tolist() == [[-0.25 + 0.375, 0.75, 0.0]]


def test_what_stands_outside_the_mask_never_matters():
    rewards, values, mask = ragged()
    dirty = [tensor.masked_fill(~mask, 1e9) for tensor in (rewards, values)]
    clean = generalized_advantages(rewards, values, mask, 1.0, 0.95)
    assert torch.equal(generalized_advantages(*dirty, mask, 1.0, 0.95), clean)
    nan = rewards.masked_fill(~mask, float("nan"))
    assert masked_sum(nan, mask) == pytest.approx(float(rewards[mask].sum()), abs=1e-5)
    assert masked_mean(nan, mask) == pytest.approx(float(rewards[mask].mean()), abs=1e-6)
    assert masked_mean(nan, torch.zeros_like(mask)) == 0
    one = torch.zeros_like(mask)
    one[0, 0] = True
    assert masked_mean(rewards, one) == rewards[0, 0]


def test_scores_stand_on_the_last_token():
    mask = torch.tensor([[1, 1, 0, 0], [1, 1, 1, 1], [0, 1, 0, 0]]).bool()
    assert last_token(mask).tolist() == [1, 3, 1]
    assert at_last_token(torch.tensor([5.0, 6.0, 7.0]), mask).tolist() == [
        [0, 5, 0, 0],
        [0, 0, 0, 6],
        [0, 7, 0, 0],
    ]


def test_whitened_values_have_mean_0_and_variance_1():
    _, values, mask = ragged(rows=40)
    counted = whiten(values, mask)[mask]
    assert float(counted.mean()) == pytest.approx(0, abs=1e-6)
    assert float(counted.var(unbiased=False)) == pytest.approx(1, abs=1e-5)
    assert not whiten(values, mask)[~mask].any()


def test_whitened_rewards_keep_their_mean():
    rewards, _, mask = ragged(rows=40)
    counted = scale_to_unit_variance(rewards + 3, mask)[mask]
    assert float(counted.mean()) == pytest.approx(float(rewards[mask].mean()) + 3, abs=1e-5)
    assert float(counted.std(unbiased=False)) == pytest.approx(1, abs=1e-5)
    assert not scale_to_unit_variance(rewards + 3, mask)[~mask].any()


@pytest.mark.parametrize("function", [whiten, scale_to_unit_variance])
def test_equal_values_stay_finite(function):
    values, mask = torch.full((2, 3), 0.5), torch.tensor([[1, 1, 0], [1, 0, 0]]).bool()
    expected = 0.0 if function is whiten else 0.5
    assert function(values, mask)[mask].tolist() == [expected] * 3
