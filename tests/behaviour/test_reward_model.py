"""What a reward model learns from noisy rankings, with the truth known (gold scores)."""

from statistics import mean

import pytest
import torch

from behaviour.worlds import TOKENS, make_rankings, make_world, train_reward_model
from fledge.data.batch import ComparisonBatch
from fledge.evaluate.preferences import accuracy, noise_ceiling, preference_pairs
from fledge.stages.reward.loss import AnswerScores


@pytest.fixture(scope="module")
def world():
    return make_world(seed=0)


@pytest.fixture(scope="module")
def held_out(world):
    return make_rankings(world, 1000, answers=4, seed=99)


@torch.no_grad()
def held_out_accuracy(model, batch):
    scores = AnswerScores(model)(batch)
    return accuracy(preference_pairs(scores, batch.ranks, batch.lengths))


def with_ranks(batch, ranks):
    return ComparisonBatch(batch.ids, batch.lengths, ranks)


@pytest.fixture(scope="module")
def accuracies(world, held_out):
    return [
        held_out_accuracy(
            train_reward_model(world, make_rankings(world, count, 4, seed=1)), held_out
        )
        for count in (50, 400, 3200)
    ]


def test_accuracy_rises_with_data_towards_the_ceiling(world, held_out, accuracies):
    prompt, *answer = held_out.ids.unbind(dim=-1)
    gold = world.rewards[(prompt - TOKENS - 1, *answer)]
    ceiling = noise_ceiling(gold, held_out.ranks)
    assert 0.78 < ceiling < 0.88
    assert accuracies[0] < accuracies[1] < accuracies[2]
    assert 0.70 <= accuracies[2] <= ceiling


def test_turned_labels_teach_the_opposite(world, held_out, accuracies):
    rankings = make_rankings(world, 3200, 4, seed=1)
    model = train_reward_model(world, with_ranks(rankings, 3 - rankings.ranks))
    assert held_out_accuracy(model, held_out) == pytest.approx(1 - accuracies[2], abs=0.03)


def test_random_labels_teach_nothing(world, held_out):
    rankings = make_rankings(world, 3200, 4, seed=1)
    found = []
    for seed in range(3):  # what one of them happens to prefer is not quite 0.5
        noise = torch.rand(rankings.ranks.shape, generator=torch.Generator().manual_seed(seed))
        model = train_reward_model(world, with_ranks(rankings, noise.argsort(dim=1)))
        found.append(held_out_accuracy(model, held_out))
    assert mean(found) == pytest.approx(0.5, abs=0.03)
