"""Readers, one for each kind of file, from bytes on disk to located records."""

import csv
import io
import json
import math
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from fledge.data.records import Located, Skipped, refuse
from fledge.errors import DataError, RecordError
from fledge.text.decoding import SAMPLE, conversion_advice, decode, refuse_foreign

Reader = Callable[[Path, Skipped | None], Iterator[Located]]

DOCUMENT_LINE = re.compile(r"^[ \t]*<\|endoftext\|>[ \t]*$\n?", re.MULTILINE)
"""A line between two documents of a text file, as in TinyStories."""


def read_text(path: Path, skipped: Skipped | None) -> Iterator[Located]:
    """Read a file as one document, or several where lines of `<|endoftext|>` divide it."""
    text = _decoded(path).replace("\r\n", "\n")
    starts = [0, *(match.end() for match in DOCUMENT_LINE.finditer(text))]
    ends = [*(match.start() for match in DOCUMENT_LINE.finditer(text)), len(text)]
    line = 1
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        if number:
            line += text.count("\n", starts[number - 1], start)
        document = text[start:end] if len(starts) == 1 else text[start:end].strip("\n")
        if document.strip():
            yield Located(path, line, {"text": document})


def read_json_lines(path: Path, skipped: Skipped | None) -> Iterator[Located]:
    """Read one JSON object a line; blank lines are skipped."""
    position = 0
    with _opened(path) as file:
        refuse_foreign(file.read(SAMPLE), str(path))
        file.seek(0)
        for line, content in enumerate(file, start=1):
            try:
                if content.strip() not in (b"", b"\xef\xbb\xbf"):
                    yield Located(path, line, _object_in(path, line, content, position))
            except RecordError as error:
                refuse(error, skipped)
            position += len(content)


def read_json(path: Path, skipped: Skipped | None) -> Iterator[Located]:
    """Read a JSON list of objects, or JSON lines under the same extension."""
    text = _decoded(path)
    if not text.strip():
        return
    try:
        values = json.loads(text, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        if isinstance(error, json.JSONDecodeError) and error.msg == "Extra data":
            yield from read_json_lines(path, skipped)
            return
        raise DataError(f"{path}: not valid JSON: {error}") from error
    if isinstance(values, dict):
        values = [values]
    if not isinstance(values, list):
        raise DataError(f"{path}: expected a JSON list of objects, found {_kind(values)}")
    escapes = _has_surrogates(text)
    for number, value in enumerate(values, start=1):
        try:
            yield Located(path, number, _checked(path, number, value, escapes))
        except RecordError as error:
            refuse(error, skipped)


def read_csv(path: Path, skipped: Skipped | None) -> Iterator[Located]:
    """Read a header row, then one record a row; a .tsv has tabs in place of commas."""
    text = _decoded(path)
    # One long document is more than the default limit of 128 KiB a field.
    csv.field_size_limit(2**31 - 1)
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    # A lone \r inside a field is no line end, unless the file (of an old Mac) has no other.
    lines = io.StringIO(text, newline="\n" if "\n" in text else "")
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    header: list[str] | None = None
    line = 1
    try:
        for row in rows:
            if header is None:
                header = _header(path, row)
            elif len(row) == len(header):
                yield Located(path, line, dict(zip(header, row, strict=True)))
            elif row:
                expected = f"{len(header)} columns ({', '.join(header)})"
                error = RecordError(path, line, expected, f"{len(row)} columns")
                refuse(error, skipped)
            line = rows.line_num + 1
    except csv.Error as error:
        raise DataError(f"{path}:{line}: not valid CSV: {error}") from error


def read_parquet(path: Path, skipped: Skipped | None) -> Iterator[Located]:
    """Read the rows of a Parquet file, a batch at a time; needs the extra `parquet`."""
    try:
        from pyarrow import ArrowInvalid
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise DataError(
            f"{path}: reading Parquet needs pyarrow; install it with: pip install 'fledge[parquet]'"
        ) from error
    try:
        with ParquetFile(path) as file:
            number = 0
            for batch in file.iter_batches(batch_size=1024):
                for value in batch.to_pylist():
                    number += 1
                    yield Located(path, number, _unpadded(value))
    except (ArrowInvalid, OSError) as error:
        raise DataError(f"{path}: not a readable Parquet file: {error}") from error


def read_hub(name: str) -> Iterator[Located]:
    """Read a Hugging Face dataset `NAME[:split]` (split `train`); needs the extra `hub`."""
    repository, _, split = name.partition(":")
    try:
        from datasets import load_dataset
    except ImportError as error:
        raise DataError(
            f"hub:{name}: reading Hugging Face datasets needs `datasets`; "
            "install it with: pip install 'fledge[hub]'"
        ) from error
    try:
        rows = load_dataset(repository, split=split or "train")
    except (OSError, ValueError) as error:
        raise DataError(
            f"hub:{name}: the dataset cannot be loaded: {error}; "
            "expected hub:NAME or hub:NAME:split, and a network or a cached copy"
        ) from error
    for number, value in enumerate(rows, start=1):
        yield Located(Path(f"hub:{name}"), number, _unpadded(dict(value)))


TEXT_EXTENSIONS = (".txt", ".md", ".raw")
READERS: dict[str, Reader] = {
    **dict.fromkeys(TEXT_EXTENSIONS, read_text),
    ".jsonl": read_json_lines,
    ".json": read_json,
    ".csv": read_csv,
    ".tsv": read_csv,
    ".parquet": read_parquet,
}


def _header(path: Path, row: list[str]) -> list[str]:
    """Return the names of columns, of which no two may be the same."""
    header = [name.strip() for name in row]
    twice = [name for name, count in Counter(header).items() if name and count > 1]
    if twice:
        raise DataError(
            f"{path}:1: two columns are named {twice[0]!r}, and only one could be read; rename one"
        )
    return header


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error


def _decoded(path: Path) -> str:
    with _opened(path) as file:
        return decode(file.read(), str(path))


def _object_in(path: Path, line: int, content: bytes, position: int) -> dict[str, object]:
    """Parse the JSON object of one line, which begins at byte `position` of the file."""
    try:
        text = content.decode("utf-8").removeprefix("\ufeff").strip()
    except UnicodeDecodeError as error:
        where = f"byte 0x{content[error.start]:02x} at position {position + error.start:,}"
        advice = conversion_advice(content, str(path), error.start)
        raise RecordError(path, line, "UTF-8", f"{where}; {advice}") from error
    try:
        value = json.loads(text, parse_constant=_constant)
    except json.JSONDecodeError as error:
        found = f"invalid JSON: {error.msg} at column {error.colno}"
        raise RecordError(path, line, "a JSON object", found) from error
    except RecursionError as error:
        raise RecordError(path, line, "a JSON object", "JSON nested too deeply") from error
    except ValueError as error:  # Python reads no longer ones, for it takes quadratic time
        found = f"an integer of more than {sys.get_int_max_str_digits():,} digits"
        raise RecordError(path, line, "a JSON object", found) from error
    return _checked(path, line, value, _has_surrogates(text))


def _has_surrogates(text: str) -> bool:
    r"""Tell whether JSON `text` spells a character as surrogates, such as `\ud83d\ude00`."""
    return "\\ud" in text or "\\uD" in text


def _checked(path: Path, line: int, value: object, surrogates: bool) -> dict[str, object]:
    r"""Return `value` if it is an object of whole characters.

    A `\ud83d` without its other half is legal JSON but no character, in no encoding.
    """
    if not isinstance(value, dict):
        raise RecordError(path, line, "a JSON object", _kind(value))
    if surrogates:
        try:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError as error:
            half = f"half of one: \\u{ord(error.object[error.start]):04x}"
            raise RecordError(path, line, "whole Unicode characters", half) from error
    return value


def _constant(spelling: str) -> float | None:
    """Read JSON's NaN as null: pandas writes it where a table has no value."""
    return None if spelling == "NaN" else float(spelling)


def _unpadded(record: dict[str, object]) -> dict[str, object]:
    """Drop the nulls with which Arrow gives the objects of all rows the same fields.

    Such a null may be the argument of another row's tool. Nulls and NaN that somebody wrote look
    the same, and are dropped with them.
    """
    return {name: _without_nulls(value) for name, value in record.items()}


def _without_nulls(value: object) -> object:
    if isinstance(value, dict):
        inner = ((name, _without_nulls(one)) for name, one in value.items())
        return {name: one for name, one in inner if one is not None}
    if isinstance(value, list):
        return [_without_nulls(one) for one in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _kind(value: object) -> str:
    names = {list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return "an object" if isinstance(value, dict) else names.get(type(value), "a number")
