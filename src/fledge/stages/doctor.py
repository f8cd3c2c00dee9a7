"""The doctor: recognises the failures of RLHF by their metrics, and advises in plain words.

A symptom is a pure function of the history of metrics, one mapping per rollout. It returns a
finding or None. docs/rlhf.md lists them all.
"""

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

logger = logging.getLogger(__name__)

Metrics = Mapping[str, float]
History = Sequence[Metrics]

RATIO_TOLERANCE = 1e-3
"""Largest |π_θ / π_old − 1| before the first step; fp32 rounding stays below 1e-5."""
KL_BUDGET = 15.0
"""Nats per answer; a healthy run ends between 5 and 15."""
LENGTH_CASES = ("if_longer", "if_shorter")
WINDOW = 5
"""Number of rollouts to average over, so that one odd rollout is no illness."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One illness: its name, the observation, and advice with the likely causes."""

    illness: str
    seen: str
    advice: str

    def __str__(self) -> str:
        return f"doctor: {self.illness}: {self.seen}. {self.advice}"


Symptom = Callable[[History], Finding | None]


def negative_kl(history: History) -> Finding | None:
    """Find a mean KL that is below 0 by more than chance: by three standard errors."""
    kl, error = history[-1]["objective/kl"], history[-1]["objective/kl_error"]
    if kl >= -0.01 or kl >= -3 * error:
        return None
    return Finding(
        "negative KL",
        f"the mean KL from the reference is {kl:.3f} nats per answer, but a KL is never negative",
        "The answers were sampled from another distribution than they are judged by: look for "
        "top-k, top-p or penalties in sampling, unequal temperatures, or dropout",
    )


def ratio_not_one(history: History) -> Finding | None:
    """Find a ratio π_θ / π_old that differs from 1 before the policy was updated."""
    ratio = history[-1]["val/ratio_first"]
    if ratio <= RATIO_TOLERANCE:
        return None
    return Finding(
        "ratio is not 1 at first",
        f"before any update, the ratio of new to old probabilities differs from 1 by {ratio:.2g}",
        "The two forward passes differ: dropout is on, temperatures are unequal, or the number "
        "format is too coarse; try runtime.dtype=float32",
    )


def length_drift(history: History) -> Finding | None:
    """Find answers that are now at most half, or at least one and a half times, as long."""
    first, last = _ends(history, "val/answer_length")
    if len(history) < 2 * WINDOW or first / 2 < last < first * 1.5:
        return None
    return Finding(
        "length drift",
        f"the mean length of answers went from {first:.0f} to {last:.0f} tokens",
        "The reward may pay for length itself: compare the reward model's accuracy on pairs whose "
        "better answer is longer with that on the others, raise stage.kl_coefficient, or add "
        "rankings in which the shorter answer wins",
    )


def end_collapse(history: History) -> Finding | None:
    """Find that most answers run into the length limit."""
    first, last = _ends(history, "val/eos_rate")
    if len(history) < WINDOW or last >= 0.5:
        return None
    if first < 0.5:
        return Finding(
            "answers do not end",
            f"only {last:.0%} of the answers end before the length limit; it was so from the start",
            "The SFT model has not learnt to stop, or its answers are longer than "
            "stage.rollout.max_new_tokens: train SFT for longer, or raise that limit",
        )
    return Finding(
        "EOS collapse",
        f"{first:.0%} of the answers ended before the length limit at first, now {last:.0%} do",
        "Ending costs more than it earns: set stage.score.missing_end='replace', lower "
        "stage.score.missing_end_score, or lower the learning rate",
    )


def over_optimisation(history: History) -> Finding | None:
    """Find a reward that rises while the gold score has fallen from its peak (Gao et al. 2022)."""
    if len(history) < 2 * WINDOW or any("objective/gold" not in one for one in history):
        return None
    gold = _smooth(history, "objective/gold")
    peak = max(range(len(gold)), key=gold.__getitem__)
    proxy = _smooth(history, "objective/scores")
    risen, fallen = gold[peak] - min(gold[: peak + 1]), gold[peak] - gold[-1]
    if fallen <= max(0.05, 0.25 * risen) or proxy[-1] < proxy[peak]:
        return None
    return Finding(
        "over-optimisation",
        f"the reward still rises ({proxy[peak]:.2f} to {proxy[-1]:.2f}) while the gold score fell "
        f"from {gold[peak]:.2f} to {gold[-1]:.2f}",
        "The policy exploits errors of the reward model: stop earlier, raise "
        "stage.kl_coefficient, or rank answers of this policy and retrain the reward model",
    )


def beyond_budget(history: History) -> Finding | None:
    """Find a policy too far from the reference for its scores to be trusted."""
    kl = _smooth(history, "objective/kl")[-1]
    if kl <= KL_BUDGET:
        return None
    return Finding(
        "KL beyond budget",
        f"the mean KL from the reference is {kl:.1f} nats per answer",
        f"Beyond about {KL_BUDGET:.0f} nats, a reward model judges answers unlike any it has seen: "
        "raise stage.kl_coefficient, set stage.kl.target, or lower the learning rate",
    )


def weak_critic(history: History) -> Finding | None:
    """Find a value model that explains nothing of the returns after ten rollouts."""
    explained = _ends(history, "val/explained_variance")[1]
    if len(history) < 2 * WINDOW or explained >= 0:
        return None
    return Finding(
        "weak critic",
        f"the value model explains {explained:.0%} of the returns' variance",
        "A critic that is worse than a constant turns advantages into noise: raise "
        "stage.critic.learning_rate_factor or stage.critic.value_clip, use larger rollouts, or, in "
        'a short run against a reward model, set stage.critic.start="zero"',
    )


def entropy_collapse(history: History) -> Finding | None:
    """Find a policy whose entropy fell to a tenth: it writes the same answer over and over."""
    first, last = _ends(history, "policy/entropy_avg")
    if len(history) < WINDOW or last >= 0.1 * first:
        return None
    return Finding(
        "entropy collapse",
        f"the mean entropy of a token went from {first:.2f} to {last:.2f} nats",
        "The policy gives nearly the same answer each time: raise stage.kl_coefficient, "
        "lower the learning rate or stage.epochs",
    )


def large_steps(history: History) -> Finding | None:
    """Find a step in which many tokens left the clip range."""
    fraction = history[-1].get("policy/clipfrac_avg", 0.0)
    if fraction <= 0.3:
        return None
    return Finding(
        "steps too large",
        f"{fraction:.0%} of the tokens were clipped in one step",
        "Lower the learning rate or stage.epochs, or enlarge batch.examples",
    )


def no_signal(history: History) -> Finding | None:
    """Find that all answers of the last rollouts had the same score."""
    recent = history[-WINDOW:]
    if len(recent) < WINDOW or max(one["objective/scores_deviation"] for one in recent) > 1e-6:
        return None
    return Finding(
        "no signal",
        f"every answer scores {recent[-1]['objective/scores']:.2f}",
        "Nothing can be learnt from equal scores: check that answers end before the length limit "
        "(all that do not get one same score), and that the reward tells answers apart",
    )


def clipped_scores(history: History) -> Finding | None:
    """Find that most scores are outside the clip range."""
    share = history[-1]["objective/clipped_scores"]
    if share <= 0.5:
        return None
    return Finding(
        "clipped scores",
        f"{share:.0%} of the scores are outside ± stage.score.clip",
        "Clipped scores are all equal and teach nothing: scale the reward to about ± 1, or raise "
        "stage.score.clip",
    )


SYMPTOMS: Sequence[Symptom] = (
    negative_kl,
    ratio_not_one,
    length_drift,
    end_collapse,
    over_optimisation,
    beyond_budget,
    weak_critic,
    entropy_collapse,
    large_steps,
    no_signal,
    clipped_scores,
)


def judges_by_length(report: Metrics) -> Finding | None:
    """Find a reward model whose accuracy depends on which answer is longer.

    The two accuracies are 20 points apart, and more than three standard errors, as if pairs were
    independent.
    """
    shares = [(report.get(f"accuracy_{c}"), report.get(f"pairs_{c}")) for c in LENGTH_CASES]
    (longer, longer_pairs), (shorter, shorter_pairs) = shares
    if longer is None or shorter is None or not longer_pairs or not shorter_pairs:
        return None
    variance = longer * (1 - longer) / longer_pairs + shorter * (1 - shorter) / shorter_pairs
    difference = abs(longer - shorter)
    if difference < 0.2 or difference <= 3 * math.sqrt(variance):
        return None
    preferred = "longer" if longer > shorter else "shorter"
    return Finding(
        "reward model judges by length",
        f"it is right in {longer:.0%} of the held-out pairs whose better answer is longer and in "
        f"{shorter:.0%} of those whose better answer is shorter",
        f"PPO against it would learn to write {preferred} answers: set "
        "stage.balance_lengths=true, add rankings in which the other length wins, and watch "
        "val/answer_length",
    )


def over_confident(report: Metrics) -> Finding | None:
    """Find a reward model whose log loss is above ln 2: saying ½ for every pair would be better."""
    loss = report["log_loss"]
    if loss <= math.log(2):
        return None
    return Finding(
        "reward model is over-confident",
        f"its log loss on held-out pairs is {loss:.3f} nats, and guessing ½ every time gives "
        f"{math.log(2):.3f}: the gaps between its scores are too wide for how often it is right",
        "Take fewer stage.epochs or more rankings; before PPO, set stage.unit_variance=false or "
        "raise stage.kl_coefficient, since PPO takes the gaps at their word",
    )


def reward_model_at_chance(report: Metrics) -> Finding | None:
    """Find a reward model whose held-out accuracy is not certainly above one half."""
    accuracy, low = report["accuracy"], report["low"]
    if low > 0.5:
        return None
    return Finding(
        "reward model at chance",
        f"it orders {accuracy:.0%} of the held-out pairs as people did (95 % interval from "
        f"{low:.0%}); guessing gives 50 %",
        "PPO against it would chase noise: give it more rankings, check whether some files swap "
        "chosen and rejected, start from a better SFT model, or hold out more prompts",
    )


REPORT_SYMPTOMS = (reward_model_at_chance, judges_by_length, over_confident)


class Doctor:
    """Watches one run, and reports each illness once."""

    def __init__(self) -> None:
        self.history: list[Metrics] = []
        self.named: set[str] = set()

    def saw_step(self, metrics: Metrics) -> list[Finding]:
        """Take the metrics of an optimiser step, and return new findings.

        Only the last step on each rollout counts.
        """
        if self.history and self.history[-1]["episode"] == metrics["episode"]:
            self.history.pop()
        self.history.append(metrics)
        return self._new(diagnose(self.history))

    def saw_report(self, report: Metrics) -> list[Finding]:
        """Take a reward model's measurements on held-out rankings, and return new findings."""
        found = (symptom(report) for symptom in REPORT_SYMPTOMS)
        return self._new([finding for finding in found if finding is not None])

    def state_dict(self) -> dict[str, object]:
        """Return the history and the illnesses reported."""
        return {"history": [dict(one) for one in self.history], "named": sorted(self.named)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Resume where `state_dict` was taken."""
        self.history, self.named = list(state["history"]), set(state["named"])

    def _new(self, findings: Sequence[Finding]) -> list[Finding]:
        new = [finding for finding in findings if finding.illness not in self.named]
        self.named.update(finding.illness for finding in new)
        return new


def diagnose(history: History) -> list[Finding]:
    """Return every finding at the end of a history."""
    findings = (symptom(history) for symptom in SYMPTOMS) if history else ()
    return [finding for finding in findings if finding is not None]


def rollouts_of(steps: Sequence[Metrics]) -> list[Metrics]:
    """Pick the last step of each rollout from a run's `metrics.jsonl`, to `diagnose`."""
    return list({one["episode"]: one for one in steps if "episode" in one}.values())


def warn(findings: Sequence[Finding]) -> None:
    """Log each finding as a warning."""
    for finding in findings:
        logger.warning("%s", finding)


def _ends(history: History, name: str) -> tuple[float, float]:
    """Average over the first and over the last few rollouts."""
    values = [one[name] for one in history]
    return fmean(values[:WINDOW]), fmean(values[-WINDOW:])


def _smooth(history: History, name: str) -> list[float]:
    """Average over the few rollouts up to each."""
    values = [one[name] for one in history]
    return [fmean(values[max(0, i + 1 - WINDOW) : i + 1]) for i in range(len(values))]
