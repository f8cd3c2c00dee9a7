"""Real data, for tests that need it: skipped where FLEDGE_DATA names no folder of them."""

import os
from pathlib import Path

import pytest

DATA = os.environ.get("FLEDGE_DATA")


def shared_data(name: str) -> Path:
    """The path of `name` in the data folder; skips the test if it is not there."""
    path = Path(DATA or "") / name
    if not DATA or not path.exists():
        pytest.skip(f"no {name}: set FLEDGE_DATA to the folder of real data")
    return path
