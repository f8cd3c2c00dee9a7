import math

import pytest

from fledge.stages.doctor import (
    SYMPTOMS,
    Doctor,
    beyond_budget,
    clipped_scores,
    diagnose,
    end_collapse,
    entropy_collapse,
    judges_by_length,
    large_steps,
    length_drift,
    negative_kl,
    no_signal,
    over_confident,
    over_optimisation,
    ratio_not_one,
    reward_model_at_chance,
    rollouts_of,
    weak_critic,
)

ROLLOUTS = 40


def healthy(**changes):
    """A good run: the score rises, KL grows to a plateau, entropy falls slowly, answers end.

    A change is a function of the run's progress, 0 to 1.
    """
    series = {
        "episode": lambda x: 128.0 * (1 + round(x * (ROLLOUTS - 1))),
        "objective/kl": lambda x: 8 * (1 - math.exp(-3 * x)),
        "objective/kl_error": lambda x: 0.1 + 0.3 * x,
        "objective/scores": lambda x: 2 * x,
        "objective/scores_deviation": lambda x: 1 - 0.4 * x,
        "objective/gold": lambda x: 1.5 * x,
        "objective/clipped_scores": lambda x: 0.02,
        "policy/entropy_avg": lambda x: 2 - 0.9 * x,
        "policy/clipfrac_avg": lambda x: 0.08,
        "val/ratio_first": lambda x: 2e-7,
        "val/answer_length": lambda x: 30 + 6 * x + math.sin(20 * x),
        "val/eos_rate": lambda x: 0.9 + 0.09 * x,
        "val/explained_variance": lambda x: 0.7 * x - 0.2 * (x < 0.1),
    }
    series |= {name.replace("__", "/"): function for name, function in changes.items()}
    return [
        {name: function(i / (ROLLOUTS - 1)) for name, function in series.items()}
        for i in range(ROLLOUTS)
    ]


ILL = [
    (negative_kl, healthy(objective__kl=lambda x: -2 * x)),
    (ratio_not_one, healthy(val__ratio_first=lambda x: 0.2)),
    (length_drift, healthy(val__answer_length=lambda x: 30 + 40 * x)),
    (length_drift, healthy(val__answer_length=lambda x: 30 - 22 * x)),
    (end_collapse, healthy(val__eos_rate=lambda x: 0.95 - 0.7 * x)),
    (end_collapse, healthy(val__eos_rate=lambda x: 0.1)),
    (over_optimisation, healthy(objective__gold=lambda x: 4 * x * (1 - x))),
    (beyond_budget, healthy(objective__kl=lambda x: 30 * x)),
    (weak_critic, healthy(val__explained_variance=lambda x: -0.5)),
    (entropy_collapse, healthy(policy__entropy_avg=lambda x: 2 * math.exp(-4 * x))),
    (large_steps, healthy(policy__clipfrac_avg=lambda x: 0.45 * (x > 0.9))),
    (no_signal, healthy(objective__scores_deviation=lambda x: 0.0)),
    (clipped_scores, healthy(objective__clipped_scores=lambda x: 0.9)),
]


@pytest.mark.parametrize("symptom", SYMPTOMS)
def test_a_healthy_run_shows_no_symptom_at_any_time(symptom):
    history = healthy()
    assert all(symptom(history[:n]) is None for n in range(1, ROLLOUTS + 1))


@pytest.mark.parametrize(("symptom", "history"), ILL)
def test_an_illness_is_seen_and_it_alone(symptom, history):
    finding = symptom(history)
    assert finding is not None
    assert [found.illness for found in diagnose(history)] == [finding.illness]
    assert finding.illness in str(finding) and finding.advice in str(finding)


def test_every_symptom_has_an_ill_series():
    assert {symptom for symptom, _ in ILL} == set(SYMPTOMS)


def test_noise_around_0_is_no_negative_kl():
    history = healthy(objective__kl=lambda x: -0.05, objective__kl_error=lambda x: 0.04)
    assert negative_kl(history) is None


def test_without_a_gold_score_nothing_is_said_of_it():
    history = [
        {name: value for name, value in one.items() if name != "objective/gold"}
        for one in healthy()
    ]
    assert over_optimisation(history) is None


def test_the_advice_tells_never_ending_from_no_longer_ending():
    illnesses = {
        end_collapse(history).illness for symptom, history in ILL if symptom is end_collapse
    }
    assert illnesses == {"EOS collapse", "answers do not end"}


def test_each_illness_is_named_once_and_steps_of_one_rollout_count_once():
    doctor = Doctor()
    history = healthy(val__ratio_first=lambda x: 0.2 * (x > 0.5))
    named = [
        finding.illness
        for one in history
        for step in (one, one)
        for finding in doctor.saw_step(step)
    ]
    assert named == ["ratio is not 1 at first"]
    assert len(doctor.history) == ROLLOUTS


def test_a_finished_run_can_be_diagnosed_from_its_metrics():
    steps = [{**one, "step": step} for one in healthy() for step in range(4)]
    steps.append({"validation_loss": 2.0})
    assert len(rollouts_of(steps)) == ROLLOUTS
    assert diagnose(rollouts_of(steps)) == [] and diagnose([]) == []


def test_a_reward_model_must_beat_chance_beyond_doubt():
    assert reward_model_at_chance({"accuracy": 0.7, "low": 0.62}) is None
    finding = reward_model_at_chance({"accuracy": 0.54, "low": 0.48})
    assert finding is not None and "54%" in finding.seen


def report(longer=0.7, shorter=0.7, log_loss=0.6, pairs=200.0):
    return {
        "accuracy": 0.7,
        "low": 0.62,
        "log_loss": log_loss,
        "accuracy_if_longer": longer,
        "accuracy_if_shorter": shorter,
        "pairs_if_longer": pairs,
        "pairs_if_shorter": pairs,
    }


def test_a_reward_model_that_judges_by_length_is_named():
    assert judges_by_length(report()) is None
    assert judges_by_length(report(0.75, 0.6)) is None  # 15 points
    assert judges_by_length(report(0.42, 0.77, pairs=12.0)) is None  # chance
    finding = judges_by_length(report(0.42, 0.77))
    assert "42%" in finding.seen and "77%" in finding.seen and "shorter answers" in finding.advice
    assert "longer answers" in judges_by_length(report(0.8, 0.4)).advice
    only_longer = {**report(), "pairs_if_shorter": 0.0}
    del only_longer["accuracy_if_shorter"]
    assert judges_by_length(only_longer) is None


def test_a_reward_model_worse_than_saying_one_half_is_named_once():
    assert over_confident(report(log_loss=0.69)) is None
    assert "0.706 nats" in over_confident(report(log_loss=0.706)).seen
    doctor, resumed = Doctor(), Doctor()
    ill = report(0.42, 0.77, log_loss=0.706)
    assert len(doctor.saw_report(ill)) == 2 and doctor.saw_report(ill) == []
    resumed.load_state_dict(doctor.state_dict())
    assert resumed.saw_report(ill) == []


def test_what_was_named_stays_named_after_a_resume():
    ill = [one | {"objective/clipped_scores": 0.9} for one in healthy()]
    straight, first, resumed = Doctor(), Doctor(), Doctor()
    told = [straight.saw_step(one) for one in ill]
    before = [first.saw_step(one) for one in ill[:7]]
    resumed.load_state_dict(first.state_dict())
    assert [*before, *(resumed.saw_step(one) for one in ill[7:])] == told
    assert resumed.state_dict() == straight.state_dict()
    assert sum(map(len, told)) == 1
