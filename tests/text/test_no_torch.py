import subprocess
import sys
from pathlib import Path

import pytest

import fledge.text

MODULES = sorted(
    f"fledge.text.{path.stem}"
    for path in Path(fledge.text.__file__).parent.glob("*.py")
    if path.stem != "__init__"
)


def test_importing_text_leaves_torch_out():
    program = "; ".join(f"import {module}" for module in MODULES)
    program += (
        "; import sys; print([name for name in sys.modules if name.split('.')[0] == 'torch'])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("module", ["fledge.text.tokenizer", "fledge.text.chat"])
def test_modules_are_found(module):
    assert module in MODULES
