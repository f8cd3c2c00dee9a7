"""Symptoms of any run, found in its metrics, its settings and its sample answers.

Those of PPO and reward models, which their stages also watch for, are in `stages/doctor.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from math import isfinite, nan
from typing import Any

from fledge.runs.doctor.directory import RunDirectory, Samples
from fledge.stages.doctor import Finding

FEWEST_STEPS = 40
"""Steps from which the course of a loss tells something."""
RISE = 1.1
"""Loss at the end, in times of its lowest, from which it has risen."""
OVERFIT = 1.05
"""Held-out loss at the end, in times of its lowest, from which it has risen."""
TURNS = 4
"""Equal pieces in a row from which an answer goes round in a circle."""

Symptom = Callable[[RunDirectory], Finding | None]


def not_finite(run: RunDirectory) -> Finding | None:
    """Find a run that a loss or gradient ended which is no finite number."""
    if run.not_finite_step is None:
        return None
    return Finding(
        "loss is not finite",
        f"the loss or its gradient was no finite number at step {run.not_finite_step:,}",
        "The step was not applied: lower optimizer.learning_rate, raise optimizer.warmup_steps, or "
        "set runtime.dtype=float32, and run the same command again",
    )


def loss_stands_still(run: RunDirectory) -> Finding | None:
    """Find a loss that is no lower than it was in the first steps."""
    losses = _losses(run)
    if len(losses) < FEWEST_STEPS or losses[-1] < losses[0]:
        return None
    return Finding(
        "loss does not fall",
        f"the mean loss was {losses[0]:.3f} in the first steps and is {losses[-1]:.3f} now",
        "Nothing is learnt: raise optimizer.learning_rate if it is tiny, lower it if the loss "
        "jumps about, and look at some records of the data",
    )


def loss_rises(run: RunDirectory) -> Finding | None:
    """Find a loss that fell and has risen again."""
    losses = _losses(run)
    if len(losses) < FEWEST_STEPS or losses[-1] >= losses[0]:
        return None
    lowest = min(losses)
    if losses[-1] <= lowest * RISE or losses[-1] - lowest < (losses[0] - lowest) / 4:
        return None
    return Finding(
        "loss rises again",
        f"the mean loss fell from {losses[0]:.3f} to {lowest:.3f} and is {losses[-1]:.3f} now",
        "The steps have become too large: lower optimizer.learning_rate, or let the schedule fall",
    )


def overfitting(run: RunDirectory) -> Finding | None:
    """Find a held-out loss that has risen since its best measurement."""
    measured = [one for one in run.evaluations if "validation_loss" in one]
    if len(measured) < 2:
        return None
    best = min(measured, key=lambda one: one["validation_loss"])
    lowest, last = best["validation_loss"], measured[-1]["validation_loss"]
    if last <= lowest * OVERFIT:
        return None
    return Finding(
        "overfitting",
        f"the held-out loss was {lowest:.3f} at step {best['step']:,.0f} and is {last:.3f} now",
        "The model learns its examples by heart: take fewer steps or epochs, more data, or more "
        "stage.dropout",
    )


def nothing_held_out(run: RunDirectory) -> Finding | None:
    """Find a run that measures nothing on data it is not trained on."""
    if run.setting("stage.held_out_fraction") != 0 or run.setting("stage.held_out"):
        return None
    if run.setting("stage.score.monitor") is not None:
        return None
    return Finding(
        "nothing is held out",
        "stage.held_out_fraction is 0",
        "No number tells whether it learns more than its examples: hold some out",
    )


def no_leash(run: RunDirectory) -> Finding | None:
    """Find PPO that neither pays for distance from its reference nor has a limit of it."""
    if run.stage != "ppo" or run.setting("stage.kl_coefficient") != 0:
        return None
    if run.setting("stage.kl.maximum") is not None:
        return None
    return Finding(
        "no leash",
        "stage.kl_coefficient is 0 and stage.kl.maximum is none",
        "Nothing keeps the policy near its reference, and it will find the errors of any reward: "
        "set one of them, or a stage.score.monitor",
    )


def one_answer(run: RunDirectory) -> Finding | None:
    """Find that all prompts get one and the same answer."""
    answers = _answers(_last(run.samples))
    if len(answers) < 3 or len(set(answers)) > 1 or not answers[0]:
        return None
    return Finding(
        "one answer to every prompt",
        f"all {len(answers)} sample answers are {answers[0][:60]!r}",
        "The prompt no longer matters: in ppo the reward pays for this answer, so raise "
        "stage.kl_coefficient or mend the reward; in sft look for that answer in the data",
    )


def empty_answers(run: RunDirectory) -> Finding | None:
    """Find that half of the sample answers say nothing."""
    answers = _answers(_last(run.samples))
    empty = answers.count("")
    if not answers or 2 * empty < len(answers):
        return None
    return Finding(
        "empty answers",
        f"{empty} of {len(answers)} sample answers end at once",
        "Ending pays more than answering: raise the reward of good answers above that of none, or "
        "look for empty answers in the demonstrations",
    )


def circles(run: RunDirectory) -> Finding | None:
    """Find sample answers that repeat the same words over and over."""
    answers = _answers(_last(run.samples))
    round_ = [answer for answer in answers if goes_round(answer.split())]
    if not round_ or 2 * len(round_) < len(answers):
        return None
    return Finding(
        "answers go round in circles",
        f"{len(round_)} of {len(answers)} sample answers repeat themselves, as {round_[0][:60]!r}",
        "Train sft for longer or on longer answers; in ppo the reward pays for repetition: raise "
        "stage.kl_coefficient or punish it",
    )


def unchanged_answers(run: RunDirectory) -> Finding | None:
    """Find that training has not changed a single sample answer."""
    first = [one for one in run.samples if one["step"] == 0]
    last = _last(run.samples)
    if not first or not last or last[0]["step"] < FEWEST_STEPS or _answers(first) != _answers(last):
        return None
    return Finding(
        "answers have not changed",
        f"all {len(last)} sample answers are those of step 0 after {last[0]['step']:,} steps",
        "Training moves too little: raise optimizer.learning_rate, or lower stage.kl_coefficient",
    )


SYMPTOMS: Sequence[Symptom] = (
    not_finite,
    loss_stands_still,
    loss_rises,
    overfitting,
    nothing_held_out,
    no_leash,
    one_answer,
    empty_answers,
    circles,
    unchanged_answers,
)


def goes_round(words: Sequence[str]) -> bool:
    """Tell whether a text ends with the same 1 to 8 words at least `TURNS` times in a row."""
    for period in range(1, 9):
        tail = list(words[-period * TURNS :])
        if len(tail) == period * TURNS and tail == tail[-period:] * TURNS:
            return True
    return False


def _losses(run: RunDirectory) -> list[float]:
    """Average the loss over the tenth of the steps up to each; PPO's means nothing by itself."""
    if run.stage == "ppo":
        return []
    losses = [one["loss"] for one in run.steps if isfinite(one.get("loss", nan))]
    window = max(1, len(losses) // 10)
    # Sums up to each step: a mean for each would read a tenth of the run for every step.
    sums = [0.0, *accumulate(losses)]
    return [(sums[end] - sums[end - window]) / window for end in range(window, len(losses) + 1)]


def _last(samples: Samples) -> list[Mapping[str, Any]]:
    return [one for one in samples if one["step"] == samples[-1]["step"]]


def _answers(samples: Samples) -> list[str]:
    return [str(one["answer"]).strip() for one in samples]
