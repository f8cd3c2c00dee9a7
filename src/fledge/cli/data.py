"""`fledge data`: how well labellers agree, how models compare, and whose data a file holds."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fledge.cli.database import DatabaseOption, default_database
from fledge.cli.messages import log_to_terminal
from fledge.cli.options import SkipBad, refuse_ignored, tell_skipped
from fledge.cli.output import check_own_directory, check_writable
from fledge.errors import ConfigError, DataError

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
    if not report.people:
        raise DataError(
            f"{', '.join(files)}: none of {report.num_records:,} records names who judged; "
            'expected a "labeler" in each'
        )
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


@app.command(epilog="Example: `fledge data personal chats.jsonl -o clean.jsonl`")
def personal(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help="Records or texts of any kind.", show_default=False),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="JSONL to write, without the finds."),
    ] = None,
    treatment: Annotated[
        Literal["replace", "mark", "drop"] | None,
        typer.Option(
            "--how",
            help="Write [mail], [phone], [card] in their place; list them in a field; or leave "
            "the record out.",
            show_default="replace",
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="List every find, not the first 100.")
    ] = False,
    skip_bad: SkipBad = False,
) -> None:
    """Find mail addresses, phone numbers and card numbers, with file and line.

    Names and postal addresses are not found: no pattern tells them from other words.
    """
    from fledge.cli.personal_data import look_through
    from fledge.data import Skipped

    if output is None:
        refuse_ignored("without --output nothing is written", {"--how": treatment})
    elif any(Path(file).resolve() == output.resolve() for file in files):
        raise ConfigError(f"{output} is read; name another file to write")
    else:
        check_writable(output)
    log_to_terminal()
    skipped = Skipped() if skip_bad else None
    look_through(files, output, treatment or "replace", everything, skipped)
    tell_skipped(skipped)


@app.command("export-feedback", epilog="Example: `fledge data export-feedback feedback`")
def export_feedback(
    directory: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Folder to write.", show_default=False)
    ],
    database: DatabaseOption = None,
) -> None:
    """Write the feedback of everybody who allows training, under pseudonyms.

    rankings.jsonl for `fledge reward`, demonstrations.jsonl for `fledge sft`, and ratings.jsonl.
    """
    from fledge.database import open_database
    from fledge.database.team_feedback import FILES, write_team_feedback

    source = database or default_database()
    if database is None and not default_database().exists():
        raise ConfigError(f"{source}: there is no database; name one with --database")
    check_own_directory(directory, frozenset(FILES))
    opened = open_database(source)
    try:
        counts = write_team_feedback(opened.training_data, directory)
    finally:
        opened.close()
    for name, count in counts.items():
        typer.echo(f"{directory / name}: {count:,} records", err=True)


def _judgements(files: list[str], skipped: "Skipped | None") -> "Iterator[Ranking | Rating]":
    from fledge.data.judgement_records import judgement_from
    from fledge.data.sources import stream_placed

    return (
        placed.item
        for placed in stream_placed(files, judgement_from, skipped=skipped, kind="judgements")
    )
