"""Real data beside the project, for tests that need it: skipped where it is absent."""

import os
from pathlib import Path

import pytest

DATA = Path(
    os.environ.get("FLEDGE_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data"
)


def shared_data(name: str) -> Path:
    """The path of `name` in the data folder; skips the test if it is not there."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"no {name}: set FLEDGE_DATA to the folder of real data")
    return path
