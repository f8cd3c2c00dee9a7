"""Files that wait in a place for its next round, with what the round would take in."""

import json
import re
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from threading import Lock
from typing import final

from fledge.errors import ConfigError, FledgeError
from fledge.files import explained, file_hash, whole_file, write_text
from fledge.observe.rounds import COLLECTED, WaitingFile
from fledge.rounds.files import read_json, rounds_of
from fledge.rounds.history import left_out
from fledge.rounds.intake import MANIFEST, Manifest, brought
from fledge.rounds.records import Given, read_given

FOLDER = "waiting"
LONGEST_NAME = 80
UNREADABLE = (ArithmeticError, LookupError, OSError, RuntimeError, TypeError, ValueError)
"""Errors of readers of other formats at a damaged file."""
_ODD = re.compile(r"[^A-Za-z0-9._-]+")
Stamp = tuple[str, int, int]


@final
class WaitingFiles:
    """Folder of a place with files that no round has taken in."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._folder = place / FOLDER
        self._read: dict[Stamp, list[Given]] = {}
        self._known: tuple[object, frozenset[str]] = ((), frozenset())
        self._lock = Lock()

    def paths(self) -> list[Path]:
        """Return the files that no round has taken in, by name."""
        if not self._folder.is_dir():
            return []
        taken = self._taken()
        found = sorted(path for path in self._folder.iterdir() if _is_plain(path))
        return [path for path in found if file_hash(path) not in taken]

    def lines(self) -> list[WaitingFile]:
        """Return what a round that begins now would take in from each file."""
        seen: set[str] = set()
        out, paths = left_out(self._place), self.paths()
        names = {path.name for path in paths}
        self._read = {stamp: held for stamp, held in self._read.items() if stamp[0] in names}
        return [self._line(path, seen, out) for path in paths]

    def add(self, name: str, content: bytes) -> WaitingFile:
        """Keep a file for the next round.

        Raises:
            ConfigError: it has no readable record.
            WriteError: the disk is full or not writable.
        """
        with self._lock:
            path = self._free(name)
            with whole_file(path, "file") as unfinished, explained(path, "file"):
                unfinished.write_bytes(content)
        found = self._line(path, set(), left_out(self._place))
        if found.problem:
            path.unlink()
            raise ConfigError(found.problem)
        return found

    def remove(self, name: str) -> None:
        """Delete a waiting file.

        Raises:
            ConfigError: there is none of this name.
        """
        path = next((each for each in self.paths() if each.name == name), None)
        if path is None:
            raise ConfigError(f"{name} is no longer waiting for a round")
        path.unlink()

    def keep_only(self, people: Collection[str]) -> None:
        """Drop from what was collected on the server the records of everybody else.

        Raises:
            WriteError: the disk is full or not writable.
        """
        for path in self.paths():
            if not path.name.startswith(COLLECTED):
                continue
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            kept = [line for line in lines if _person(line) in people]
            if not kept:
                path.unlink()
            elif len(kept) < len(lines):
                write_text(path, "".join(kept))

    def _free(self, name: str) -> Path:
        plain = _ODD.sub("-", name)[-LONGEST_NAME:].strip(".-") or "records.jsonl"
        first = Path(plain)
        path, number = self._folder / plain, 2
        while path.exists():
            path = self._folder / f"{first.stem}-{number}{first.suffix}"
            number += 1
        return path

    def _line(self, path: Path, seen: set[str], out: Collection[str]) -> WaitingFile:
        try:
            records = self._records(path)
            known = self._brought()
        except FledgeError as error:
            message = str(error).replace(f"{self._folder}/", "")
            return WaitingFile(path.name, {}, {}, 0, 0, message)
        except UNREADABLE as error:
            problem = f"{path.name} cannot be read ({type(error).__name__}: {error})"
            return WaitingFile(path.name, {}, {}, 0, 0, problem)
        new = [each for each in records if each.digest not in known and each.digest not in seen]
        seen.update(each.digest for each in new)
        return WaitingFile(
            path.name,
            Counter(each.kind for each in new),
            Counter(each.person for each in new if each.person is not None),
            len(records) - len(new),
            sum(each.person in out for each in new),
        )

    def _records(self, path: Path) -> list[Given]:
        status = path.stat()
        stamp = (path.name, status.st_size, status.st_mtime_ns)
        if stamp not in self._read:
            self._read[stamp] = read_given([path])
        return self._read[stamp]

    def _brought(self) -> frozenset[str]:
        """Return the digests of the records of all rounds, read again after each intake."""
        rounds = [each for each in rounds_of(self._place) if (each.given / MANIFEST).is_file()]
        stamp = [(each.number, (each.given / MANIFEST).stat().st_mtime_ns) for each in rounds]
        if self._known[0] != stamp:
            last = rounds[-1].number if rounds else 0
            digests = frozenset(each.digest for each in brought(self._place, last))
            self._known = (stamp, digests)
        return self._known[1]

    def _taken(self) -> set[str]:
        manifests = (each.given / MANIFEST for each in rounds_of(self._place))
        return {
            digest
            for path in manifests
            if path.is_file()
            for digest in read_json(path, Manifest).sources.values()
        }


def _person(line: str) -> str | None:
    """Return the person of a record that this server wrote."""
    record = json.loads(line)
    name = record.get("labeler") or record.get("author")
    return name if isinstance(name, str) else None


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and not path.name.startswith(".")
