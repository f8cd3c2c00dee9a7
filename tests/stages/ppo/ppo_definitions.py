"""PPO by its definitions, in plain loops over tokens."""

import math
from statistics import fmean, pstdev, pvariance

import torch

from stages.ppo.small_ppo import BANNED, END, VOCABULARY

UPDATE_METRICS = (
    *("loss/policy_avg", "loss/value_avg", "policy/approxkl_avg", "policy/clipfrac_avg"),
    *("val/clipfrac_avg", "val/ratio", "val/ratio_var"),
)


def number(value):
    return float(torch.as_tensor(value).detach())


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


def distributions_of(policy, rows, temperature):
    """π over the allowed tokens, at every token of the answers."""
    allowed = [i for i in range(VOCABULARY) if i not in BANNED]
    found = {}
    for row, (prompt, answer) in enumerate(rows):
        logits = policy(torch.tensor([[*prompt, *answer]]))[0][:, allowed] / temperature
        for t in range(len(answer)):
            exponentials = [math.exp(logit) for logit in logits[len(prompt) + t - 1].tolist()]
            found[row, t] = [one / sum(exponentials) for one in exponentials]
    return found


def entropies_of(policy, rows, temperature):
    """−Σ π log π over the allowed tokens at every token of the answers, in nats."""
    distributions = distributions_of(policy, rows, temperature)
    return {at: -sum(p * math.log(p) for p in shares) for at, shares in distributions.items()}


def exact_kl_of(policy, reference, rows, temperature):
    """Σ π log (π / π_ref) over the allowed tokens at every token of the answers, in nats."""
    ours, theirs = (distributions_of(one, rows, temperature) for one in (policy, reference))
    return {
        at: sum(p * math.log(p / q) for p, q in zip(ours[at], theirs[at], strict=True))
        for at in ours
    }


def values_of(critic, rows):
    """V before every token: of the text up to the token before it."""
    found = {}
    for row, (prompt, answer) in enumerate(rows):
        values = critic(torch.tensor([[*prompt, *answer]]))[0]
        found |= {(row, t): values[len(prompt) + t - 1] for t in range(len(answer))}
    return found


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
        "objective/kl_exact": sum(experience["exact_kl"].values()) / len(rows),
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
