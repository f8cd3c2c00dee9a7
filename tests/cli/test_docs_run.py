"""A reader of the pages types every command, from top to bottom, in a fresh clone."""

import re
import shlex
from collections.abc import Iterator
from itertools import dropwhile
from pathlib import Path
from typing import NamedTuple

import pytest
import typer
from typer.core import TyperGroup

from checkpoint.foreign_models import CONFIGS, write_foreign
from cli.pages import (
    ROOT,
    SHELLS,
    Block,
    blocks,
    command,
    commands_before,
    commands_of,
    read_page,
)
from cli.walk import Walk, Walks, clone, toy_tools
from fledge.cli.app import app

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
PROJECT_PAGE = ROOT / "src" / "fledge" / "cli" / "template" / "README.md"
RUN_FILES = sorted((ROOT / "runs").rglob("*.toml"))


class Instead(NamedTuple):
    """A line that a test cannot type, and one that stands in for it."""

    reason: str
    line: str


INSTEAD = {
    "git clone <this repository> fledge && cd fledge": Instead("the walk begins in a clone", ":"),
    "make demo": Instead(
        "installs from the network and trains for a quarter of an hour", "make --dry-run demo"
    ),
    "make demo-real": Instead(
        "installs from the network and trains a real model",
        "make --dry-run demo-real",
    ),
    "fledge demo --real --no-serve --output demo --seed 0": Instead(
        "the network; tests/demo/real runs it with a small model", "fledge demo --help"
    ),
    "python -m fledge.demo.real.card_markdown demo/real/report.json": Instead(
        "the report of a long run; tests/demo/real has one", ":"
    ),
    "make test": Instead("runs this very test", "make --dry-run test"),
    "fledge serve --upstream http://gpu-box:8000/v1 --upstream-key-env GPU_BOX_KEY": Instead(
        "another server; tests/serve has one", ":"
    ),
    "FLEDGE_DATABASE=postgresql://fledge:secret@db/fledge fledge serve demo/ppo": Instead(
        "a PostgreSQL server; tests/database has one", "FLEDGE_DATABASE=a.db fledge serve demo/ppo"
    ),
    "fledge backup postgresql://fledge@db/fledge monday.db": Instead(
        "a PostgreSQL server; tests/database has one", "fledge backup chats.db tuesday.db"
    ),
    "fledge restore monday.db postgresql://fledge@new/fledge": Instead(
        "a PostgreSQL server; tests/database has one", "fledge restore monday.db new.db"
    ),
    "fledge import HuggingFaceTB/SmolLM2-135M-Instruct checkpoints/smollm2": Instead(
        "the network", "fledge import $FOREIGN/smollm2 checkpoints/smollm2"
    ),
    "fledge import openai-community/gpt2 checkpoints/gpt2 --chat-tokens": Instead(
        "the network", "fledge import $FOREIGN/gpt2 checkpoints/gpt2 --chat-tokens"
    ),
    "--mail-from fledge@example.org --smtp-user fledge --smtp-password-file secret.txt": Instead(
        "a file with a password", "    --mail-from fledge@example.org"
    ),
    "torchrun --nproc-per-node 2 -m fledge run": Instead(
        "two processes; tests/distributed starts them", "python -m fledge --version"
    ),
}

NOT_COMMANDS = {
    ("README.md", ""): "the packages",
    ("agreement.md", "text"): "what commands print; tests/cli/test_data.py prints it",
    ("api.md", "nginx"): "settings of another program",
    ("api.md", "yaml"): "a file of Prometheus",
    ("chat.md", "html"): "a line of a web page",
    ("data.md", ""): "an error; tests/data/test_docs_examples.py provokes it",
    ("data.md", "jsonl"): "tasks; tests/feedback/test_label_tasks.py reads them",
    ("improve.md", "text"): "a tree of files",
    ("inspect.md", "indented"): "a formula",
    ("model.md", "text"): "a formula",
    ("plan.md", "text"): "what commands print",
    ("rlhf.md", "indented"): "formulas",
    ("settings.md", "indented"): "prose that is set off",
    ("training.md", "text"): "what a command prints",
    ("translation.md", "indented"): "a formula",
    ("translation.md", "text"): "what a command prints",
}
"""Blocks that nobody types, by page and language."""

PYTHON_ELSEWHERE = {
    "api.md": "tests/serve/api/test_docs.py",
    "generation.md": "tests/generate/test_docs.py",
    "huggingface.md": "tests/checkpoint/test_docs.py",
    "inspect.md": "tests/inspect/test_docs.py",
    "model.md": "tests/model/test_docs.py",
    "text.md": "tests/text/test_docs.py",
}
"""Pages whose Python another test runs."""

DOWNLOADED = {
    "shakespeare-char.toml": "cp runs/tiny/data/text.txt tinyshakespeare.txt",
    "people.toml": "mkdir books; cp runs/tiny/data/text.txt books; "
    "cp runs/tiny/data/rankings.jsonl oasst_pairs.jsonl; "
    "cp runs/tiny/data/rankings.jsonl hh_harmless_train2000.jsonl; "
    "(echo [; paste -sd , runs/tiny/data/demonstrations.jsonl; echo ]) "
    "> rasbt_instruction-data.json",
    "multi30k.toml": "mkdir -p data/multi30k; pairs=runs/tiny/data/pairs.tsv; "
    "head -n 90 $pairs | cut -f 1 > data/multi30k/train.en; "
    "head -n 90 $pairs | cut -f 2 > data/multi30k/train.fr; "
    "tail -n 30 $pairs | cut -f 1 > data/multi30k/val.en; "
    "tail -n 30 $pairs | cut -f 2 > data/multi30k/val.fr",
    "tatoeba.toml": "mkdir -p data/tatoeba; cp runs/tiny/data/pairs.tsv data/tatoeba/fra.txt",
}
"""Commands that make what the comment of a run file tells its reader to download."""

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def walks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walks]:
    folder = tmp_path_factory.mktemp("walks")
    fresh = folder / "fresh" / "clone"
    clone(fresh)
    write_models_of_the_hub(folder / "foreign")
    with toy_tools(folder, fresh / "src") as tools:
        yield Walks(folder, tools | {"FOREIGN": str(folder / "foreign")})


def write_models_of_the_hub(directory: Path) -> None:
    """Save a tiny SmolLM2 and a tiny GPT-2, whose contexts hold the samples as the real ones do."""
    longer = {"smollm2": {"max_position_embeddings": 512}, "gpt2": {"n_positions": 512}}
    with pytest.MonkeyPatch.context() as patch:
        for name, change in longer.items():
            config = CONFIGS[name]
            patch.setitem(CONFIGS, name, type(config).from_dict({**config.to_dict(), **change}))
        write_foreign(directory / "smollm2", "smollm2")
        write_foreign(directory / "gpt2", "gpt2", template=None)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_of_a_page_does_what_it_says(page: Path, walks: Walks) -> None:
    text = read_page(page)
    if typed := [block for block in blocks(text) if is_typed(page.name, block)]:
        go_through(page, typed, walks.after([instead(one) for one in commands_before(text)]))


def test_every_block_of_a_new_project_does_what_it_says(walks: Walks) -> None:
    walk = walks.after(["fledge init my-project && cd my-project"])
    assert read_page(walk.folder / walk.place / "README.md") == read_page(PROJECT_PAGE)
    go_through(PROJECT_PAGE, blocks(read_page(PROJECT_PAGE)), walk)


@pytest.mark.parametrize("file", RUN_FILES, ids=lambda file: str(file.relative_to(ROOT / "runs")))
def test_the_commands_at_the_top_of_a_run_file_run_it(file: Path, walks: Walks) -> None:
    *before, last = commands_of(file)
    assert str(file.relative_to(ROOT)) in last or file.parent.name == "starter"
    if file.name in DOWNLOADED:
        before.append(DOWNLOADED[file.name])
    walks.after(before).shell(last)


def is_typed(page: str, block: Block) -> bool:
    """Whether a reader types a block, and no other test does."""
    if block.language == "python":
        return page not in PYTHON_ELSEWHERE
    return (page, block.language) not in NOT_COMMANDS


def go_through(page: Path, typed: list[Block], walk: Walk) -> None:
    """Do what the blocks say, one after the other; Python keeps its names from block to block."""
    python = ""
    for block in typed:
        if block.language != "python" and python:
            walk.python(python)
            python = ""
        if block.language == "python":
            python += block.text
        elif block.language == "toml":
            walk.write(file_name(page, block), block.text)
        else:
            assert block.language in SHELLS, f"{page.name}:{block.line}: neither run nor excepted"
            walk.shell("\n".join(instead(line) for line in block.text.splitlines()))
    if python:
        walk.python(python)


def file_name(page: Path, block: Block) -> str:
    """Return the name in the comment with which a file on a page begins."""
    found = re.match(r"# ([\w./-]+\.toml)\b", block.text)
    assert found, f"{page.name}:{block.line}: begin with a comment that names the file"
    return found[1]


def instead(line: str) -> str:
    return INSTEAD[command(line)].line if command(line) in INSTEAD else line


def test_no_exception_is_out_of_date() -> None:
    pages = [(page.name, block) for page in PAGES for block in blocks(read_page(page))]
    lines = {command(line) for _, block in pages for line in block.text.splitlines()}
    lines |= {one for page in PAGES for one in commands_before(read_page(page))}
    assert INSTEAD.keys() <= lines
    assert NOT_COMMANDS.keys() <= {(name, block.language) for name, block in pages}
    for name, block in pages:
        if (name, block.language) in NOT_COMMANDS:
            assert not re.search(
                r"^\s*(\$ )?(fledge|make|pip|python\d?|torchrun) ", block.text, re.M
            )
    python = {name for name, block in pages if block.language == "python"}
    assert PYTHON_ELSEWHERE.keys() <= python
    assert all((ROOT / test).is_file() for test in PYTHON_ELSEWHERE.values())


def command_lines() -> list[tuple[str, str]]:
    """Return the command lines on all pages, and the examples of the page of commands."""
    found = [
        (page.name, command(re.split(r"\s[|>&]", line)[0]))
        for page in [*PAGES, PROJECT_PAGE]
        for block in blocks(read_page(page))
        for line in block.text.replace("\\\n", " ").splitlines()
        if line.startswith("fledge ")
    ]
    examples = re.findall(r"^Example: `([^`]+)`$", read_page(ROOT / "docs" / "commands.md"), re.M)
    return found + [
        ("commands.md", part.strip())
        for example in examples
        for part in example.split("&&")
        if part.strip().startswith("fledge ")
    ]


@pytest.mark.parametrize(("page", "line"), command_lines())
def test_command_lines_parse(page: str, line: str) -> None:
    """Every option is one that the command has, and no argument is missing."""
    found, words = typer.main.get_command(app), shlex.split(line)[1:]
    while isinstance(found, TyperGroup):
        words = list(dropwhile(lambda word: word.startswith("--"), words))
        found, words = found.commands[words[0]], words[1:]
    found.make_context(found.name, words)


def test_command_lines_are_found_on_the_main_pages() -> None:
    pages = [page for page, _ in command_lines()]
    assert pages.count("README.md") >= 8 and {"demo.md", "training.md"} <= set(pages)
