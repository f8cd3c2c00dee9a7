"""Commands that fledge tells the user to type: they run as printed, wherever fledge lies."""

import os
import shlex
import shutil
import sys
from pathlib import Path


def command(*words: object, moved: bool = False) -> str:
    """A command line of fledge, quoted for a shell. `moved`: to be typed in another directory."""
    return shlex.join([program(moved), *map(str, words)])


def program(moved: bool = False) -> str:
    """`fledge` where the shell finds this installation by that name, else the path of its script.

    `make demo` installs into `.venv`, which is on nobody's path. The path is relative to the
    current directory if it lies below it, unless the user will have `moved`.
    """
    script = Path(sys.executable).with_name("fledge.exe" if os.name == "nt" else "fledge")
    found = shutil.which("fledge")
    if not script.is_file() or (found is not None and os.path.samefile(found, script)):
        return "fledge"
    here = Path.cwd()
    return str(script.relative_to(here) if script.is_relative_to(here) and not moved else script)


def sibling(run: Path, name: str) -> Path:
    """Where the next stage may put its run: beside this one, under its own name."""
    return run.parent / name
