"""Directory for files that can be fetched or made again: downloaded models, compiled code."""

import sys
from collections.abc import Mapping
from pathlib import Path

OVERRIDE = "FLEDGE_CACHE"
"""Environment variable that names another directory."""


def cache_directory(
    environment: Mapping[str, str], home: Path, platform: str = sys.platform
) -> Path:
    """Return the directory, which need not exist: `FLEDGE_CACHE`, or the system's for caches."""
    if environment.get(OVERRIDE):
        return Path(environment[OVERRIDE]).expanduser()
    if platform == "win32":
        local = environment.get("LOCALAPPDATA")
        return (Path(local) if local else home / "AppData" / "Local") / "fledge" / "Cache"
    if platform == "darwin":
        return home / "Library" / "Caches" / "fledge"
    return Path(environment.get("XDG_CACHE_HOME") or home / ".cache") / "fledge"
