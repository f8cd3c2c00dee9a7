"""Sentence pairs: two aligned files, tab-separated lines, or records of translations."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fledge.data.readers import READERS
from fledge.data.records import Located, Skipped, refuse
from fledge.data.sources import HUB, files_of, load_with
from fledge.data.splits import split_by_key
from fledge.errors import DataError, RecordError
from fledge.text.decoding import decode, lines_of

ALIGNED = ","
"""Separator of the two files of an aligned pair, as in `train.en,train.fr`."""
TABBED = (".tsv", ".txt")
"""Endings of files with a source, a tab and a target in each line."""
MOST_EQUAL = 0.5
"""Share of pairs with equal sides above which a file is taken for the wrong one."""


@dataclass(frozen=True, slots=True)
class SentencePair:
    """A sentence, its translation, and their place in a file."""

    source: str
    target: str
    path: Path
    line: int

    def error(self, expected: str, found: str) -> RecordError:
        """Make the error that names this pair's file and line."""
        return RecordError(self.path, self.line, expected, found)


def load_pairs(
    sources: str | Iterable[str],
    languages: tuple[str, str] = ("en", "fr"),
    skip_bad: bool = False,
    skipped: Skipped | None = None,
) -> list[SentencePair]:
    """Read all pairs of the sources, in order.

    A source is `a.en,a.fr` (two files, line by line), a `.tsv` (source, tab, target; further
    columns are passed over) or a file of records with `{"translation": {"en": …, "fr": …}}` or
    `{"source": …, "target": …}`. `languages` name the keys of a translation.

    Raises:
        DataError: a file is missing or empty, two files have unequal numbers of lines, or most
            sentences are their own translation.
        RecordError: a pair has an empty side or lacks one, unless bad records are skipped.
    """
    bad = skipped if skipped is not None or not skip_bad else Skipped()
    names = [sources] if isinstance(sources, str) else list(sources)
    pairs: list[SentencePair] = []
    for name in names:
        found = list(_read(name, languages, bad))
        if not found:
            raise DataError(f"{name}: no usable sentence pair")
        _check_languages(name, found)
        pairs += found
    return pairs


def split_pairs(
    pairs: Sequence[SentencePair], fraction: float, seed: int
) -> tuple[list[SentencePair], list[SentencePair]]:
    """Split into (train, held out) by source sentence, so that no sentence is in both."""
    return split_by_key(pairs, sentence_key, fraction, seed)


def sentence_key(pair: SentencePair) -> str:
    """Return a key that pairs of one source sentence share, blanks and case aside."""
    return " ".join(pair.source.casefold().split())


def files_of_pairs(sources: Iterable[str]) -> list[Path]:
    """List the files that sources name, in order; a dataset of the hub has none."""
    files: list[Path] = []
    for name in sources:
        if ALIGNED in name:
            files += [Path(part.strip()) for part in name.split(ALIGNED, 1)]
        elif name.endswith(TABBED):
            files.append(Path(name))
        elif not name.startswith(HUB):
            files += files_of(Path(name))
    return files


def _check_languages(name: str, pairs: Sequence[SentencePair]) -> None:
    equal = [pair for pair in pairs if pair.source.strip() == pair.target.strip()]
    if len(equal) > MOST_EQUAL * len(pairs):
        first = equal[0]
        raise DataError(
            f"{name}: {len(equal):,} of {len(pairs):,} sentences are their own translation, the "
            f"first on line {first.line:,} ({first.source.strip()[:40]!r}); expected two "
            "languages: is the right file paired?"
        )


def _read(name: str, languages: tuple[str, str], skipped: Skipped | None) -> Iterator[SentencePair]:
    if ALIGNED in name:
        found = _read_aligned(*(Path(part.strip()) for part in name.split(ALIGNED, 1)))
    elif name.endswith(TABBED):
        found = _read_tabbed(Path(name), skipped)
    else:
        _refuse_half_a_pair(name)
        records = load_with(name, lambda record: _from_record(record, languages), skipped=skipped)
        found = iter(records)
    for pair in found:
        empty = [side for side in ("source", "target") if not getattr(pair, side).strip()]
        if empty:
            error = pair.error("a sentence on both sides", f"an empty {' and '.join(empty)}")
            refuse(error, skipped)
        else:
            yield pair


def _refuse_half_a_pair(name: str) -> None:
    path = Path(name)
    if path.is_file() and path.suffix.lower() not in READERS:
        raise DataError(
            f"{name}: sentences without their translations; name both files, as in "
            f"{path.name},{path.stem}.fr, or give a .tsv or .jsonl that holds both sides"
        )


def aligned_lines(source: Path, target: Path) -> tuple[list[str], list[str]]:
    """Read two files in which line n of one translates line n of the other.

    Raises:
        DataError: one is missing or not UTF-8, they are one file, or have unequal numbers of lines.
    """
    if source == target:
        raise DataError(f"{source} is named as its own translation; expected two files")
    sources, targets = read_lines(source), read_lines(target)
    if len(sources) != len(targets):
        raise DataError(
            f"{source} has {len(sources):,} lines but {target} has {len(targets):,}; line n of "
            "one must be the translation of line n of the other"
        )
    return sources, targets


def _read_aligned(source: Path, target: Path) -> Iterator[SentencePair]:
    sources, targets = aligned_lines(source, target)
    for number, (one, other) in enumerate(zip(sources, targets, strict=True), start=1):
        yield SentencePair(one, other, source, number)


def _read_tabbed(path: Path, skipped: Skipped | None) -> Iterator[SentencePair]:
    for number, line in enumerate(read_lines(path), start=1):
        columns = line.split("\t")
        if len(columns) < 2:
            found = f"{len(columns)} column: {line[:60]!r}"
            refuse(RecordError(path, number, "source, tab, target", found), skipped)
        else:
            yield SentencePair(columns[0], columns[1], path, number)


def _from_record(record: Located, languages: tuple[str, str]) -> SentencePair:
    translation = record.take("translation")
    fields = translation if isinstance(translation, dict) else record.value
    names = languages if isinstance(translation, dict) else ("source", "target")
    record.read.update(names)
    sides = [fields.get(name) for name in names]
    if not all(isinstance(side, str) for side in sides):
        found = ", ".join(map(str, fields)) or "nothing"
        raise record.error(f"texts under {names[0]!r} and {names[1]!r}", f"the fields {found}")
    return SentencePair(str(sides[0]), str(sides[1]), record.path, record.line)


def read_lines(path: Path) -> list[str]:
    r"""Read the lines of a file, without their ends, which are `\n` or `\r\n` and nothing else.

    Raises:
        DataError: it is missing, not UTF-8, or all its lines end with a lone `\r`.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file; expected sentences, one a line")
    text = decode(path.read_bytes(), str(path))
    if "\r" in text.rstrip("\r") and "\n" not in text:
        raise DataError(
            f"{path}: its lines end with \\r alone, as on old Macs; convert it first: "
            f"tr '\\r' '\\n' < {path.name} > {path.stem}.lines{path.suffix}"
        )
    return lines_of(text)
