"""Commands for the user to type, which run as printed wherever fledge is installed."""

import os
import shlex
import shutil
import sys
from pathlib import Path


def command(*words: object, moved: bool = False) -> str:
    """Write a command line of fledge, quoted for a shell.

    `moved` says that the user types it in another directory.
    """
    return shlex.join([program(moved), *map(str, words)])


def program(moved: bool = False) -> str:
    """Return `fledge` if the shell finds this installation by that name, or its script's path.

    `make demo` installs into `.venv`, which is not on the shell's path. The path is relative if the
    script is below the current directory, unless the user types it in another one (`moved`).
    """
    script = Path(sys.executable).with_name("fledge.exe" if os.name == "nt" else "fledge")
    found = shutil.which("fledge")
    if not script.is_file() or (found is not None and os.path.samefile(found, script)):
        return "fledge"
    here = Path.cwd()
    return str(script.relative_to(here) if script.is_relative_to(here) and not moved else script)


def sibling(run: Path, name: str) -> Path:
    """Suggest the output of the next stage: beside this run, under the stage's name."""
    return run.parent / name
