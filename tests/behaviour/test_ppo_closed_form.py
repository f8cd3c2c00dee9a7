"""PPO, as it is shipped, finds the exactly known optimum of its objective; broken PPO does not."""

from dataclasses import replace

import pytest
import torch

from behaviour.worlds import judge, make_ppo, make_world, train
from fledge.stages.ppo import stage as ppo_module
from fledge.stages.ppo.kl import k1
from fledge.stages.ppo.rollout import Rollout


@pytest.fixture(scope="module")
def world():
    return make_world(seed=0)


@pytest.fixture(scope="module")
def world_with_end():
    return make_world(seed=0, end=True)


@pytest.mark.parametrize(
    ("beta", "seed", "rollouts"), [(0.2, 0, 150), (0.2, 1, 150), (1.0, 0, 200)]
)
def test_ppo_finds_the_optimum(world, beta, seed, rollouts):
    stage = make_ppo(world, seed, kl_coefficient=beta)
    history = train(stage, rollouts, learning_rate=3e-3)
    verdict = judge(stage.trained.policy, world, beta)
    assert verdict.share >= 0.985
    assert verdict.variation <= 0.08
    assert verdict.kl == pytest.approx(verdict.optimal_kl, rel=0.05)
    assert max(step["val/ratio_first"] for step in history) <= 1e-5


def test_a_high_price_leaves_the_policy_at_the_reference(world):
    stage = make_ppo(world, seed=0, kl_coefficient=100.0)
    train(stage, rollouts=20)
    assert judge(stage.trained.policy, world, 1.0).kl < 0.01


def test_ppo_learns_when_to_end(world_with_end):
    stage = make_ppo(world_with_end, seed=0, kl_coefficient=0.2)
    train(stage, rollouts=140, learning_rate=2e-3)
    verdict = judge(stage.trained.policy, world_with_end, 0.2)
    assert verdict.share >= 0.985
    assert verdict.variation <= 0.11
    assert verdict.end_rate == pytest.approx(verdict.optimal_end_rate, abs=0.03)


def test_ppo_that_ignores_end_tokens_does_not(world_with_end):
    stage = make_ppo(world_with_end, seed=0, kl_coefficient=0.2)
    stage.world = replace(stage.world, respond=without_end_token(stage.world.respond))
    train(stage, rollouts=40, learning_rate=3e-3)
    verdict = judge(stage.trained.policy, world_with_end, 0.2)
    assert verdict.share < 0.9 and verdict.variation > 0.2


def short_share(world) -> float:
    stage = make_ppo(world, seed=0, answers=256, kl_coefficient=0.2)
    train(stage, rollouts=40, learning_rate=3e-3)
    return judge(stage.trained.policy, world, 0.2).share


def score_on_the_first_token(scores, mask):
    return torch.zeros(mask.shape).scatter(1, mask.int().argmax(dim=1)[:, None], scores[:, None])


def rewarded_for_distance(log_probs, reference_log_probs):
    return -k1(log_probs, reference_log_probs)


def without_end_token(respond):
    """Rollouts whose mask leaves out the end token, as where the end is padding, too."""

    def respond_without(prompts, seed):
        rollout = respond(prompts, seed)
        shorter = rollout.response_mask & (rollout.targets != 0)
        shorter[:, 0] = True
        return Rollout(rollout.inputs, rollout.targets, shorter)

    return respond_without


SHORT_GATE = 0.9  # the mutants reach 0.13, 0.47 and less, PPO 0.97


def test_the_short_gate_lets_ppo_pass(world):
    assert short_share(world) >= SHORT_GATE


@pytest.mark.parametrize(
    ("name", "mutant"),
    [("at_last_token", score_on_the_first_token), ("k1", rewarded_for_distance)],
)
def test_the_short_gate_stops_a_mutant(world, monkeypatch, name, mutant):
    monkeypatch.setattr(ppo_module, name, mutant)
    assert short_share(world) < SHORT_GATE
