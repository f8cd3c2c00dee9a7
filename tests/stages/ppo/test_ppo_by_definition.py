"""`collect` and `loss` against their definitions: loops over tokens, in float64, case by case."""

import copy
import random as python_random
from dataclasses import replace
from itertools import islice

import pytest
import torch

from fledge.data.batch import PromptBatch, TokenBatch, named_tensors
from stages.ppo.ppo_definitions import (
    advantages_by_definition,
    entropies_of,
    exact_kl_of,
    log_probs_of,
    loss_by_definition,
    metrics_by_definition,
    moments,
    number,
    places,
    rewards_by_definition,
    shaped_scores,
    values_of,
)
from stages.ppo.small_ppo import (
    END,
    PROMPTS,
    VOCABULARY,
    language_model,
    small_ppo,
)

CASES = range(12)
RULES = ("replace", "subtract", "ignore")


def settings(case):
    """Every setting that the sums depend on, drawn anew for each case."""
    draw = python_random.Random(case)
    return {
        "kl_coefficient": draw.uniform(0.05, 0.5),
        "gae_lambda": draw.choice([0.0, 0.5, 0.9, 1.0]),
        "clip": draw.uniform(0.02, 0.3),
        "critic": {
            "gamma": draw.choice([0.8, 0.95, 1.0]),
            "coefficient": draw.uniform(0.05, 2.0),
            "value_clip": [0.05, 0.3, None][case % 3],
        },
        "score_": {
            "clip": [None, 0.7][case % 2],
            "missing_end": RULES[case % 3],
            "missing_end_score": draw.uniform(-2.0, 0.5),
            "whiten_rewards": case % 4 < 2,
        },
        "temperature": draw.choice([0.5, 0.7, 1.4]),
    }


def text_rows(case):
    ids = torch.randint(4, VOCABULARY, (3, 9), generator=torch.Generator().manual_seed(case))
    everywhere = torch.ones(3, 8, dtype=torch.bool)
    counted = everywhere.clone()
    counted[1, 3:] = False
    return TokenBatch(
        ids[:, :-1], ids[:, 1:], counted, everywhere.long(), torch.arange(8).repeat(3, 1)
    )


def stage_of(case):
    options = settings(case)
    options["world"] = {"rows_per_forward": 3 + case}  # 8 rows in parts, or at once
    if case % 2:
        options["pretraining"] = {"corpus": "c", "coefficient": 0.3 + case, "rows": 3}
        options["world"]["pretraining"] = lambda _: text_rows(case)
    stage = small_ppo(language_model(seed=case), minibatch=8, **options)
    disturb(stage.judge.reference, 0.03, seed=case)  # a policy on its way
    return stage, options


@torch.no_grad()
def disturb(module, spread, seed):
    generator = torch.Generator().manual_seed(seed)
    for parameter in module.parameters():
        parameter.add_(torch.randn(parameter.shape, generator=generator) * spread)


def double(module):
    return copy.deepcopy(module).double()


@torch.no_grad()
def experience_by_definition(stage, rows, raw_scores, options):
    temperature = options["temperature"]
    policy, reference = double(stage.trained.policy), double(stage.judge.reference.policy)
    critic = double(stage.trained.critic)
    by_name = {
        "log_probs": log_probs_of(policy, rows, temperature),
        "values": values_of(critic, rows),
        "reference": log_probs_of(reference, rows, temperature),
        "entropy": entropies_of(policy, rows, temperature),
        "exact_kl": exact_kl_of(policy, reference, rows, temperature),
    }
    found = {name: {at: float(one) for at, one in all_.items()} for name, all_ in by_name.items()}
    found["raw_scores"] = raw_scores
    found["scores"] = shaped_scores(rows, raw_scores, options["score_"])
    rewards = rewards_by_definition(
        rows, found["scores"], found["log_probs"], found["reference"], options
    )
    advantages = advantages_by_definition(rows, rewards, found["values"], options)
    mean, deviation = moments(advantages)
    found["whitened"] = {place: (a - mean) / deviation for place, a in advantages.items()}
    found["returns"] = {place: a + found["values"][place] for place, a in advantages.items()}
    return found


def flat(mask, tensor):
    return torch.cat([row[keep] for row, keep in zip(tensor, mask, strict=True)]).double()


@pytest.mark.parametrize("case", CASES)
def test_experience_and_loss_are_their_definitions(case):
    stage, options = stage_of(case)
    batch = next(stage.batches())
    experience = stage.state.experience
    rows = [(prompt, answer) for prompt, answer in experience.rollout.rows()]
    scores = stage.world.score(experience.rollout).tolist()
    expected = experience_by_definition(stage, rows, scores, options)
    for name, tensor in (
        ("log_probs", experience.old_log_probs),
        ("values", experience.values),
        ("returns", experience.returns),
        ("whitened", experience.advantages),
    ):
        found = flat(experience.rollout.response_mask, tensor)
        by_definition = torch.tensor([expected[name][place] for place in places(rows)]).double()
        torch.testing.assert_close(found, by_definition, rtol=1e-4, atol=2e-5, msg=name)

    told = metrics_by_definition(rows, expected, options)
    of_rollout = stage.state.rollout_metrics
    with torch.no_grad():
        of_evaluation = stage.judge.evaluate(experience.rollout)
    assert told.keys() - of_rollout.keys() == {"objective/kl_exact"}
    assert "objective/kl_exact" in of_evaluation and of_evaluation.keys() <= told.keys()
    for metrics in (of_rollout, of_evaluation):
        for name in metrics.keys() & told.keys():
            assert metrics[name] == pytest.approx(told[name], rel=1e-3, abs=1e-4), name

    disturb(stage.trained, 0.02, seed=case + 100)  # after an update
    policy, critic = double(stage.trained.policy), double(stage.trained.critic)
    total, told = loss_by_definition(policy, critic, rows, expected, options, text_rows(case))
    terms = stage.loss(batch)
    assert terms.total.item() == pytest.approx(total.item(), rel=1e-4, abs=1e-4)
    assert terms.metrics.keys() == told.keys()
    for name, sum_ in told.items():
        assert terms.metrics[name].item() == pytest.approx(number(sum_), rel=1e-3, abs=1e-4), name
    total.backward()
    terms.total.backward()
    for ours, theirs in ((stage.trained.policy, policy), (stage.trained.critic, critic)):
        for (name, one), other in zip(ours.named_parameters(), theirs.parameters(), strict=True):
            scale = float(other.grad.abs().max())
            torch.testing.assert_close(
                one.grad.double(), other.grad, rtol=1e-3, atol=1e-4 * scale + 1e-6, msg=name
            )


def test_the_cases_clip_and_do_not_clip():
    """Otherwise the definitions above would be compared on one branch only."""
    seen = {"policy/clipfrac_avg": set(), "val/clipfrac_avg": set()}
    unended = set()
    for case in CASES:
        stage, _ = stage_of(case)
        batch = next(stage.batches())
        rollout = stage.state.experience.rollout
        unended |= set((~rollout.ended((END,))).tolist())
        disturb(stage.trained, 0.02, seed=case + 100)
        metrics = stage.loss(batch).metrics
        for name, fractions in seen.items():
            fractions.add(metrics[name].item() / batch.weight.item())
    assert all(max(fractions) > 0.05 for fractions in seen.values())
    assert all(min(fractions) < 0.95 for fractions in seen.values())
    assert unended == {True, False}


def test_every_epoch_deals_the_answers_out_anew():
    stage = small_ppo(minibatch=2, epochs=3, rollout={"examples": 8, "max_new_tokens": 6})
    stage.collect(PromptBatch(PROMPTS))
    # The values of the experience tell its rows apart.
    rows = {row: tuple(v.tolist()) for row, v in enumerate(stage.state.experience.values)}
    by_values = {values: row for row, values in rows.items()}
    assert len(by_values) == 8
    epochs = [[] for _ in range(3)]
    for index, batch in enumerate(stage.batches()):
        values = batch.experience.values
        epochs[index // 4].extend(by_values[tuple(row.tolist())] for row in values)
        if index == 11:
            break
    assert all(sorted(order) == list(range(8)) for order in epochs)
    assert list(range(8)) not in epochs
    assert len(set(map(tuple, epochs))) == 3


def test_shares_of_two_processes_make_up_each_minibatch():
    whole, *shares = (batches_of(rank, count) for rank, count in ((0, 1), (0, 2), (1, 2)))
    for step, (together, *apart) in enumerate(zip(whole, *shares, strict=True)):
        assert together.examples == (3, 3, 2)[step % 3]  # 8 answers an epoch
        assert {batch.is_first for batch in (together, *apart)} == {step % 6 == 0}
        for rank, share in enumerate(apart):
            ours = named_tensors(share.experience)
            for name, tensor in named_tensors(together.experience).items():
                assert torch.equal(ours[name], tensor[rank::2]), name
        micro = torch.cat([part.pretraining.inputs for part in together.split(2)])
        assert torch.equal(micro, together.pretraining.inputs)
        answer_tokens = sum(int(share.weight) for share in apart)
        text_tokens = int(text_rows(step).weight)
        assert float(together.pretraining_scale) == pytest.approx(answer_tokens / text_tokens)
        for share in apart:
            assert torch.equal(share.pretraining.inputs, text_rows(step).inputs)
            expected = answer_tokens / (2 * text_tokens)
            assert float(share.pretraining_scale) == pytest.approx(expected)


def batches_of(rank, world_size):
    """Two rollouts and a bit of process `rank`, where every process has as much text."""
    stage = small_ppo(
        minibatch=3,
        epochs=2,
        pretraining={"corpus": "c", "rows": 3},
        world={
            "pretraining": text_rows,
            "rank": rank,
            "world_size": world_size,
            "all_sum": lambda tensor: tensor * world_size,
        },
    )
    return list(islice(stage.batches(), 14))


@pytest.mark.parametrize("targets", [0, 1])
def test_text_of_one_target_weighs_as_all_answers_and_of_none_nothing(targets):
    mask = torch.arange(24).view(3, 8) < targets
    text = replace(text_rows(0), loss_mask=mask)
    mixed = {"pretraining": {"corpus": "c", "rows": 3}, "world": {"pretraining": lambda _: text}}
    stage = small_ppo(**mixed)
    batch = next(stage.batches())
    nats = -stage.trained.policy(text.inputs)[0, 0].log_softmax(-1)[text.targets[0, 0]].item()
    found = stage.loss(batch).metrics["loss/pretraining_avg"].item()
    assert found == pytest.approx(targets * nats * int(batch.weight), rel=1e-5)
