"""A fresh clone in which the commands of a page are typed, at toy size."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.pages import ROOT

HERE = Path(__file__).parent
SECONDS = 240
"""Longest time of one block, on a busy machine."""


@dataclass
class Walk:
    """One reader: a folder, a home, and the place where the last block ended."""

    top: Path
    tools: dict[str, str]
    place: str = "."

    @property
    def folder(self) -> Path:
        """The clone."""
        return self.top / "clone"

    def shell(self, script: str) -> str:
        """Run a block of a shell where the block before ended; what it printed.

        Raises:
            AssertionError: it failed.
        """
        ended = self.top / "place"
        printed = self._run("bash", "-euo", "pipefail", "-c", f"{script}\npwd -P > {ended}")
        self.place = os.path.relpath(ended.read_text().strip(), self.folder.resolve())
        return printed

    def python(self, source: str) -> str:
        """Run a block of Python; what it printed."""
        file = self.top / "page.py"
        file.write_text(source, encoding="utf-8")
        return self._run("toy-python", str(file))

    def write(self, name: str, text: str) -> None:
        """Write a file that a page shows."""
        file = self.folder / self.place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def _run(self, *words: str) -> str:
        home = self.top / "home"
        home.mkdir(exist_ok=True)
        done = subprocess.run(
            words,
            cwd=self.folder / self.place,
            env=self.tools | {"HOME": str(home)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert done.returncode == 0, f"{words[-1]}\n{done.stdout}\n{done.stderr}"
        return done.stdout


class Walks:
    """Readers who have typed some commands already; what two of them share is done once."""

    def __init__(self, folder: Path, tools: dict[str, str]) -> None:
        self._folder, self._tools = folder, tools
        self._ready: dict[tuple[str, ...], Walk] = {}
        self._count = 0

    def after(self, commands: Sequence[str]) -> Walk:
        """Return a reader of their own folder who has typed these commands in a fresh clone."""
        ready = self._after(tuple(commands))
        return self._copy(ready.top, ready.place)

    def _after(self, commands: tuple[str, ...]) -> Walk:
        if commands not in self._ready:
            if commands:
                walk = self.after(commands[:-1])
                walk.shell(commands[-1])
            else:
                walk = self._copy(self._folder / "fresh", ".")
            self._ready[commands] = walk
        return self._ready[commands]

    def _copy(self, top: Path, place: str) -> Walk:
        self._count += 1
        copy = self._folder / f"walk-{self._count:02}"
        shutil.copytree(top, copy, symlinks=True)
        return Walk(copy, self._tools, place)


def clone(target: Path) -> None:
    """Copy the working tree as git would hand it over: tracked files, and new ones not ignored."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        names = [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
        for name in names:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    else:
        ignored = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info")
        shutil.copytree(ROOT, target, ignore=ignored)


@contextmanager
def toy_tools(folder: Path, source: Path) -> Iterator[dict[str, str]]:
    """Start the server of toy_fledge.py; the environment in which `fledge` is its client.

    `source` is the package that it imports.
    """
    programs, address = folder / "bin", folder / "socket"
    programs.mkdir()
    for name, words in {"fledge": "fledge", "toy-python": "python"}.items():
        program = programs / name
        client = f"{sys.executable} -S -E {HERE / 'toy_client.py'} {address} {words}"
        program.write_text(f'#!/bin/sh\nexec {client} "$@"\n')
        program.chmod(0o755)
    path = os.pathsep.join([str(programs), str(Path(sys.executable).parent), "/usr/bin", "/bin"])
    tools = {
        "PATH": path,
        "PYTHONPATH": str(source),
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "BROWSER": "true",
    }
    words = [sys.executable, str(HERE / "toy_fledge.py"), str(address)]
    with subprocess.Popen(
        words, env=tools, cwd=folder, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None and server.stdout.readline() == "ready\n"
            yield tools
        finally:
            server.terminate()
