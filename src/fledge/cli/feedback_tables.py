"""Print what people's feedback is worth: agreement, and scores of models, as tables or JSON."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fledge.feedback.agreement import Agreement
from fledge.feedback.bradley_terry import ModelScore
from fledge.feedback.resampling import Estimate
from fledge.text.printable import printable

UNKNOWN = "–"
FOOTNOTE = (
    "Two ties of the same answers agree; a tie agrees by half with an order. Alpha is "
    "Krippendorff's, ordinal for orders and marks, nominal for flags. The intervals are from "
    "redrawn prompts."
)


def as_json(report: Agreement | Mapping[str, ModelScore]) -> str:
    """Write a report as JSON; null is what the data do not determine."""
    value = asdict(report) if is_dataclass(report) else {k: asdict(v) for k, v in report.items()}
    return json.dumps(value, ensure_ascii=False, indent=1)


def print_agreement(report: Agreement) -> None:
    """Print agreement of all, then a row for each labeller."""
    console = Console(highlight=False)
    left_out = f", {report.num_unnamed:,} without a labeller left out" if report.num_unnamed else ""
    console.print(
        f"{report.num_records:,} records{left_out}: {len(report.people):,} labellers, "
        f"{report.num_prompts:,} prompts"
    )
    console.print(_agreement_table(report))
    if report.people:
        console.print(_people_table(report))
    console.print(FOOTNOTE, style="dim")


def print_scores(report: Mapping[str, ModelScore]) -> None:
    """Print a row for each model, the best first, and what its score does not tell."""
    console = Console(highlight=False)
    num_clusters = 1 + max(score.cluster for score in report.values())
    table = _table("model", "score", "95 %", "wins against the mean", "won", "of")
    for cluster in range(num_clusters):
        for model, score in report.items():
            if score.cluster == cluster:
                table.add_row(
                    Text(printable(model) + ("" if score.bounded else " *")),
                    f"{score.score.value:+.2f}",
                    _range(score.score, "{:+.2f}"),
                    f"{1 / (1 + math.exp(-score.score.value)):.0%}",
                    f"{score.wins:g}",
                    f"{score.comparisons:,}",
                )
        if cluster + 1 < num_clusters:
            table.add_section()
    console.print(table)
    if num_clusters > 1:
        console.print(
            f"The models fall into {num_clusters} groups that were never compared, not even "
            "through others: scores compare only within a group."
        )
    if not all(score.bounded for score in report.values()):
        console.print(
            "* Some of these won, or lost, every comparison with the rest: how far apart they are "
            "is not known; more comparisons would tell."
        )


def _agreement_table(report: Agreement) -> Table:
    table = _table("all labellers", "value", "95 %", "of")
    pairs = report.pairs
    _share(table, "pairwise agreement", pairs.agreement, f"{pairs.num_pairs:,} pairs")
    _share(table, "  where neither tied", pairs.strict, "")
    for size, alpha in report.orders.items():
        _alpha(table, f"alpha, orders of {size}", alpha, "")
    if report.ratings is not None:
        _alpha(table, "alpha, marks", report.ratings, "")
    for name, flag in report.flags.items():
        _alpha(table, f"alpha, flag {name!r}", flag.alpha, f"raised in {flag.share:.1%}")
    if report.num_gold:
        _share(table, "gold", report.gold, f"{report.num_gold:,} known")
    if report.seconds is not None:
        first, median, third = report.seconds
        half = f"half: {first:.0f} to {third:.0f}"
        table.add_row("seconds a task", f"{median:.0f}", "", half)
    return table


def _people_table(report: Agreement) -> Table:
    table = _table("labeller", "tasks", "agreement", "95 %", "gold", "seconds a task")
    for name, person in report.people.items():
        table.add_row(
            Text(printable(name)),
            f"{person.tasks:,}",
            _value(person.agreement, "{:.1%}"),
            _range(person.agreement, "{:.1%}"),
            f"{_value(person.gold, '{:.0%}')} of {person.num_gold:,}" if person.gold else UNKNOWN,
            UNKNOWN if person.seconds is None else f"{person.seconds:.0f}",
        )
    return table


def _share(table: Table, name: str, share: Estimate | None, of: str) -> None:
    table.add_row(name, _value(share, "{:.1%}"), _range(share, "{:.1%}"), of)


def _alpha(table: Table, name: str, alpha: Estimate | None, of: str) -> None:
    table.add_row(Text(printable(name)), _value(alpha, "{:.3f}"), _range(alpha, "{:.3f}"), of)


def _value(estimate: Estimate | None, form: str) -> str:
    return UNKNOWN if estimate is None else form.format(estimate.value)


def _range(estimate: Estimate | None, form: str) -> str:
    if estimate is None or estimate.low is None or estimate.high is None:
        return UNKNOWN
    return f"{form.format(estimate.low)} to {form.format(estimate.high)}"


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, padding=(0, 2), pad_edge=False)
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="left" if name == "of" else "right")
    return table
