"""The command line answers at once: nothing heavy is imported before it is needed."""

import subprocess
import sys
import time

import pytest

COMMANDS = [
    *("demo", "init", "run"),
    *("tokenizer", "pretrain", "sft", "reward", "ppo"),
    *("evaluate", "generate", "chat", "serve", "inspect", "info"),
    *("backup", "restore", "password"),
]


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


def test_help_is_quick_beside_an_empty_program() -> None:
    empty = min(seconds("-c", "pass") for _ in range(3))
    help_ = min(seconds("-c", "from fledge.cli.app import run; run(['--help'])") for _ in range(3))
    assert help_ < 40 * empty + 0.2, (help_, empty)


LONGER = {"": 60, "serve": 75}
"""The lines of what lists every command, and of the command with most options."""


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_fits_a_screen_and_shows_an_example(command: str, fledge) -> None:
    code, out, _ = fledge(*command.split(), "--help")
    assert code == 0
    assert len(out.splitlines()) <= LONGER.get(command, 45)
    assert max(map(len, out.splitlines())) <= 80
    assert not command or f"Example: fledge {command}" in " ".join(out.split())


def test_the_installed_command_prints_its_version(fledge) -> None:
    code, out, _ = fledge("--version")
    assert code == 0
    assert out.startswith("fledge 0.")
