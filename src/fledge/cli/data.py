"""`fledge data`: how well labellers agree, how models compare, and whose data a file holds."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from fledge.cli.messages import log_to_terminal
from fledge.cli.options import SkipBad, tell_skipped

if TYPE_CHECKING:
    from fledge.data import Skipped
    from fledge.feedback.records import Ranking, Rating

EXAMPLE = "Example: `fledge data agreement rankings.jsonl ratings.jsonl`"

app = typer.Typer(
    help="Look at people's feedback before a model learns from it.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    epilog=EXAMPLE,
)

Judged = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE...",
        help="Rankings, pairs or ratings, in any format that fledge reads.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the numbers as JSON.")]
ResampleSeed = Annotated[int, typer.Option("--seed", help="Seed of the redrawn prompts.")]


@app.command(epilog=EXAMPLE)
def agreement(
    files: Judged,
    json: AsJson = False,
    seed: ResampleSeed = 0,
    skip_bad: SkipBad = False,
) -> None:
    """Tell how well labellers agree, with 95 % intervals.

    Pairwise agreement, Krippendorff's alpha of orders, marks and flags, known answers (gold), and
    time, of all and of each labeller.
    """
    from fledge.cli.feedback_tables import as_json, print_agreement
    from fledge.data import Skipped
    from fledge.feedback.agreement import agreement as measure

    log_to_terminal()
    skipped = Skipped() if skip_bad else None
    report = measure(_judgements(files, skipped), seed)
    tell_skipped(skipped)
    if json:
        typer.echo(as_json(report))
    else:
        print_agreement(report)


@app.command(epilog="Example: `fledge data scores rankings.jsonl`")
def scores(
    files: Judged,
    json: AsJson = False,
    seed: ResampleSeed = 0,
    skip_bad: SkipBad = False,
) -> None:
    """Score models by people's orders of their answers (Bradley-Terry), with 95 % intervals.

    A tie is half a win for each. Ratings compare nothing.
    """
    from fledge.cli.feedback_tables import as_json, print_scores
    from fledge.data import Skipped
    from fledge.errors import DataError
    from fledge.feedback.bradley_terry import model_scores
    from fledge.feedback.records import Ranking

    log_to_terminal()
    skipped = Skipped() if skip_bad else None
    rankings = (one for one in _judgements(files, skipped) if isinstance(one, Ranking))
    report = model_scores(rankings, seed)
    tell_skipped(skipped)
    if not report:
        raise DataError(
            f"{', '.join(files)}: no order compares the answers of two models; expected the "
            '"model" of each response in rankings, or "chosen_model" and "rejected_model" in pairs'
        )
    if json:
        typer.echo(as_json(report))
    else:
        print_scores(report)


def _judgements(files: list[str], skipped: "Skipped | None") -> "Iterator[Ranking | Rating]":
    from fledge.data.judgement_records import judgement_from
    from fledge.data.sources import stream_placed

    return (
        placed.item
        for placed in stream_placed(files, judgement_from, skipped=skipped, kind="judgements")
    )
