"""The command line answers at once: nothing heavy is imported before it is needed."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from fledge.cli.app import RAISE, RUN, START, USE
from fledge.cli.reference import commands
from tiny_model import write_language_model


def seconds(*command: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    return time.perf_counter() - start


def test_help_imports_no_torch_and_nothing_as_heavy() -> None:
    code = (
        "import sys; from fledge.cli.app import run; run(['--help']);"
        "heavy = {'torch', 'numpy', 'pydantic', 'fastapi', 'tokenizers'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_a_model_opens_without_the_compiler(tmp_path: Path) -> None:
    """torch's compiler takes a second to import."""
    run = write_language_model(tmp_path / "run")
    code = (
        f"import sys, fledge; fledge.load({str(run)!r}); assert 'torch._dynamo' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_help_is_quick_beside_an_empty_program() -> None:
    empty = min(seconds("-c", "pass") for _ in range(3))
    help_ = min(seconds("-c", "from fledge.cli.app import run; run(['--help'])") for _ in range(3))
    assert help_ < 40 * empty + 0.2, (help_, empty)


SCREEN = (45, 80)
"""Lines and columns."""


@pytest.mark.parametrize("command", ["", "tokenizer", "inspect", *(name for name, _ in commands())])
def test_help_fits_a_screen_and_shows_an_example(command: str, fledge) -> None:
    code, out, _ = fledge(*command.split(), "--help")
    lines, columns = SCREEN
    assert code == 0
    assert len(out.splitlines()) <= lines
    assert max(map(len, out.splitlines())) <= columns
    assert f"Example: fledge {command}".strip() in " ".join(out.split())


def test_each_command_has_one_line_in_the_list(fledge) -> None:
    _, out, _ = fledge("--help")
    rows = [line for line in out.splitlines() if line.startswith("  ")]
    listed = [row.split()[0] for row in rows]
    assert sorted(listed) == sorted({name.split()[0] for name, _ in commands()})
    assert not [row for row in rows if row.endswith("...")], "summaries that are cut"


def test_the_list_of_commands_almost_fits_a_small_terminal(fledge) -> None:
    """The usual one has 24 rows; a command more is a row more."""
    _, out, _ = fledge("--help")
    headings = [line for line in out.splitlines() if line in (START, RAISE, USE, RUN)]
    assert headings == [START, RAISE, USE, RUN]
    assert len(out.splitlines()) <= 40
    assert "--version" in out and "--debug" in out


def test_the_installed_command_prints_its_version(fledge) -> None:
    code, out, _ = fledge("--version")
    assert code == 0
    assert out.startswith("fledge 0.")
