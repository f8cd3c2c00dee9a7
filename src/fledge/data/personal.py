"""Personal data in files of records: found with file and line, replaced, marked or left out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fledge.data.records import Located
from fledge.text.personal import Kind, find_personal, masked, without_personal

Treatment = Literal["replace", "mark", "drop"]
FIELD = "personal"
"""Field in which a marked record lists the kinds of personal data in it."""


@dataclass(frozen=True, slots=True)
class Find:
    """Personal data in a record: its kind, place, field, and a form that reveals little."""

    kind: Kind
    path: Path
    line: int
    field: str
    masked: str


def finds_in(record: Located) -> list[Find]:
    """Find personal data in all texts of a record, those of messages and answers included."""
    finds = []
    for field, text in _texts(record.value, ""):
        for one in find_personal(text):
            # A document of a text file begins at the record's line, and is the text alone.
            below = text.count("\n", 0, one.start) if record.value.keys() == {"text"} else 0
            is_document = record.path.suffix.lower() in (".txt", ".md", ".raw")
            line = record.line + (below if is_document else 0)
            finds.append(Find(one.kind, record.path, line, field, masked(text, one)))
    return finds


def treated(
    record: Located, finds: Iterable[Find], treatment: Treatment
) -> dict[str, object] | None:
    """Return a record with its personal data replaced or its kinds listed; None leaves it out."""
    kinds = sorted({find.kind for find in finds})
    if not kinds:
        return record.value
    if treatment == "mark":
        return {**record.value, FIELD: kinds}
    return None if treatment == "drop" else {k: _replaced(v) for k, v in record.value.items()}


def _texts(value: object, field: str) -> Iterator[tuple[str, str]]:
    """Yield each text in a value with its field, such as `messages[1].content`."""
    match value:
        case str():
            yield field, value
        case dict():
            for name, inner in value.items():
                yield from _texts(inner, f"{field}.{name}" if field else str(name))
        case list() | tuple():
            for number, inner in enumerate(value):
                yield from _texts(inner, f"{field}[{number}]")


def _replaced(value: object) -> object:
    match value:
        case str():
            return without_personal(value)
        case dict():
            return {name: _replaced(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_replaced(inner) for inner in value]
        case _:
            return value
