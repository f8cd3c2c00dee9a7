"""Header of a GGUF file, versions 2 and 3: metadata, and the places of the tensors.

A header is anyone's: lengths and counts are compared with the bytes that are left in the file
before memory is taken for them, and no place lies outside the file or in another's.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import BinaryIO, NoReturn, final

import numpy as np
import numpy.typing as npt

from fledge.checkpoint.naming import DamagedFile

Array = npt.NDArray[np.generic]
Value = bool | int | float | str | list[str] | Array
"""A value of the metadata; numbers of an array stay packed."""

MAGIC = b"GGUF"
VERSIONS = (2, 3)
LARGEST_HEADER = 2**27
"""Bytes of a header, at most: ten times the longest in use."""
MOST_DIMENSIONS = 4
ALIGNMENT = 32
"""Multiple of bytes at which tensors begin, where `general.alignment` names none."""
LARGEST_ALIGNMENT = 2**20
MOST_ENTRIES, MOST_TENSORS, MOST_TEXTS = 2**16, 2**18, 2**22
"""Numbers of things in a header, at most: the largest vocabulary in use has 2**18 tokens."""
_NUMBERS = ("<u1", "<i1", "<u2", "<i2", "<u4", "<i4", "<f4", "<u1", "", "", "<u8", "<i8", "<f8")
"""Formats of values by their number in the file; texts and arrays have none."""
_BOOL, _TEXT, _ARRAY = 7, 8, 9
_SMALLEST_ENTRY = 8 + 4 + 1
"""Bytes of an entry of the metadata: length of its name, type, value."""
_SMALLEST_PLACE = 8 + 4 + 4 + 8
"""Bytes of a tensor's entry: length of its name, number of dimensions, type, offset."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A number format: `numbers` numbers of a row share `size` bytes."""

    name: str
    numbers: int
    size: int


KINDS = {
    0: Kind("F32", 1, 4),
    1: Kind("F16", 1, 2),
    2: Kind("Q4_0", 32, 18),
    3: Kind("Q4_1", 32, 20),
    6: Kind("Q5_0", 32, 22),
    7: Kind("Q5_1", 32, 24),
    8: Kind("Q8_0", 32, 34),
    10: Kind("Q2_K", 256, 84),
    11: Kind("Q3_K", 256, 110),
    12: Kind("Q4_K", 256, 144),
    13: Kind("Q5_K", 256, 176),
    14: Kind("Q6_K", 256, 210),
    20: Kind("IQ4_NL", 32, 18),
    23: Kind("IQ4_XS", 256, 136),
    30: Kind("BF16", 1, 2),
}
"""Number formats that are read, by their number in the file."""


@dataclass(frozen=True, slots=True)
class Place:
    """Place of a tensor: `offset` counts bytes from the beginning of `path`."""

    path: Path
    offset: int
    kind: Kind
    shape: tuple[int, ...]
    """Sizes as torch has them, rows first."""

    @property
    def num_bytes(self) -> int:
        """Bytes of the whole tensor."""
        return prod(self.shape) // self.kind.numbers * self.kind.size


@dataclass(frozen=True, slots=True)
class Header:
    """Contents of a file before its numbers."""

    path: Path
    metadata: dict[str, Value]
    places: dict[str, Place]


def is_gguf(path: Path) -> bool:
    """Return whether a file is named as GGUF, or begins as one: Ollama's have no ending."""
    with path.open("rb") as file:
        return path.suffix == ".gguf" or file.read(len(MAGIC)) == MAGIC


def read_header(path: Path) -> Header:
    """Read metadata and places.

    Raises:
        DamagedFile: the file is cut off or damaged, of another version, or has a tensor in a number
            format that is not read.
    """
    with path.open("rb") as file:
        cursor = _Cursor(path, file)
        tensors, entries = _counts(cursor)
        metadata = dict(_metadata(cursor, entries))
        found = list(_tensors(cursor, tensors))
        start = -(-cursor.position // _alignment(path, metadata)) * _alignment(path, metadata)
        places = {
            name: Place(path, start + offset, kind, shape) for name, shape, kind, offset in found
        }
        _check_places(path, places, cursor.size)
        return Header(path, metadata, places)


@final
class _Cursor:
    """Reads one value after the other; every length is checked before it is read."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path, self._file = path, file
        self.size = path.stat().st_size
        self.position = 0

    def bytes(self, count: int, what: str) -> bytes:
        """Read `count` bytes; `what` names them in the error."""
        end = self.position + count
        if end > self.size:
            self.refuse(f"{what} would end at byte {end:,} of a file of {self.size:,}")
        if end > LARGEST_HEADER:
            self.refuse(f"{what} would end at byte {end:,}, beyond the header of any model")
        self.position = end
        content = self._file.read(count)
        if len(content) < count:
            self.refuse(f"{what} is shorter than it was a moment ago")
        return content

    def number(self, kind: int, what: str) -> int | float:
        """Read one number of a type of the metadata."""
        form = np.dtype(_NUMBERS[kind])
        value: int | float = np.frombuffer(self.bytes(form.itemsize, what), form)[0].item()
        return value

    def whole(self, form: str, what: str) -> int:
        """Read one whole number in a format of `struct`."""
        value: int = struct.unpack(form, self.bytes(struct.calcsize(form), what))[0]
        return value

    def text(self, what: str) -> str:
        """Read a text after its length."""
        content = self.bytes(self.whole("<Q", what), what)
        try:
            return content.decode()
        except UnicodeDecodeError as error:
            raise self._damaged(f"{what} is no UTF-8 text ({error})") from error

    def count(self, smallest: int, most: int, what: str) -> int:
        """Read a number of things, at most `most`, of which each takes `smallest` bytes or more."""
        count = self.whole("<Q", f"the number of {what}")
        if count > most or count * smallest > self.size - self.position:
            self.refuse(f"{count:,} {what} do not fit into a file of {self.size:,} bytes")
        return count

    def refuse(self, reason: str) -> NoReturn:
        """Raise the error for a file that cannot be read."""
        raise self._damaged(reason)

    def _damaged(self, reason: str) -> DamagedFile:
        return DamagedFile(f"{self.path}: cut off or damaged: {reason}; copy it again")


def _counts(cursor: _Cursor) -> tuple[int, int]:
    """Read magic and version, and return the numbers of tensors and of entries."""
    if cursor.size < len(MAGIC) or cursor.bytes(len(MAGIC), "the magic") != MAGIC:
        raise DamagedFile(
            f"{cursor.path}: not a GGUF file, which begins with the letters GGUF; if it was "
            "downloaded, an error page may have been saved in its place"
        )
    version = cursor.whole("<I", "the version")
    if version not in VERSIONS:
        swapped = int.from_bytes(version.to_bytes(4, "little"), "big")
        raise DamagedFile(f"{cursor.path}: {_other_version(version, swapped)}")
    tensors = cursor.count(_SMALLEST_PLACE, MOST_TENSORS, "tensors")
    return tensors, cursor.count(_SMALLEST_ENTRY, MOST_ENTRIES, "entries of metadata")


def _other_version(version: int, swapped: int) -> str:
    if swapped in VERSIONS:
        return (
            "written for a big-endian machine; fledge reads little-endian GGUF. Convert it with "
            "`gguf-convert-endian FILE little` of the gguf package"
        )
    return (
        f"GGUF of version {version}; fledge reads versions 2 and 3, which llama.cpp has written "
        "since October 2023. Look for a newer file of this model"
    )


def _metadata(cursor: _Cursor, count: int) -> Iterator[tuple[str, Value]]:
    seen: set[str] = set()
    for _ in range(count):
        name = cursor.text("a name in the metadata")
        if name in seen:
            cursor.refuse(f"'{name[:80]}' is in the metadata twice")
        seen.add(name)
        what = f"'{name[:80]}'"
        yield name, _value(cursor, cursor.whole("<I", what), what)


def _value(cursor: _Cursor, kind: int, what: str) -> Value:
    if kind == _TEXT:
        return cursor.text(what)
    if kind == _ARRAY:
        return _array(cursor, what)
    if kind >= len(_NUMBERS):
        cursor.refuse(f"{what} has the unknown type {kind}")
    number = cursor.number(kind, what)
    return bool(number) if kind == _BOOL else number


def _array(cursor: _Cursor, what: str) -> list[str] | Array:
    kind = cursor.whole("<I", what)
    if kind == _ARRAY or kind >= len(_NUMBERS):
        cursor.refuse(f"{what} is an array of the type {kind}; expected numbers or texts")
    if kind == _TEXT:
        texts = cursor.count(8, MOST_TEXTS, f"texts of {what}")
        return [cursor.text(f"a text of {what}") for _ in range(texts)]
    form = np.dtype(_NUMBERS[kind])
    count = cursor.count(form.itemsize, LARGEST_HEADER, f"numbers of {what}")
    return np.frombuffer(cursor.bytes(count * form.itemsize, what), form)


def _tensors(cursor: _Cursor, count: int) -> Iterator[tuple[str, tuple[int, ...], Kind, int]]:
    """Yield name, shape, number format and offset from where the numbers begin."""
    seen: set[str] = set()
    for _ in range(count):
        name = cursor.text("a tensor's name")
        what = f"tensor {name[:80]}"
        if name in seen:
            cursor.refuse(f"{what} is there twice")
        seen.add(name)
        dimensions = cursor.whole("<I", what)
        if not 1 <= dimensions <= MOST_DIMENSIONS:
            cursor.refuse(f"{what} has {dimensions:,} dimensions, expected 1 to {MOST_DIMENSIONS}")
        sizes = tuple(cursor.whole("<Q", what) for _ in range(dimensions))
        kind = _kind(cursor, what, cursor.whole("<I", what))
        if min(sizes) < 1 or sizes[0] % kind.numbers:
            cursor.refuse(
                f"{what} has the sizes {', '.join(map(str, sizes))}; expected numbers above 0, the "
                f"first a multiple of {kind.numbers}, as {kind.name} is stored"
            )
        yield name, sizes[::-1], kind, cursor.whole("<Q", what)


def _kind(cursor: _Cursor, what: str, number: int) -> Kind:
    if number in KINDS:
        return KINDS[number]
    raise DamagedFile(
        f"{cursor.path}: {what} is stored as {_name_of(number)}; fledge reads "
        f"{', '.join(kind.name for kind in KINDS.values())}. Take the model in one of these, such "
        "as Q8_0 or Q4_K_M"
    )


def _name_of(number: int) -> str:
    from gguf import GGMLQuantizationType

    known = {int(kind): kind.name for kind in GGMLQuantizationType}
    return known.get(number, f"the unknown type {number}")


def _alignment(path: Path, metadata: dict[str, Value]) -> int:
    value = metadata.get("general.alignment", ALIGNMENT)
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if not is_whole or not 0 < value <= LARGEST_ALIGNMENT or value & (value - 1):  # type: ignore[operator]
        raise DamagedFile(
            f"{path}: 'general.alignment' is {str(value)[:80]}; expected a power of 2, at most "
            f"{LARGEST_ALIGNMENT:,}; the file is damaged"
        )
    return value  # type: ignore[return-value]


def _check_places(path: Path, places: dict[str, Place], size: int) -> None:
    """Refuse numbers beyond the end of the file, and numbers of two tensors at once."""
    ordered = sorted(places.items(), key=lambda item: item[1].offset)
    lost = [name for name, place in ordered if place.offset + place.num_bytes > size]
    if lost:
        end = max(place.offset + place.num_bytes for place in places.values())
        others = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
        raise DamagedFile(
            f"{path}: cut off or damaged: {size:,} of {end:,} bytes, without tensor "
            f"{lost[0][:80]}{others}; copy it again"
        )
    for (name, place), (following, other) in pairwise(ordered):
        if place.offset + place.num_bytes > other.offset:
            raise DamagedFile(
                f"{path}: damaged: the numbers of tensor {following[:80]} begin within those of "
                f"tensor {name[:80]}; copy it again"
            )
