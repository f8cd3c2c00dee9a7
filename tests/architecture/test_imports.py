"""Packages that must start fast or stay small import no torch."""

import subprocess
import sys

import pytest

WITHOUT_TORCH = (
    "fledge.cli",
    "fledge.config",
    "fledge.errors",
    "fledge.text.chat",
    "fledge.text.stream",
    "fledge.feedback.records",
    "fledge.database",
    "fledge.starter.kinds",
    "fledge.serve",
)


@pytest.mark.parametrize("module", WITHOUT_TORCH)
def test_importing_it_imports_no_torch(module):
    program = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
