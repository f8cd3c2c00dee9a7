"""Examine a run: the findings that hold now, and those of PPO that have passed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from fledge.runs.doctor.directory import RunDirectory
from fledge.runs.doctor.symptoms import SYMPTOMS
from fledge.stages.doctor import REPORT_SYMPTOMS, Finding, Metrics, diagnose, rollouts_of

MOST_LOOKS = 200
"""Points of a run at which the past is looked at."""

NUMBERS: Mapping[str, str] = {
    "loss": "loss",
    "objective/scores": "reward",
    "objective/kl": "KL, nats an answer",
    "objective/gold": "gold score",
    "policy/entropy_avg": "entropy, nats a token",
    "val/answer_length": "answer, tokens",
    "val/eos_rate": "answers that end",
    "val/explained_variance": "critic explains",
}
"""Metrics of steps to show, by their names for people."""
HELD_OUT: Mapping[str, str] = {
    "validation_loss": "held-out loss",
    "accuracy": "held-out accuracy",
    "objective/scores": "held-out reward",
    "objective/kl_exact": "held-out KL, exact",
}
"""Metrics of measurements to show."""


@dataclass(frozen=True, slots=True)
class Course:
    """A number in the first and the last tenth of a run."""

    name: str
    first: float
    last: float


@dataclass(frozen=True, slots=True)
class Examination:
    """Findings and numbers of a run."""

    run: RunDirectory
    warnings: list[Finding]
    """Findings that hold at the end of what is written."""
    passed: list[tuple[int, Finding]]
    """Findings of PPO that held before, with the step after which each was first seen."""
    numbers: list[Course]


def examine(run: RunDirectory) -> Examination:
    """Look for every symptom."""
    rollouts = rollouts_of(run.steps)
    now = [] if run.stage != "ppo" else diagnose(rollouts)
    passed = _passed(rollouts, {finding.illness for finding in now})
    if run.stage == "reward" and run.evaluations:
        now += _of(symptom(run.evaluations[-1]) for symptom in REPORT_SYMPTOMS)
    now += _of(symptom(run) for symptom in SYMPTOMS)
    return Examination(run, now, passed, _numbers(run))


def _of(found: Iterable[Finding | None]) -> list[Finding]:
    return [finding for finding in found if finding is not None]


def _passed(rollouts: Sequence[Metrics], now: Collection[str]) -> list[tuple[int, Finding]]:
    """Replay the rollouts, and return what held once and does not hold at the end."""
    if not rollouts or "objective/kl" not in rollouts[0]:
        return []
    every = -(-len(rollouts) // MOST_LOOKS)
    first: dict[str, tuple[int, Finding]] = {}
    for end in range(1, len(rollouts) + 1, every):
        for finding in diagnose(rollouts[:end]):
            step = int(rollouts[end - 1]["step"])
            first.setdefault(finding.illness, (step, finding))
    return [seen for illness, seen in first.items() if illness not in now]


def _numbers(run: RunDirectory) -> list[Course]:
    courses = [
        _course(name, [one[metric] for one in run.steps if metric in one])
        for metric, name in NUMBERS.items()
        if (run.stage, metric) != ("ppo", "loss")  # its sign and size mean nothing
    ]
    courses += [
        _course(name, [one[metric] for one in run.evaluations if metric in one], share=0.0)
        for metric, name in HELD_OUT.items()
    ]
    return [one for one in courses if one is not None]


def _course(name: str, values: Sequence[float], share: float = 0.1) -> Course | None:
    """Average over the first and last part of the values; a share of 0 takes single ones."""
    if not values:
        return None
    window = max(1, int(len(values) * share))
    return Course(name, fmean(values[:window]), fmean(values[-window:]))
