"""Sources of records: files and folders of text, JSON, CSV or Parquet, and `hub:` datasets."""

import difflib
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from fledge.data.exports import Kind, Unfolding
from fledge.data.folders import PACKED, open_folder
from fledge.data.readers import READERS, read_hub
from fledge.data.records import Located, Placed, Skipped, refuse
from fledge.data.unread import Unread
from fledge.errors import DataError, RecordError
from fledge.files import file_hash

HUB = "hub:"

Source = Path | str
Parsed = TypeVar("Parsed")

_log = logging.getLogger(__name__)


def read_records(
    path: Source, skip_bad: bool = False, skipped: Skipped | None = None
) -> Iterator[Located]:
    """Read a file, a folder or `hub:NAME[:split]` in order; a text document is `{"text"}`.

    A folder is its texts, one document each, or its record files, found recursively and sorted; a
    warning names the files left out. `skipped` collects bad records and implies `skip_bad`.

    Raises:
        DataError: the source is missing, empty, unreadable, of an unknown kind, or a folder of
            both texts and records.
        RecordError: a record cannot be read, unless bad records are skipped.
    """
    bad = skipped if skipped is not None or not skip_bad else Skipped()
    if str(path).startswith(HUB):
        yield from _not_empty(str(path), read_hub(str(path).removeprefix(HUB)), bad)
        return
    if (folder := Path(path)).is_dir():
        for remark in open_folder(folder).remarks():
            _log.warning("%s", remark)
    for file in files_of(Path(path)):
        records = READERS[file.suffix.lower()](file, bad)
        yield from _not_empty(str(file), records, bad)
    if bad and skipped is None:
        _log.warning("%s", bad.summary())


def read_texts(path: Source, skipped: Skipped | None = None) -> Iterator[str]:
    """Read documents to pretrain on: the `text` of records that have a visible character."""
    unread = Unread()
    for record in read_records(path, skipped=skipped):
        text = record.take("text")
        if isinstance(text, str):
            unread.note(record)
            if text.strip():
                yield text
            continue
        error = record.error('a "text" field that holds a string', record.describe("text"))
        refuse(error, skipped)
    unread.warn()


def load_with(
    paths: Source | Iterable[Source],
    parse: Callable[[Located], Parsed],
    skip_bad: bool = False,
    skipped: Skipped | None = None,
    kind: Kind | None = None,
) -> list[Parsed]:
    """Parse the records of `paths`, of which there must be one.

    With a `kind`, records of other tools' exports are opened into those of that kind.
    """
    return [placed.item for placed in stream_placed(paths, parse, skip_bad, skipped, kind)]


def load_placed(
    paths: Source | Iterable[Source],
    parse: Callable[[Located], Parsed],
    skip_bad: bool = False,
    skipped: Skipped | None = None,
    kind: Kind | None = None,
) -> list[Placed[Parsed]]:
    """Parse as `load_with`, and keep the file and line of each."""
    return list(stream_placed(paths, parse, skip_bad, skipped, kind))


def stream_placed(
    paths: Source | Iterable[Source],
    parse: Callable[[Located], Parsed],
    skip_bad: bool = False,
    skipped: Skipped | None = None,
    kind: Kind | None = None,
) -> Iterator[Placed[Parsed]]:
    """Yield what `load_placed` returns, one by one, and end with its warnings and errors."""
    bad = skipped if skipped is not None or not skip_bad else Skipped()
    sources = as_sources(paths)
    unread, unfold = Unread(), Unfolding(kind)
    usable = False
    for record in _opened(sources, unfold, bad):
        try:
            placed = Placed(parse(record), record.path, record.line)
            unread.note(record)
        except RecordError as error:
            refuse(error, bad)
            continue
        usable = True
        yield placed
    unread.warn()
    unfold.tell()
    if not usable:
        names = ", ".join(map(str, sources)) or "no file given"
        raise DataError(f"{names}: no usable record" + (f"\n{bad.summary()}" if bad else ""))
    if bad and skipped is None:
        _log.warning("%s", bad.summary())


def _opened(sources: Sequence[Source], unfold: Unfolding, bad: Skipped | None) -> Iterator[Located]:
    for source in sources:
        for record in read_records(source, skipped=bad):
            try:
                yield from unfold(record)
            except RecordError as error:
                refuse(error, bad)


def as_sources(paths: Source | Iterable[Source]) -> list[Source]:
    """Return one source or many as a list."""
    return [paths] if isinstance(paths, Path | str) else list(paths)


def files_of(path: Path) -> list[Path]:
    """List the files that `path` stands for: itself, or the readable ones in it, sorted."""
    if path.is_dir():
        return list(open_folder(path).files)
    if not path.is_file():
        raise DataError(f"{path}: no such file or folder{_near(path)}")
    if path.suffix.lower() not in READERS:
        unpack = "; unpack it first" if path.suffix.lower() in PACKED else ""
        raise DataError(
            f"{path}: unknown kind of file {path.suffix or '(no extension)'!r}; "
            f"known: {', '.join(sorted(READERS))}, a folder, or {HUB}NAME{unpack}"
        )
    return [path]


def _not_empty(name: str, records: Iterator[Located], skipped: Skipped | None) -> Iterator[Located]:
    """Yield the records, of which there must be one, good or bad."""
    skipped_before = 0 if skipped is None else len(skipped)
    first = next(records, None)
    if first is not None:
        yield first
        yield from records
    elif skipped is None or len(skipped) == skipped_before:
        raise DataError(f"{name}: the source is empty; expected at least one record or document")


def _near(path: Path) -> str:
    if not path.parent.is_dir():
        return f" (nor is there a folder {path.parent})"
    names = [entry.name for entry in path.parent.iterdir()]
    close = difflib.get_close_matches(path.name, names, n=1)
    return f"; did you mean {path.parent / close[0]}?" if close else ""


def source_hashes(sources: Sequence[str]) -> dict[str, str]:
    """Hash every file that sources name (sha256); "" for a dataset of the hub."""
    hashes = {}
    for source in sources:
        if source.startswith(HUB):
            hashes[source] = ""
            continue
        hashes.update({str(file): file_hash(file) for file in files_of(Path(source))})
    return hashes
