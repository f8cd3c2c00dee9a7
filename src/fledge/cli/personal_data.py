"""Look through files for personal data: list it, and write the records without it."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

import typer

from fledge.data import Skipped, read_records
from fledge.data.personal import Find, Treatment, finds_in, treated
from fledge.data.records import Located
from fledge.files import explained, whole_file
from fledge.text.printable import printable

LISTED = 100
NAMES = {"mail": "mail addresses", "phone": "phone numbers", "card": "card numbers"}


def look_through(
    files: Sequence[str],
    output: Path | None,
    treatment: Treatment,
    everything: bool,
    skipped: Skipped | None,
) -> None:
    """List personal data with file, line and field, and write the treated records to `output`."""
    counts: Counter[str] = Counter()
    records = touched = 0
    with ExitStack() as stack:
        written = None if output is None else stack.enter_context(_lines_to(output))
        for record in _all_records(files, skipped):
            finds = finds_in(record)
            records, touched = records + 1, touched + bool(finds)
            for find in finds:
                counts[find.kind] += 1
                if everything or counts.total() <= LISTED:
                    _tell(find)
            kept = treated(record, finds, treatment)
            if written is not None and kept is not None:
                written.write(json.dumps(kept, ensure_ascii=False) + "\n")
    more = 0 if everything else max(0, counts.total() - LISTED)
    if more:
        typer.echo(f"… and {more:,} more; --all lists them")
    said = ", ".join(f"{counts[kind]:,} {NAMES[kind]}" for kind in NAMES)
    typer.echo(f"{said} in {touched:,} of {records:,} records", err=True)
    if output is not None:
        left = records - touched if treatment == "drop" else records
        typer.echo(f"{output}: {left:,} records", err=True)


def _all_records(files: Sequence[str], skipped: Skipped | None) -> Iterator[Located]:
    for file in files:
        yield from read_records(file, skipped=skipped)


def _tell(find: Find) -> None:
    place = f"{find.path}:{find.line}: {find.kind} {find.masked} in {find.field!r}"
    typer.echo(printable(place))


@contextmanager
def _lines_to(output: Path) -> Iterator[TextIO]:
    """Open a file that appears whole or not at all."""
    with (
        whole_file(output, "file") as unfinished,
        explained(output, "file"),
        unfinished.open("w", encoding="utf-8", newline="\n") as file,
    ):
        yield file
