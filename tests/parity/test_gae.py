"""Generalized advantages against torchrl's, on answers of uneven lengths."""

import pytest
import torch
from torchrl.objectives.value.functional import generalized_advantage_estimate

from fledge.stages.ppo.advantages import generalized_advantages, last_token


@pytest.mark.parametrize(("gamma", "gae_lambda"), [(1.0, 0.95), (0.97, 0.8)])
def test_advantages_and_returns_equal_torchrl(gamma, gae_lambda):
    random = torch.Generator().manual_seed(0)
    rows, length = 7, 11
    mask = torch.arange(length) < torch.randint(1, length + 1, (rows, 1), generator=random)
    rewards, values = torch.randn(2, rows, length, generator=random) * mask
    done = torch.zeros(rows, length, dtype=torch.bool)
    done[torch.arange(rows), last_token(mask)] = True
    following = torch.cat([values[:, 1:], torch.zeros(rows, 1)], dim=1)
    theirs, targets = generalized_advantage_estimate(
        gamma,
        gae_lambda,
        values[..., None],
        following[..., None],
        rewards[..., None],
        done[..., None],
        done[..., None],
    )
    ours = generalized_advantages(rewards, values, mask, gamma, gae_lambda)
    torch.testing.assert_close(ours[mask], theirs[..., 0][mask], atol=1e-6, rtol=0)
    torch.testing.assert_close((ours + values)[mask], targets[..., 0][mask], atol=1e-6, rtol=0)
