"""A GGUF model, whole or split into parts: `NAME-00001-of-00003.gguf` and those beside it."""

import re
from dataclasses import dataclass
from pathlib import Path

from fledge.checkpoint.gguf.header import Header, Place, Value, read_header
from fledge.checkpoint.naming import DamagedFile

_PART = re.compile(r"(.+)-(\d{5})-of-(\d{5})\.gguf", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Contents:
    """Metadata and places of a model, wherever they lie."""

    files: tuple[Path, ...]
    metadata: dict[str, Value]
    """Metadata of the first part; the others hold nothing but their numbers."""
    places: dict[str, Place]

    @property
    def architecture(self) -> str:
        """Name of the architecture, "" if the file has none."""
        name = self.metadata.get("general.architecture", "")
        return name if isinstance(name, str) else ""


def read_gguf(path: Path) -> Contents:
    """Read the header of a file; of a split model, named by any of its parts, read all.

    Raises:
        DamagedFile: a part is missing, damaged, or of another model.
    """
    header = read_header(path)
    count = _count(header)
    if count == 1:
        return Contents((path,), header.metadata, header.places)
    headers = [read_header(part) for part in _parts(path, count)]
    places: dict[str, Place] = {}
    for number, each in enumerate(headers):
        found = each.metadata.get("split.no")
        if not isinstance(found, int) or (found, _count(each)) != (number, count):
            raise DamagedFile(
                f"{each.path}: expected part {number + 1} of {count}, found part "
                f"{_shown(found)} of {_count(each)}; it was renamed, or is of another model: copy "
                "the parts again under their own names"
            )
        twice = sorted(places.keys() & each.places.keys())
        if twice:
            raise DamagedFile(
                f"{each.path}: tensor {twice[0][:80]} is in another part, too; copy the parts again"
            )
        places |= each.places
    first = headers[0].metadata
    total = first.get("split.tensors.count")
    if total is not None and not (isinstance(total, int) and total == len(places)):
        raise DamagedFile(
            f"{headers[0].path}: the parts should have {str(total)[:80]} tensors, found "
            f"{len(places):,}; they are of two models, or damaged: copy them again"
        )
    return Contents(tuple(header.path for header in headers), first, places)


def _count(header: Header) -> int:
    """Return the number of parts, 1 for a whole model."""
    count = header.metadata.get("split.count", 1)
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise DamagedFile(
            f"{header.path}: 'split.count' must be a number of parts, found {str(count)[:80]}; the "
            "file is damaged"
        )
    return max(count, 1)


def _parts(path: Path, count: int) -> list[Path]:
    match = _PART.fullmatch(path.name)
    if match is None or int(match[3]) != count:
        raise DamagedFile(
            f"{path}: one of {count:,} parts, which are found by their names: call them "
            f"NAME-00001-of-{count:05}.gguf and so on, in one directory"
        )
    parts = [path.with_name(f"{match[1]}-{n:05}-of-{count:05}.gguf") for n in range(1, count + 1)]
    missing = [part for part in parts if not part.is_file()]
    if missing:
        raise DamagedFile(
            f"{missing[0]}: no such file, but {path.name} is one of {count} parts; "
            f"{len(missing)} missing: put them beside it"
        )
    return parts


def _shown(number: Value | None) -> str:
    return str(number + 1) if isinstance(number, int) else "without a number"
