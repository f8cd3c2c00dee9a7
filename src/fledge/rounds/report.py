"""Report of a round: all numbers as JSON, and the same to read in Markdown."""

from collections.abc import Iterable, Mapping, Sequence

from fledge import __version__
from fledge.config import Config
from fledge.files import write_text
from fledge.rounds.comparison import Comparison
from fledge.rounds.files import RoundFiles, write_json
from fledge.rounds.gate import Verdict
from fledge.rounds.past import Begun, Used
from fledge.rounds.reward_report import Part, RewardReport

MOST_PAYS = 6
"""Rewards for nothing that the text names, the dearest first."""


class RewardReports(Config):
    """Reports of the reward model and of the judge: the round's `reward-report.json`."""

    reward: RewardReport
    judge: RewardReport


class RoundReport(Config):
    """All results of a round: its `report.json`."""

    fledge_version: str
    round: int
    begun: Begun
    used: Used
    reward: RewardReport
    judge: RewardReport
    comparison: Comparison | None
    """None where the reward model was refused before PPO."""
    verdict: Verdict


def write_report(
    files: RoundFiles,
    begun: Begun,
    used: Used,
    reports: RewardReports,
    comparison: Comparison | None,
    verdict: Verdict,
) -> RoundReport:
    """Write `report.json` and `report.md`.

    Raises:
        WriteError: the disk is full or not writable.
    """
    report = RoundReport(
        fledge_version=__version__,
        round=files.number,
        begun=begun,
        used=used,
        reward=reports.reward,
        judge=reports.judge,
        comparison=comparison,
        verdict=verdict,
    )
    write_json(files.report, report)
    write_text(files.report_text, markdown(report))
    return report


def markdown(report: RoundReport) -> str:
    """Write the report for people."""
    verdict = report.verdict
    head = "promoted" if verdict.promoted else "not promoted"
    parts = [
        f"# Round {report.round}: {head}",
        *([bullets(verdict.why)] if verdict.why else []),
        "## The gate",
        gate_table(verdict),
        "## Data",
        data_table(report.used),
        "## Reward model",
        reward_text(report.reward),
        "## Judge",
        part_table({"all held-out pairs": report.judge.whole}),
    ]
    if report.comparison is not None:
        parts += ["## New model against the current one", comparison_text(report.comparison)]
    return "\n\n".join(parts) + "\n"


def gate_table(verdict: Verdict) -> str:
    """Tabulate every condition with its value, limit and verdict."""
    rows = [
        (
            each.name,
            "" if each.measured is None else f"{each.measured:.3f}",
            f"{each.limit:g}",
            {True: "yes", False: "no", None: "not measured"}[each.passed],
        )
        for each in verdict.conditions
    ]
    return table(("condition", "measured", "limit", "met"), rows)


def data_table(used: Used) -> str:
    """Tabulate the records of each file that the runs read."""
    rows = [(name, f"{count:,}") for name, count in used.counts.items()]
    return table(("file", "records"), rows)


def reward_text(report: RewardReport) -> str:
    """Describe a reward model: accuracy by parts, calibration, and what it pays for."""
    named = {
        "all held-out pairs": report.whole,
        **_named("labeller", report.by_labeller),
        **_named("topic", report.by_topic),
        **_named("the better answer is", report.by_length),
        **_named("the better answer was listed", report.by_position),
    }
    lines = [
        part_table(named),
        f"Log loss {report.log_loss:.3f} nats per pair; calibration error "
        f"{report.calibration_error:.3f}.",
    ]
    if report.disagreement is not None:
        lines.append(f"The ensemble disagrees on {report.disagreement:.0%} of the pairs.")
    rows = [
        (pay.altered, f"{pay.bonus:+.3f}", f"{pay.share:+.0%}") for pay in report.pays[:MOST_PAYS]
    ]
    lines += [
        "Rewards for nothing, measured on held-out answers; the last column compares each with the "
        "usual difference between two answers to a question:",
        table(("added to an answer", "bonus", "of the usual difference"), rows),
    ]
    return "\n\n".join(lines)


def comparison_text(found: Comparison) -> str:
    """Describe the comparison of both models, with a few of their answers."""
    names = ("judge", "reward", "ends", "tokens", "distinct", "gold", "right")
    rows = []
    for name in names:
        before, after = getattr(found.current, name), getattr(found.new, name)
        if before is not None and after is not None:
            rows.append((name, f"{before:.3f}", f"{after:.3f}"))
    shown = [(cell(one.prompt), cell(one.current), cell(one.new)) for one in found.shown]
    return "\n\n".join(
        (
            f"The new model wins {found.win_rate:.1%} of the comparisons by the judge (95 %: "
            f"{found.low:.1%} to {found.high:.1%}), on {found.prompts:,} prompts with "
            f"{found.answers} answers each. It lies {found.kl:.2f} nats per answer from the model "
            "that the round started from.",
            table(("mean of", "current", "new"), rows),
            table(("prompt", "current", "new"), shown),
        )
    )


def part_table(parts: Mapping[str, Part]) -> str:
    """Tabulate accuracies with their intervals."""
    rows = [
        (name, f"{part.accuracy:.1%}", f"{part.low:.1%} to {part.high:.1%}", f"{part.pairs:,}")
        for name, part in parts.items()
    ]
    return table(("pairs", "ordered as people did", "95 %", "number"), rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def bullets(lines: Iterable[str]) -> str:
    """Write a list in Markdown."""
    return "\n".join(f"- {line}" for line in lines)


def cell(text: str) -> str:
    """Write any text as a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")[:200]


def _named(what: str, parts: Mapping[str, Part]) -> dict[str, Part]:
    return {f"{what} {name}": part for name, part in parts.items()}
