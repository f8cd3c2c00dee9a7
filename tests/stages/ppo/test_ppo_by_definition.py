"""`collect` and `loss` against their definitions: loops over tokens, in float64, case by case."""

import copy
import math
import random as python_random
from statistics import fmean, pstdev, pvariance

import pytest
import torch

from fledge.data.batch import PromptBatch, TokenBatch
from stages.ppo.small_ppo import (
    BANNED,
    END,
    PROMPTS,
    VOCABULARY,
    language_model,
    small_ppo,
)

CASES = range(12)
RULES = ("replace", "subtract", "ignore")
UPDATE_METRICS = (
    *("loss/policy_avg", "loss/value_avg", "policy/approxkl_avg", "policy/clipfrac_avg"),
    *("val/clipfrac_avg", "val/ratio", "val/ratio_var"),
)


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
    if case % 2:
        options["pretraining"] = {"corpus": "c", "coefficient": 0.3 + case, "rows": 3}
        options["world"] = {"pretraining": lambda _: text_rows(case)}
    stage = small_ppo(language_model(seed=case), minibatch=8, **options)
    disturb(stage.judge.reference, 0.03, seed=case)  # a policy on its way
    return stage, options


@torch.no_grad()
def disturb(module, spread, seed):
    generator = torch.Generator().manual_seed(seed)
    for parameter in module.parameters():
        parameter.add_(torch.randn(parameter.shape, generator=generator) * spread)


def number(value):
    return float(torch.as_tensor(value).detach())


def double(module):
    return copy.deepcopy(module).double()


def places(rows):
    """(row, number in the answer) of every token of every answer."""
    return [(row, t) for row, (_, answer) in enumerate(rows) for t in range(len(answer))]


def log_probs_of(policy, rows, temperature):
    """log of the probability of every token, each row alone, by a softmax that is written out."""
    allowed = [i for i in range(VOCABULARY) if i not in BANNED]
    found = {}
    for row, (prompt, answer) in enumerate(rows):
        logits = policy(torch.tensor([[*prompt, *answer]]))[0] / temperature
        for t, id_ in enumerate(answer):
            before = logits[len(prompt) + t - 1]
            largest = before[allowed].max().detach()
            total = sum(torch.exp(before[i] - largest) for i in allowed)
            found[row, t] = before[id_] - largest - torch.log(total)
    return found


def entropies_of(policy, rows, temperature):
    """−Σ π log π over the allowed tokens at every token of the answers, in nats."""
    allowed = [i for i in range(VOCABULARY) if i not in BANNED]
    found = {}
    for row, (prompt, answer) in enumerate(rows):
        logits = policy(torch.tensor([[*prompt, *answer]]))[0][:, allowed] / temperature
        for t in range(len(answer)):
            exponentials = [math.exp(logit) for logit in logits[len(prompt) + t - 1].tolist()]
            shares = [one / sum(exponentials) for one in exponentials]
            found[row, t] = -sum(share * math.log(share) for share in shares)
    return found


def values_of(critic, rows):
    """V before every token: of the text up to the token before it."""
    found = {}
    for row, (prompt, answer) in enumerate(rows):
        values = critic(torch.tensor([[*prompt, *answer]]))[0]
        found |= {(row, t): values[len(prompt) + t - 1] for t in range(len(answer))}
    return found


@torch.no_grad()
def shaped_scores(rows, raw_scores, score):
    """Scores after the clip and the rule for answers without an end."""
    scores = []
    for (_, answer), shaped in zip(rows, raw_scores, strict=True):
        if score["clip"] is not None:
            shaped = min(max(shaped, -score["clip"]), score["clip"])
        if answer[-1] != END and score["missing_end"] == "replace":
            shaped = score["missing_end_score"]
        if answer[-1] != END and score["missing_end"] == "subtract":
            shaped += score["missing_end_score"]
        scores.append(shaped)
    return scores


def rewards_by_definition(rows, scores, log_probs, reference_log_probs, options):
    """−β (log π − log π_ref), and the score on the last token; maybe of variance 1."""
    beta = options["kl_coefficient"]
    rewards = {
        place: -beta * (log_probs[place] - reference_log_probs[place]) for place in places(rows)
    }
    for row, (_, answer) in enumerate(rows):
        rewards[row, len(answer) - 1] += scores[row]
    if not options["score_"]["whiten_rewards"]:
        return rewards
    mean, deviation = moments(rewards)
    return {place: (reward - mean) / deviation + mean for place, reward in rewards.items()}


def moments(numbers):
    mean = sum(numbers.values()) / len(numbers)
    variance = sum((number - mean) ** 2 for number in numbers.values()) / len(numbers)
    return mean, math.sqrt(variance + 1e-8)


def advantages_by_definition(rows, rewards, values, options):
    """Σ_l (γλ)^l (r_{t+l} + γ V_{t+l+1} − V_{t+l}), with V 0 after the end."""
    gamma, gae_lambda = options["critic"]["gamma"], options["gae_lambda"]
    advantages = {}
    for row, (_, answer) in enumerate(rows):
        for t in range(len(answer)):
            advantages[row, t] = sum(
                (gamma * gae_lambda) ** (k - t)
                * (rewards[row, k] + gamma * values.get((row, k + 1), 0.0) - values[row, k])
                for k in range(t, len(answer))
            )
    return advantages


def loss_by_definition(policy, critic, rows, old, options, text):
    """Σ over tokens of c_v ½ max(…)² − min(…), and the pretraining mix; also sums of metrics."""
    epsilon, critic_options = options["clip"], options["critic"]
    tokens = sum(len(answer) for _, answer in rows)
    total = torch.zeros((), dtype=torch.float64)
    told = dict.fromkeys(UPDATE_METRICS, 0.0)
    now = log_probs_of(policy, rows, options["temperature"])
    estimates = values_of(critic, rows)
    for place in places(rows):
        ratio = torch.exp(now[place] - old["log_probs"][place])
        held = min(max(ratio, 1 - epsilon), 1 + epsilon)
        surrogate = min(ratio * old["whitened"][place], held * old["whitened"][place])
        estimate = estimates[place]
        error = plain_error = (estimate - old["returns"][place]) ** 2
        if critic_options["value_clip"] is not None:
            change = estimate - old["values"][place]
            limit = critic_options["value_clip"]
            near = old["values"][place] + min(max(change, -limit), limit)
            error = max(error, (near - old["returns"][place]) ** 2)
        total = total + critic_options["coefficient"] * 0.5 * error - surrogate
        told["loss/policy_avg"] -= number(surrogate)
        told["loss/value_avg"] += 0.5 * number(error)
        told["policy/approxkl_avg"] += 0.5 * math.log(number(ratio)) ** 2
        told["policy/clipfrac_avg"] += surrogate < ratio * old["whitened"][place]
        told["val/clipfrac_avg"] += error > plain_error
        told["val/ratio"] += number(ratio)
        told["val/ratio_var"] += (number(ratio) - 1) ** 2
    if "pretraining" in options:
        losses = [
            -policy(text.inputs[row : row + 1])[0].log_softmax(-1)[t, text.targets[row, t]]
            for row in range(3)
            for t in range(8)
            if text.loss_mask[row, t]
        ]
        mean = sum(losses) / len(losses)
        total = total + options["pretraining"]["coefficient"] * tokens * mean
        told["loss/pretraining_avg"] = tokens * mean.item()
    return total, told


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


def metrics_by_definition(rows, experience, options):
    """Means over answers and over tokens, as docs/rlhf.md defines them."""
    kl, kl_k3, entropy = ([0.0] * len(rows) for _ in range(3))
    for row, t in places(rows):
        difference = experience["log_probs"][row, t] - experience["reference"][row, t]
        kl[row] += difference
        kl_k3[row] += math.exp(-difference) - 1 + difference
        entropy[row] -= experience["log_probs"][row, t]
    ended = [answer[-1] == END for _, answer in rows]
    returns, values = (experience[name] for name in ("returns", "values"))
    errors = [returns[place] - values[place] for place in places(rows)]
    explained = 1 - pvariance(errors) / pvariance([returns[place] for place in places(rows)])
    scores, beta = experience["scores"], options["kl_coefficient"]
    clipped = [
        end and shaped != raw
        for end, shaped, raw in zip(ended, scores, experience["raw_scores"], strict=True)
    ]
    return {
        "objective/kl": fmean(kl),
        "objective/kl_error": pstdev(kl) / math.sqrt(len(rows)),
        "objective/kl_k3": fmean(kl_k3),
        "objective/entropy": fmean(entropy),
        "objective/scores": fmean(scores),
        "objective/scores_deviation": pstdev(scores),
        "objective/non_score_reward": -beta * fmean(kl),
        "objective/rlhf_reward": fmean(scores) - beta * fmean(kl),
        "objective/kl_coefficient": beta,
        "objective/clipped_scores": fmean(clipped),
        "policy/entropy_avg": fmean(experience["entropy"].values()),
        "val/num_eos_tokens": sum(ended),
        "val/eos_rate": fmean(ended),
        "val/answer_length": fmean(len(answer) for _, answer in rows),
        "val/explained_variance": explained,
    }


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
    for name, mean in told.items():
        assert stage.state.rollout_metrics[name] == pytest.approx(mean, rel=1e-3, abs=1e-4), name
    with torch.no_grad():
        by_all = stage.judge.evaluate(experience.rollout)
    assert by_all.keys() - {"objective/kl_exact"} <= told.keys()
    for name in by_all.keys() & told.keys():
        assert by_all[name] == pytest.approx(told[name], rel=1e-3, abs=1e-4), name

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
    for number, batch in enumerate(stage.batches()):
        values = batch.experience.values
        epochs[number // 4].extend(by_values[tuple(row.tolist())] for row in values)
        if number == 11:
            break
    assert all(sorted(order) == list(range(8)) for order in epochs)
    assert list(range(8)) not in epochs
    assert len(set(map(tuple, epochs))) == 3
