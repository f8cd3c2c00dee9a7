"""Baselines: results of idle machines, one for each processor, beside RESULTS.md."""

import importlib.metadata
import json
import platform
import subprocess
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from _machine import Ceiling, Machine

from fledge.version import __version__

FOLDER = Path(__file__).with_name("baselines")
PACKAGES = ("torch", "transformers", "trl", "ctranslate2", "llama-cpp-python")


@dataclass(frozen=True, slots=True)
class Result:
    """One row of a table: `per_second` counts units, `share` is that of what bounds it."""

    task: str
    program: str
    unit: str
    per_second: float
    share: float | None = None
    bound: str | None = None
    memory_bytes: int | None = None
    """Largest resident memory of the program's own process."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Results of one run on one machine; `settings` are what changes the meaning of its tasks.

    `busy_cores` is None on the host of a GPU that does not tell; a processor must tell.
    """

    machine: Machine
    settings: dict[str, str]
    date: str
    versions: dict[str, str]
    busy_cores: float | None
    ceilings: tuple[Ceiling, ...]
    results: tuple[Result, ...]

    def is_of(self, machine: Machine, settings: dict[str, str]) -> bool:
        """Tell whether its numbers can be compared with those of this machine and settings."""
        return self.machine == machine and self.settings == settings

    def of(self, task: str, program: str) -> Result | None:
        """Return the result of one program at one task."""
        named = (one for one in self.results if (one.task, one.program) == (task, program))
        return next(named, None)


def find(
    name: str, machine: Machine, settings: dict[str, str], folder: Path | None = None
) -> Baseline | None:
    """Return the baseline of this benchmark on this processor; None where none was recorded."""
    baselines = read((folder or FOLDER) / f"{name}.json")
    return next((one for one in baselines if one.is_of(machine, settings)), None)


def record(name: str, baseline: Baseline, folder: Path | None = None) -> Path:
    """Write a baseline in place of the one of the same machine and settings; return the file."""
    path = (folder or FOLDER) / f"{name}.json"
    machine, settings = baseline.machine, baseline.settings
    kept = [one for one in read(path) if not one.is_of(machine, settings)]
    path.parent.mkdir(exist_ok=True)
    values = {"benchmark": name, "baselines": [asdict(one) for one in (*kept, baseline)]}
    path.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def read(path: Path) -> list[Baseline]:
    """Read all baselines of a file; a file that is not there has none."""
    if not path.is_file():
        return []
    values = json.loads(path.read_text(encoding="utf-8"))
    return [_baseline(each) for each in values["baselines"]]


def versions() -> dict[str, str]:
    """Return the versions of Python, fledge and its peers that are installed."""
    found = {"python": platform.python_version(), "fledge": __version__}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found | _commit()


def today() -> str:
    """Return the date of today in UTC."""
    return datetime.now(UTC).date().isoformat()


def _commit() -> dict[str, str]:
    """Name the commit of this file's repository; {} outside one."""
    command = ["git", "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(
            command, cwd=FOLDER.parent, capture_output=True, text=True, check=False
        )
    except OSError:
        return {}
    return {"commit": done.stdout.strip()} if done.returncode == 0 else {}


def _baseline(values: dict[str, Any]) -> Baseline:
    machine = values["machine"]
    return Baseline(
        machine=Machine(**{**machine, "instructions": tuple(machine["instructions"])}),
        settings=values["settings"],
        date=values["date"],
        versions=values["versions"],
        busy_cores=values["busy_cores"],
        ceilings=tuple(Ceiling(**each) for each in values["ceilings"]),
        results=tuple(Result(**each) for each in values["results"]),
    )
