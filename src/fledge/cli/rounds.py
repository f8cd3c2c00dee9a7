"""`fledge rounds`: look at the rounds of a place, promote by hand, roll back."""

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fledge.text.printable import printable

if TYPE_CHECKING:
    from fledge.checkpoint.promotions import Promotion

EXAMPLE = "Example: `fledge rounds status home`"

app = typer.Typer(
    help="Look at the rounds of a place, promote by hand, roll back.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    epilog=EXAMPLE,
)

Place = Annotated[
    Path, typer.Argument(metavar="PLACE", help="Folder of the rounds.", show_default=False)
]
By = Annotated[
    str | None,
    typer.Option("--by", metavar="NAME", help="Who decides.", show_default="your user name"),
]
Because = Annotated[str, typer.Option("--because", metavar="TEXT", help="Reason, for the history.")]


@app.command(epilog=EXAMPLE)
def status(place: Place) -> None:
    """Show the rounds of a place, with the gate's conditions, and the model that it offers."""
    from fledge.rounds.status import status_lines

    say(status_lines(place.resolve()))


@app.command(epilog="Example: `fledge rounds history home`")
def history(place: Place) -> None:
    """Show every promotion and roll-back of a place, with its reason."""
    from fledge.checkpoint.promotions import read_promotions

    say([described(each) for each in read_promotions(place)])


@app.command(epilog="Example: `fledge rounds lineage home --person ann`")
def lineage(
    place: Place,
    number: Annotated[
        int | None,
        typer.Option("--round", metavar="N", help="Round.", show_default="the promoted one"),
    ] = None,
    person: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="List the models that learned from this person."),
    ] = None,
) -> None:
    """Show the data, with digests, and the people that a model learned from."""
    from fledge.rounds.status import lineage_lines, person_lines

    root = place.resolve()
    say(lineage_lines(root, number) if person is None else person_lines(root, person))


@app.command(epilog='Example: `fledge rounds promote home 2 --because "the team likes it more"`')
def promote(
    place: Place,
    number: Annotated[
        int, typer.Argument(metavar="ROUND", help="Round to promote.", show_default=False)
    ],
    because: Because,
    by: By = None,
) -> None:
    """Promote a round's model by hand, whatever the gate found; the history tells who and why."""
    from fledge.rounds.history import promote_by_hand

    say([described(promote_by_hand(place.resolve(), number, by or getpass.getuser(), because))])


@app.command("roll-back", epilog="Example: `fledge rounds roll-back home`")
def roll_back(
    place: Place,
    to: Annotated[
        int | None,
        typer.Option(
            "--to", metavar="N", help="Round; 0 is the base.", show_default="the one before"
        ),
    ] = None,
    because: Because = "",
    by: By = None,
) -> None:
    """Offer an earlier model again: the one before, or that of a round."""
    from fledge.rounds.history import roll_back as back

    say([described(back(place.resolve(), by or getpass.getuser(), because, to))])


@app.command("give-up", epilog="Example: `fledge rounds give-up home`")
def give_up(place: Place, because: Because = "A person gave the round up.") -> None:
    """End an unfinished round without a model; its data stays for the rounds after it."""
    from fledge.rounds.history import give_up as end
    from fledge.rounds.lock import alone

    root = place.resolve()
    with alone(root):
        files = end(root, because)
    say([f"round {files.number} is given up"])


@app.command("leave-out", epilog="Example: `fledge rounds leave-out home ann`")
def leave_out(
    place: Place,
    people: Annotated[
        list[str],
        typer.Argument(metavar="PERSON...", help="Names in the records.", show_default=False),
    ],
) -> None:
    """Leave people out of all later rounds, and list the models that learned from them."""
    from fledge.checkpoint.promotions import read_promotions
    from fledge.rounds.history import leave_out as leave
    from fledge.rounds.status import person_lines

    root = place.resolve()
    read_promotions(root)
    everybody = leave(root, people)
    say([f"left out of the next rounds: {', '.join(everybody)}"])
    for person in people:
        say(person_lines(root, person))


def described(promotion: "Promotion") -> str:
    """Describe an event of the history in one line."""
    model = "the base" if promotion.round == 0 else f"round {promotion.round}"
    numbers = ", ".join(f"{name} {value:.3f}" for name, value in promotion.numbers.items())
    return f"{promotion.at}  {promotion.event}: {model}, by {promotion.by}: {promotion.why}" + (
        f" ({numbers})" if numbers else ""
    )


def say(lines: list[str]) -> None:
    """Print lines that no terminal obeys."""
    for line in lines:
        typer.echo(printable(line))
