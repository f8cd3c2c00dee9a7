"""The curves of the demo's stages, read from their `metrics.jsonl`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from fledge.errors import CheckpointError
from fledge.evaluate.charts import Chart, Curve
from fledge.train.metrics_file import read_metrics

Wanted = tuple[str, str, str, Mapping[str, str]]
"""Title, unit, run, and the metrics with their names in the legend."""

CHARTS: Sequence[Wanted] = (
    ("Pretraining", "loss, nats per token", "pretrain", {"loss": "loss"}),
    ("SFT", "loss, nats per token of the answers", "sft", {"loss": "loss"}),
    ("Reward model", "loss, nats per pair", "reward", {"loss": "loss"}),
    ("PPO: reward", "reward model's score", "ppo", {"objective/scores": "score"}),
    ("PPO: distance", "nats per answer from the SFT model", "ppo", {"objective/kl": "KL"}),
    ("PPO: length", "tokens of an answer", "ppo", {"val/answer_length": "length"}),
    (
        "PPO: health",
        "shares",
        "ppo",
        {
            "val/eos_rate": "answers that end",
            "val/explained_variance": "variance the critic explains",
            "policy/clipfrac_avg": "tokens clipped",
        },
    ),
)


def charts(output: Path, wanted: Sequence[Wanted] = CHARTS) -> list[Chart]:
    """Read a chart for each entry of `wanted`."""
    lines = {run: read_metrics(output / run / "metrics.jsonl") for _, _, run, _ in wanted}
    return [
        Chart(
            title=title,
            unit=unit,
            curves=[_curve(name, metric, lines[run]) for metric, name in metrics.items()],
        )
        for title, unit, run, metrics in wanted
    ]


def last_evaluation(run: Path) -> dict[str, float]:
    """Return the last measurement on held-out data.

    Raises:
        CheckpointError: the run has none.
    """
    path = run / "metrics.jsonl"
    found = [line for line in read_metrics(path) if not _is_step(line)]
    if not found:
        raise CheckpointError(f"{path} has no evaluation; delete {run} and run the demo again")
    return found[-1]


def _curve(name: str, metric: str, lines: Sequence[Mapping[str, float]]) -> Curve:
    """Make the curve of the training steps, without the evaluations between them."""
    points = [line for line in lines if _is_step(line) and metric in line]
    return Curve(
        name=name,
        steps=[int(line["step"]) for line in points],
        values=[line[metric] for line in points],
    )


def _is_step(line: Mapping[str, float]) -> bool:
    """Tell whether the line belongs to a training step: only those have a time."""
    return "seconds" in line
