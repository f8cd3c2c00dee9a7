"""Folders as sources: the files in them that are data, and a word about every other file."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fledge.data.readers import READERS, TEXT_EXTENSIONS
from fledge.errors import DataError

ABOUT_DATA = ("readme", "license", "licence", "copying", "notice", "citation", "changelog")
ABOUT_DATA_MORE = ("contributing", "code_of_conduct", "authors", "security", "dataset_card")
"""Names, without ending, of files that tell about the data beside them in a clone."""
SETTINGS = ("dataset_infos.json", "dataset_info.json", "dataset_dict.json", "croissant.json")
"""Files in which Hugging Face's `datasets` describes the data beside them."""
PACKED = (".gz", ".bz2", ".xz", ".zst", ".lz4", ".zip", ".tar", ".tgz", ".7z", ".rar", ".arrow")
"""Endings of files that probably hold data, but are not read as they are."""
TRAINING_SPLIT = ("train", "training")
OTHER_SPLITS = ("test", "testing", "validation", "valid", "val", "dev", "eval")
MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Folder:
    """Files of a folder, sorted by path."""

    path: Path
    files: tuple[Path, ...]
    """Files to read."""
    left_out: tuple[Path, ...]
    """Files that are not read, hidden ones aside."""

    def remarks(self) -> list[str]:
        """Say which files are left out, and that parts meant for a test are read with the rest."""
        remarks = []
        if self.left_out:
            remarks.append(
                f"{self.path}: reading {_count(self.files)} ({_kinds(self.files)}), leaving out "
                f"{_named(self.left_out, self.path)}"
            )
        splits = {_split_of(file, self.path) for file in self.files}
        others = sorted(splits.intersection(OTHER_SPLITS))
        if splits.intersection(TRAINING_SPLIT) and others:
            remarks.append(
                f"{self.path}: files named {' and '.join(others)} are read as well as those named "
                "train; name the files to train on to leave them out"
            )
        return remarks


def open_folder(path: Path) -> Folder:
    """Choose the files of a folder to read: all of its texts, or all of its record files.

    Links are followed. A folder or file that is reached in two ways is read once. Names that begin
    with a dot are hidden. README, LICENSE and the like are left out beside data.

    Raises:
        DataError: nothing is readable, texts and records stand side by side, packed files stand
            beside readable ones, or a link leads nowhere.
    """
    # A link back to a folder that this one is in would lead out of it, and in again.
    files = sorted(_walk(path, set(path.resolve().parents)))
    readable = [file for file in files if file.suffix.lower() in READERS]
    packed = [file for file in files if file.suffix.lower() in PACKED]
    data = [file for file in readable if not _is_about(file, readable)]
    # A folder that has only a README is a folder of one text.
    data = data if data or packed else readable
    if not data:
        raise DataError(
            f"{path}: no readable file in the folder; expected {', '.join(sorted(READERS))}, "
            f"found {_kinds(files) or 'nothing'}" + (_unpack(packed, path) if packed else "")
        )
    texts = [file for file in data if file.suffix.lower() in TEXT_EXTENSIONS]
    records = [file for file in data if file not in set(texts)]
    if texts and records:
        raise DataError(
            f"{path}: holds both texts, {_named(texts, path)}, and record files, "
            f"{_named(records, path)}; expected one kind: name the files or folders to read"
        )
    if packed:
        raise DataError(
            f"{path}: {_named(data, path)} can be read, but {_named(packed, path)} cannot"
            + _unpack(packed, path)
            + ", or name the files to read"
        )
    chosen = set(data)
    return Folder(path, tuple(data), tuple(file for file in files if file not in chosen))


def _walk(folder: Path, seen: set[Path]) -> Iterator[Path]:
    """Yield the files under a folder; `seen` holds the real places of all that was met."""
    seen.add(folder.resolve())
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise DataError(f"{folder}: the folder cannot be read: {error.strerror}") from error
    for entry in entries:
        path = folder / entry.name
        if entry.name.startswith("."):
            continue
        if entry.is_symlink() and not path.exists():
            raise DataError(
                f"{path}: a link to {os.readlink(path)}, where nothing is; mend or delete the link"
            )
        place = path.resolve()
        if place in seen:
            continue
        if entry.is_dir():
            yield from _walk(path, seen)
        elif entry.is_file():
            seen.add(place)
            yield path


def _is_about(file: Path, readable: Sequence[Path]) -> bool:
    """Return whether a file tells about the data beside it; a README among .md files is a text."""
    if file.name.lower() in SETTINGS:
        return True
    stem, suffix = file.stem.lower(), file.suffix.lower()
    if suffix not in TEXT_EXTENSIONS or stem not in ABOUT_DATA + ABOUT_DATA_MORE:
        return False
    others = [other for other in readable if other.stem.lower() not in ABOUT_DATA + ABOUT_DATA_MORE]
    if stem != "readme":
        return bool(others)
    return not others or not all(other.suffix.lower() == suffix for other in others)


def _split_of(file: Path, folder: Path) -> str:
    """Return the word with which a file, or the folder that it is in, begins: "train"."""
    inner = file.relative_to(folder)
    words = [part.lower().split(".")[0].split("-")[0].split("_")[0] for part in inner.parts]
    known = (*TRAINING_SPLIT, *OTHER_SPLITS)
    return next((word for word in reversed(words) if word in known), "")


def _unpack(packed: Sequence[Path], folder: Path) -> str:
    return f"; unpack {_named(packed, folder)} first"


def _named(files: Sequence[Path], folder: Path) -> str:
    """Name the first files, and count the others by kind."""
    shown = ", ".join(file.relative_to(folder).as_posix() for file in files[:MOST_NAMED])
    rest = files[MOST_NAMED:]
    return f"{shown} and {len(rest):,} more ({_kinds(rest)})" if rest else shown


def _kinds(files: Iterable[Path]) -> str:
    counts = Counter(file.suffix.lower() or "no extension" for file in files)
    return ", ".join(kind for kind, _ in sorted(counts.items()))


def _count(files: Sequence[Path]) -> str:
    return "1 file" if len(files) == 1 else f"{len(files):,} files"
