"""The state of PPO: each number that it keeps, against its definition."""

import math

import pytest
import torch

from fledge.data.batch import named_tensors
from fledge.stages.ppo.config import MonitorConfig, PPOConfig
from fledge.stages.ppo.rollout import Experience, Rollout
from fledge.stages.ppo.state import PPOState
from stages.ppo.small_ppo import END, PAD, language_model

CPU = torch.device("cpu")
STEP = {
    "episode": 2.0,
    "objective/kl": 0.0,
    "objective/kl_error": 0.0,
    "objective/scores": 0.0,
    "objective/clipped_scores": 0.0,
    "policy/clipfrac_avg": 0.3,
    "policy/entropy_avg": 1.0,
    "val/answer_length": 2.0,
    "val/eos_rate": 1.0,
    "val/explained_variance": 0.5,
    "val/ratio_first": 0.5,
}


def state_of(**settings):
    return PPOState(
        PPOConfig(
            policy="sft",
            reward="reward",
            prompts=("prompts",),
            rollout={"examples": 2, "max_new_tokens": 3},
            **settings,
        )
    )


def experience():
    rollout = Rollout.join([(4, 5), (6,)], [(7, END), (8, 9, END)], PAD)
    return Experience(rollout, *torch.randn(4, *rollout.targets.shape).unbind())


def metrics(kl=0.0):
    return {"objective/kl": kl}


def test_the_first_ratio_is_the_largest_distance_from_1_over_answer_tokens():
    generator = torch.Generator().manual_seed(1)
    for case in range(20):
        state, expected = state_of(), 0.0
        state.begin_rollout(experience(), metrics())
        for _ in range(3):  # micro-batches
            ratio = (torch.randn(2, 5, generator=generator) * 0.3).exp().requires_grad_()
            mask = torch.rand(2, 5, generator=generator) < 0.4 + 0.01 * case
            state.saw_first_ratio(ratio, mask)
            for row in range(2):
                for t in range(5):
                    if mask[row, t]:
                        expected = max(expected, abs(ratio[row, t].item() - 1))
        assert state.ratio_first == pytest.approx(expected, rel=1e-6)
        state.begin_rollout(experience(), metrics())
        assert state.ratio_first == 0


def test_equal_policies_have_a_first_ratio_of_0_whatever_stands_beside_the_answers():
    state = state_of()
    ratio = torch.tensor([[1.0, 1.0, math.inf], [9.0, 1.0, 0.0]])
    state.saw_first_ratio(ratio, ratio == 1)
    assert state.ratio_first == 0


def test_episodes_are_answers_up_to_and_with_the_rollout():
    state = state_of()
    told = []
    for _ in range(3):
        state.minibatches_done = 5
        state.begin_rollout(experience(), metrics())
        told.append(state.rollout_metrics["episode"])
        assert state.minibatches_done == 0 and state.experience is not None
        state.end_rollout()
        assert state.experience is None
    assert told == [2, 4, 6]
    assert state.rollouts_done == 3


@pytest.mark.parametrize(("target", "expected"), [(None, 0.1), (2.0, 0.1 * (1 + 0.1 * 2 / 4))])
def test_the_price_follows_the_kl_only_towards_a_target(target, expected):
    state = state_of(kl={"target": target, "horizon": 4}, kl_coefficient=0.1)
    state.begin_rollout(experience(), metrics(kl=2.2))  # 10 % above the target, for 2 answers
    assert state.kl.coefficient == pytest.approx(expected)


def test_a_kl_above_the_maximum_stops_and_is_told_once_it_happens(caplog):
    state = state_of(kl={"maximum": 3.0})
    state.begin_rollout(experience(), metrics(kl=3.0))
    assert not state.stopped and not caplog.text
    state.begin_rollout(experience(), metrics(kl=3.5))
    assert state.stopped
    assert "the mean KL is 3.5 nats per answer" in caplog.text


def test_each_observer_sees_each_step(caplog):
    state, policy = state_of(kl={"maximum_clip_fraction": 0.2}, ema_decay=0.5), language_model()
    state.average.begin(policy)
    before = policy.token_embedding.weight.detach().clone()
    with torch.no_grad():
        policy.token_embedding.weight.add_(2.0)
    state.saw_step(STEP, policy)
    assert state.guard.rollout_is_used_up
    assert "the ratio of new to old probabilities differs from 1 by 0.5" in caplog.text
    averaged = state.average.state_dict()["token_embedding.weight"]
    torch.testing.assert_close(averaged, before + 1.0)


def filled():
    """A state in which nothing has its first value."""
    monitor = MonitorConfig(prompts=("held-out.jsonl",), judge="mine.py:score")
    state, policy = state_of(score={"monitor": monitor}, kl={"target": 1.0}), language_model()
    state.begin_rollout(experience(), metrics(kl=5.0))
    state.end_rollout()
    state.begin_rollout(experience(), metrics(kl=7.0))
    state.minibatches_done, state.ratio_first = 3, 0.25
    state.guard.stopped = state.guard.rollout_is_used_up = True
    state.saw_step(STEP, policy)
    state.monitor.saw(torch.tensor([0.5, 1.0]), policy)
    state.monitor.saw(torch.tensor([0.25, 0.5]), policy)
    return state


def assert_same(one, other):
    for name, value in one.items():
        if isinstance(value, dict):
            assert_same(value, other[name])
        elif isinstance(value, torch.Tensor):
            assert torch.equal(value, other[name]), name
        else:
            assert value == other[name], name
    assert one.keys() == other.keys()


def test_everything_comes_back_from_a_saved_state():
    state = filled()
    saved = state.state_dict()
    again = PPOState(PPOConfig(policy="p", reward="r", prompts=("d",), kl={"target": 1.0}))
    again.answers_per_rollout = 2
    again.load_state_dict(saved, CPU)
    assert_same(again.state_dict(), saved)
    assert again.rollouts_done == 1 and again.minibatches_done == 3
    assert again.monitor.mean == 0.375 and again.monitor.below == 1
    assert again.stopped
    assert again.kl.coefficient == state.kl.coefficient != 0.2
    for name, tensor in named_tensors(state.experience).items():
        assert torch.equal(named_tensors(again.experience)[name], tensor)
    state.rollout_metrics["later"] = 1.0  # what was saved is a copy
    assert "later" not in saved["rollout_metrics"] and "later" not in again.rollout_metrics


def test_a_state_between_rollouts_and_from_before_the_monitor_is_read():
    state = filled()
    state.end_rollout()
    saved = state.state_dict()
    del saved["monitor"]
    again = state_of(kl={"target": 1.0})
    again.load_state_dict(saved, CPU)
    assert again.experience is None and again.rollouts_done == 2
    assert again.monitor.best is None


def test_the_average_comes_back_from_a_saved_state():
    state, policy = state_of(ema_decay=0.9), language_model(seed=1)
    state.average.begin(policy)
    again = state_of(ema_decay=0.9)
    again.load_state_dict(state.state_dict(), CPU)
    again.average.begin(language_model(seed=2))  # has begun already
    assert_same(again.average.state_dict(), dict(policy.named_parameters()))
