"""The measurements of PPO's monitor, read from its metrics."""

from dataclasses import dataclass
from pathlib import Path

from fledge.demo.real.config import RealDemoConfig
from fledge.demo.real.runs import ppo_steps
from fledge.errors import CheckpointError
from fledge.train.metrics_file import read_metrics

JUDGE, BELOW, EPISODE = "monitor/judge", "monitor/below", "episode"


@dataclass(frozen=True, slots=True)
class MonitorRecord:
    """Measurements of PPO's monitor."""

    means: dict[str, float]
    """The judge's means, by rollouts done."""
    stopped_early: bool
    """Whether PPO ended before its last rollout."""
    saved_best: bool
    """Whether the best policy was saved in place of the last, which the judge liked less."""


def read_monitor(run: Path, config: RealDemoConfig) -> MonitorRecord:
    """Read the monitor's measurements.

    A step carries the newest mean before it; the evaluation at the end carries the last one.

    Raises:
        CheckpointError: the run has no such measurement.
    """
    path = run / "metrics.jsonl"
    lines = [line for line in read_metrics(path) if JUDGE in line]
    if not lines:
        raise CheckpointError(
            f"{path} has no measurement of the monitor; delete {run} and run the demo again"
        )
    means: dict[int, float] = {}
    rollouts = 0
    for line in lines:
        if EPISODE in line:
            rollouts = round(line[EPISODE] / config.ppo_answers)
            done = rollouts - 1
        else:
            done = rollouts
        means[done - done % config.watch_every] = line[JUDGE]
    return MonitorRecord(
        means={str(done): mean for done, mean in means.items()},
        stopped_early=int(lines[-1]["step"]) < ppo_steps(config),
        saved_best=lines[-1].get(BELOW, 0.0) > 0,
    )
