"""Check the outputs of commands before the work begins, so that it is not wasted."""

import os
import tempfile
from pathlib import Path

from fledge.errors import ConfigError


def check_writable(file: Path) -> None:
    """Check that `file` can be written; create its folder if it is missing.

    Raises:
        ConfigError: it is a folder, or its folder may not be written.
    """
    if file.is_dir():
        raise ConfigError(f"{file} is a folder; name a file")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=file.parent):
            pass
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be written: {error.strerror or error}; name another place"
        ) from error
    if file.exists() and not os.access(file, os.W_OK):
        raise ConfigError(f"{file} exists but may not be written; name another file")


def check_own_directory(directory: Path, own: frozenset[str]) -> None:
    """Check that replacing `directory` loses only files named in `own`.

    Raises:
        ConfigError: it is a file, holds other files, or cannot be written.
    """
    if directory.exists() and not directory.is_dir():
        raise ConfigError(f"{directory} is a file; name a folder")
    there = {path.name for path in directory.iterdir()} if directory.is_dir() else set()
    if there - own:
        raise ConfigError(
            f"{directory} holds {sorted(there - own)[0]}, which would be lost; name a new folder"
        )
    check_writable(directory / "file" if directory.is_dir() else directory)
