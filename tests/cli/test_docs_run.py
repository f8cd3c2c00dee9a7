"""What the pages tell a reader to type can be typed: Python blocks run, command lines parse."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from fledge.cli.app import app
from tiny_model import write_language_model

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

ELSEWHERE = {
    "data.md": "tests/data/test_docs_examples.py",
    "generation.md": "tests/generate/test_docs.py",
    "model.md": "tests/model/test_docs.py",
    "text.md": "tests/text/test_docs.py",
}
"""Pages whose Python blocks another test runs."""
HERE = ("README.md", "python.md", "rlhf.md", "training.md")
"""Pages whose Python blocks are run here: they train and use the checkpoints of `place`."""

RUN = """
output = "{output}"
[batch]
examples = 2
[optimizer]
steps = 1
[runtime]
device = "cpu"
dtype = "float32"
compile = false
[stage]
"""
SFT = 'name = "sft"\nmodel = "checkpoints/sft"\ndemonstrations = ["chats.jsonl"]\n'
PPO = """name = "ppo"
policy = "checkpoints/sft"
reward = "a function given from Python"
prompts = ["chats.jsonl"]
rollout = {examples = 2, max_new_tokens = 4}
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the pages speak of, at toy size."""
    monkeypatch.chdir(tmp_path)
    for name in ("sft", "ppo"):
        write_language_model(tmp_path / "checkpoints" / name)
    chats = [{"prompt": f"Is {n} even?", "completion": "yn"[n % 2]} for n in range(6)]
    Path("chats.jsonl").write_text("".join(json.dumps(one) + "\n" for one in chats))
    files = {"runs/mine": SFT, "runs/tiny/sft": SFT, "runs/tiny/ppo": PPO, "ppo": PPO}
    for name, stage in files.items():
        file = Path(f"{name}.toml")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(RUN.replace("{output}", f"trained/{name}") + stage)
    return tmp_path


@pytest.mark.parametrize("name", HERE)
def test_python_blocks_run_one_after_the_other(name: str, place: Path, monkeypatch) -> None:
    served = []
    monkeypatch.setattr("uvicorn.run", served.append)
    (page,) = (page for page in PAGES if page.name == name)
    blocks = python_blocks(page)
    assert blocks
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(page), "exec"), names)
    assert len(served) == sum("uvicorn.run(" in block for block in blocks)


def python_blocks(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.S | re.M)


def test_every_python_block_is_run_somewhere() -> None:
    for page in (ROOT / name for name in set(ELSEWHERE.values())):
        assert page.is_file(), page
    run = {*HERE, *ELSEWHERE}
    known = [page for page in PAGES if page.name in run]
    assert {page.name for page in known} == run
    assert all(python_blocks(page) for page in known)


def shell_lines(text: str) -> Iterator[str]:
    """Lines of blocks for a shell: fenced as one or as nothing, or indented by four."""
    shells, language = ("", "sh", "bash", "console"), None
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("```"):
            language = line.removeprefix("```").strip() if language is None else None
        elif language in shells or (language is None and line.startswith(" " * 4)):
            yield line.strip()


def command_lines() -> list[tuple[str, str]]:
    """Every command line that begins with `fledge`, without what is said or piped after it."""
    pages = [*PAGES, ROOT / "src" / "fledge" / "cli" / "template" / "README.md"]
    return [
        (page.name, re.split(r"\s#\s|\s{4,}|\s[|>&]", line)[0])
        for page in pages
        for line in shell_lines(page.read_text(encoding="utf-8"))
        if line.startswith("fledge ")
    ]


@pytest.mark.parametrize(("page", "line"), command_lines())
def test_command_lines_parse(page: str, line: str) -> None:
    """Every option is one that the command has, and no argument is missing."""
    command, words = typer.main.get_command(app), shlex.split(line)[1:]
    while isinstance(command, TyperGroup):
        command, words = command.commands[words[0]], words[1:]
    command.make_context(command.name, words)


def test_command_lines_are_found_on_the_main_pages() -> None:
    pages = [page for page, _ in command_lines()]
    assert pages.count("README.md") >= 8 and {"demo.md", "training.md"} <= set(pages)
