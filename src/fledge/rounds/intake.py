"""Intake of a round: new records are copied into the place, with their digests and their people."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from fledge.config import Config
from fledge.data.records import Skipped, warn_of_skipped
from fledge.data.sources import source_hashes
from fledge.errors import ConfigError, DataError
from fledge.files import file_hash, write_directory
from fledge.rounds.files import RoundFiles, read_json, rounds_of, write_json
from fledge.rounds.records import KINDS, Given, Kind, lines_of_records, read_given, read_kept

MANIFEST = "manifest.json"
NOBODY = "(nobody named)"
"""Name of those whose records name nobody."""


class Manifest(Config):
    """Contents of a round's data, in its `data/manifest.json`."""

    sources: dict[str, str]
    """sha256 of every file that was given; "" for a dataset of the Hub."""
    files: dict[str, str]
    """sha256 of every file that was written."""
    counts: dict[str, int]
    """New records by kind."""
    repeated: int
    """Records that an earlier round had brought, and that were left out."""
    people: dict[str, dict[str, int]]
    """New records by person and kind."""


def take_in(place: Path, files: RoundFiles, sources: Sequence[str], skip_bad: bool) -> Manifest:
    """Copy the records of `sources` that no earlier round brought; a second call changes nothing.

    Raises:
        ConfigError: this round was begun with other data.
        DataError: nothing is new, or a source cannot be read.
    """
    path = files.given / MANIFEST
    if path.is_file():
        manifest = read_json(path, Manifest)
        _refuse_others(files, manifest, sources)
        return manifest
    skipped = Skipped() if skip_bad else None
    records = read_given(sources, skipped) if sources else []
    warn_of_skipped(skipped)
    known = {each.digest for each in brought(place, files.number - 1)}
    new = [each for each in records if each.digest not in known]
    if records and not new:
        raise DataError(
            f"{', '.join(sources)}: nothing new: earlier rounds brought all {len(records):,} "
            "records; add records, or leave --data out to learn from the same ones again"
        )
    hashes = source_hashes(sources)

    def write(directory: Path) -> None:
        for kind in KINDS:
            lines = lines_of_records([each for each in new if each.kind == kind])
            (directory / f"{kind}.jsonl").write_text(lines, encoding="utf-8")
        written = {f"{kind}.jsonl": file_hash(directory / f"{kind}.jsonl") for kind in KINDS}
        manifest = Manifest(
            sources=hashes,
            files=written,
            counts=dict(Counter(each.kind for each in new)),
            repeated=len(records) - len(new),
            people=people_of(new),
        )
        write_json(directory / MANIFEST, manifest)

    write_directory(files.given, write, "data of the round")
    return read_json(path, Manifest)


def brought(place: Path, until: int) -> list[Given]:
    """Return the records of all rounds up to one, oldest first.

    Raises:
        DataError: a file has changed since it was written.
    """
    records: list[Given] = []
    for files in rounds_of(place):
        if files.number > until or not (files.given / MANIFEST).is_file():
            continue
        manifest = read_json(files.given / MANIFEST, Manifest)
        for kind in KINDS:
            path = files.given / f"{kind}.jsonl"
            if not path.is_file() or file_hash(path) != manifest.files[path.name]:
                raise DataError(
                    f"{path}: changed or removed since the round took it in; restore it, so that "
                    "the place knows what its models learned from"
                )
            records += read_kept(path)
    return records


def people_of(records: Sequence[Given]) -> dict[str, dict[str, int]]:
    """Count records by person, then by kind."""
    counted: dict[str, Counter[Kind]] = {}
    for each in records:
        counted.setdefault(each.person or NOBODY, Counter())[each.kind] += 1
    return {person: dict(sorted(counted[person].items())) for person in sorted(counted)}


def _refuse_others(files: RoundFiles, manifest: Manifest, sources: Sequence[str]) -> None:
    if not sources:
        return
    if set(source_hashes(sources).values()) != set(manifest.sources.values()):
        raise ConfigError(
            f"{files.root}: this round is unfinished and began with other data "
            f"({', '.join(manifest.sources)}); leave --data out to go on with it, or give it up: "
            "fledge rounds give-up"
        )
