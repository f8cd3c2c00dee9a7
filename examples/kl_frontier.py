"""Draw how much of a gold score PPO gains for its KL: a sweep over β and seeds, with intervals.

Without a run file, it raises a tiny chat model and trains it against a reward with a flaw:

    python examples/kl_frontier.py frontier --betas 0 0.03 0.3 --seeds 0 1 2

With one, it sweeps that run, which needs `stage.score.gold`; further words change its settings:

    python examples/kl_frontier.py frontier my-ppo.toml optimizer.steps=200

Stopped, it goes on where it was: finished runs are not trained again, the others resume. It writes
`frontier.json` and `frontier.png` beside the runs.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import atan, cos, pi, sin, sqrt
from pathlib import Path
from statistics import fmean, stdev

from matplotlib.figure import Figure
from ppo_with_a_function import raise_chat_model

from fledge.config import load_toml, parse_section
from fledge.errors import ConfigError
from fledge.runs.run import Run, execute
from fledge.stages.doctor import rollouts_of
from fledge.train.metrics_file import read_metrics

WANTED_WORDS = 8
CONFIDENCE = 0.95
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


def reward(prompts: list[str], responses: list[str]) -> list[float]:
    """Pay for words, whichever they are: the flaw."""
    return [
        min(len(response.split()), 2 * WANTED_WORDS) / WANTED_WORDS - 1 for response in responses
    ]


def gold(prompts: list[str], responses: list[str]) -> list[float]:
    """Pay for eight different words, and fine every word beyond them and every repetition."""
    scores = []
    for response in responses:
        words = response.lower().split()
        different = min(len(set(words)), WANTED_WORDS)
        scores.append((different - (len(words) - different)) / WANTED_WORDS)
    return scores


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds with the half-width of its 95 % interval; none of a single seed."""

    mean: float
    half_width: float | None

    @classmethod
    def of(cls, values: Sequence[float]) -> "Estimate":
        """Estimate the mean by Student's t."""
        if len(values) < 2:
            return cls(fmean(values), None)
        freedom = len(values) - 1
        return cls(fmean(values), t_quantile(freedom) * stdev(values) / len(values) ** 0.5)


def t_quantile(freedom: int) -> float:
    """Return how far Student's t lies from 0 at most, with a chance of `CONFIDENCE`."""
    low, high = 0.0, 1.0
    while chance_within(high, freedom) < CONFIDENCE:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if chance_within(middle, freedom) < CONFIDENCE else (low, middle)
    return high


def chance_within(t: float, freedom: int) -> float:
    """Return the chance that Student's t lies between −t and t: Abramowitz and Stegun, 26.7.3–4."""
    angle = atan(t / sqrt(freedom))
    odd = freedom % 2
    term = cos(angle) if odd else 1.0
    total = 0.0
    for step in range(freedom // 2):
        total += term
        term *= cos(angle) ** 2 * (2 * step + 1 + odd) / (2 * step + 2 + odd)
    return 2 / pi * (angle + sin(angle) * total) if odd else sin(angle) * total


@dataclass(frozen=True)
class Point:
    """The runs of one β: held-out KL, gold score and reward at the end, and the way there."""

    beta: float
    seeds: int
    kl: Estimate
    gold: Estimate
    reward: Estimate
    path: list[tuple[float, float]]
    """Mean KL and gold score of each rollout that all seeds have."""


def main(words: Sequence[str] | None = None) -> list[Point]:
    """Train every run that is not finished, then print the table and draw the figure."""
    options = arguments().parse_args(words)
    output: Path = options.output
    base = options.run or write_default_run(output, options.steps)
    points = []
    for beta in options.betas:
        outputs = [output / f"beta-{beta:g}" / f"seed-{seed}" for seed in options.seeds]
        for seed, directory in zip(options.seeds, outputs, strict=True):
            print(f"β = {beta:g}, seed {seed}", flush=True)
            execute(one_run(base, options.changes, beta, seed, directory))
        points.append(point_of(beta, outputs))
    print(table(points))
    values = [asdict(point) for point in points]
    (output / "frontier.json").write_text(json.dumps(values, indent=1), encoding="utf-8")
    draw(points).savefig(output / "frontier.png", dpi=150)
    return points


def arguments() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path, help="directory of the sweep")
    parser.add_argument("run", type=Path, nargs="?", help="run file of stage ppo")
    parser.add_argument("changes", nargs="*", help="changes to it, as stage.epochs=1")
    parser.add_argument("--betas", type=float, nargs="+", default=[0.0, 0.03, 0.3])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=40, help="of a run without a run file")
    return parser


def one_run(base: Path, changes: Sequence[str], beta: float, seed: int, output: Path) -> Run:
    """Return the run of one β and one seed."""
    own = [f"stage.kl_coefficient={beta}", f"seed={seed}", f"output={json.dumps(str(output))}"]
    run = load_toml(base, Run, [*changes, *own])
    if run.stage.name != "ppo" or run.stage.score.gold is None:
        raise ConfigError(f"{base}: expected a run of stage ppo with stage.score.gold")
    return run


def write_default_run(output: Path, steps: int) -> Path:
    """Raise a chat model, unless it is there, and write the run of PPO to sweep."""
    policy = raise_chat_model(output)
    values = {
        "output": str(output / "ppo"),
        "stage": {
            "name": "ppo",
            "policy": str(policy),
            "reward": f"{Path(__file__).resolve()}:reward",
            "prompts": [str(output / "demonstrations.jsonl")],
            "rollout": {"examples": 64, "max_new_tokens": 32},
            "held_out_fraction": 0.15,
            "kl": {"maximum": 60.0},
            "score": {"gold": f"{Path(__file__).resolve()}:gold"},
            "critic": {"keep": False},
        },
        "batch": {"examples": 32},
        "optimizer": {"learning_rate": 1e-3, "weight_decay": 0.0, "steps": steps},
        "checkpoint": {"keep": 1},
    }
    run = parse_section(values, Run, source="example")
    return write_toml(output / "ppo.toml", run)


def write_toml(path: Path, run: Run) -> Path:
    """Write the settings that a run sets, one dotted key a line."""
    lines: list[str] = []

    def add(prefix: str, values: dict[str, object]) -> None:
        for name, value in values.items():
            if isinstance(value, dict):
                add(f"{prefix}{name}.", value)
            else:
                lines.append(f"{prefix}{name} = {json.dumps(value)}")

    add("", run.model_dump(mode="json", exclude_unset=True))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def point_of(beta: float, outputs: Sequence[Path]) -> Point:
    """Read the metrics of a β's runs, one a seed."""
    lines = [read_metrics(output / "metrics.jsonl") for output in outputs]
    last = [[one for one in each if "seconds" not in one][-1] for each in lines]
    rollouts = [rollouts_of([one for one in each if "seconds" in one]) for each in lines]
    names = ("objective/kl", "objective/gold")
    path = [
        tuple(fmean(one[name] for one in step) for name in names)
        for step in zip(*rollouts, strict=False)
    ]
    kl, gold_score, score = (
        Estimate.of([one[name] for one in last]) for name in (*names, "objective/scores")
    )
    return Point(beta, len(outputs), kl, gold_score, score, [(kl, gold) for kl, gold in path])


def table(points: Sequence[Point]) -> str:
    """Set the held-out numbers side by side, as Markdown."""
    rows = [
        f"| {point.beta:g} | {shown(point.kl)} | {shown(point.gold)} | {shown(point.reward)} |"
        for point in points
    ]
    return "\n".join(
        ["| β | KL, nats an answer | gold score | reward |", "|---|---|---|---|", *rows]
    )


def shown(estimate: Estimate) -> str:
    """Write a mean with its interval: "0.512 ± 0.034"."""
    if estimate.half_width is None:
        return f"{estimate.mean:.3f}"
    return f"{estimate.mean:.3f} ± {estimate.half_width:.3f}"


def draw(points: Sequence[Point]) -> Figure:
    """Draw the way of each β over the rollouts, and its end on held-out prompts."""
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.add_subplot()
    for point, colour in zip(points, COLOURS * len(points), strict=False):
        axes.plot(*zip(*point.path, strict=True), color=colour, alpha=0.45, linewidth=1.2)
        axes.errorbar(
            point.kl.mean,
            point.gold.mean,
            xerr=point.kl.half_width,
            yerr=point.gold.half_width,
            color=colour,
            marker="o",
            capsize=3,
            label=f"β = {point.beta:g}",
        )
    axes.set_xlabel("KL from the reference, nats an answer")
    axes.set_ylabel("gold score")
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    return figure


if __name__ == "__main__":
    main()
