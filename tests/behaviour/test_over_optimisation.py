"""Goodhart's law on a toy (Gao et al. 2022): a reward model that is wrong far from its data.

Without a KL penalty the policy goes where the reward model is wrong; with one it stays where the
model knows. The doctor tells the one from the other.
"""

import pytest
import torch

from behaviour.worlds import (
    answer_log_probs,
    make_goodhart_world,
    make_ppo,
    make_rankings,
    train,
    train_reward_model,
)
from fledge.stages.doctor import diagnose, rollouts_of
from fledge.stages.ppo.reward_functions import ModelScore

ROLLOUTS = 50


@pytest.fixture(scope="module")
def world():
    return make_goodhart_world(seed=0)


@pytest.fixture(scope="module")
def score(world):
    rankings = make_rankings(world, 200, answers=4, seed=1)
    return ModelScore(train_reward_model(world, rankings, epochs=4, learning_rate=2e-3), rows=512)


def rollouts(world, score, beta):
    stage = make_ppo(
        world, seed=0, answers=256, score=score, gold=world.score_rows, kl_coefficient=beta
    )
    return rollouts_of(train(stage, ROLLOUTS, learning_rate=2e-3))


def smoothed(history, name):
    values = torch.tensor([one[name] for one in history])
    return values.unfold(0, 5, 1).mean(dim=1)


def test_without_a_price_of_kl_the_gold_score_falls_while_the_proxy_rises(world, score):
    history = rollouts(world, score, beta=0.0)
    proxy, gold = smoothed(history, "objective/scores"), smoothed(history, "objective/gold")
    assert proxy[-1] > proxy[0] + 1 and (proxy.diff() > -0.05).all()
    assert gold[-1] <= gold.max() - 1.0
    assert "over-optimisation" in [finding.illness for finding in diagnose(history)]


def test_the_price_of_kl_keeps_what_was_won(world, score):
    history = rollouts(world, score, beta=0.2)
    gold = smoothed(history, "objective/gold")
    reference = (answer_log_probs(world.reference, False).exp() * world.rewards).flatten(1)
    assert gold[-1] >= 0.9 * gold.max()
    assert gold[-1] > float(reference.sum(dim=1).mean()) + 0.5
    assert "over-optimisation" not in [finding.illness for finding in diagnose(history)]
