"""Let these tests import the modules of `benchmarks`, which are scripts and no package."""

import sys
from pathlib import Path

# At the end: some scripts have the name of a module of the tests.
sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
