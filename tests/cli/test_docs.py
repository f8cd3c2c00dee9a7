"""The pages about commands and the Python API say all of what is there."""

import re
from pathlib import Path

import pytest

import fledge
from fledge.cli.reference import commands, page

DOCS = Path(__file__).parents[2] / "docs"
README = DOCS.parent / "README.md"


def test_the_commands_page_is_what_the_commands_say() -> None:
    written = (DOCS / "commands.md").read_text(encoding="utf-8")
    assert written == page(), "run: python -m fledge.cli.reference > docs/commands.md"


def test_every_command_and_option_is_on_the_page() -> None:
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    for name, command in commands():
        section = text.partition(f"\n## fledge {name}\n")[2].partition("\n## ")[0]
        assert section, name
        for parameter in command.params:
            for option in parameter.opts:
                assert not option.startswith("--") or f"`{option}`" in section, (name, option)


@pytest.mark.parametrize("name", sorted(set(fledge.__all__) - {"__version__"}))
def test_the_python_api_is_documented(name: str) -> None:
    assert f"fledge.{name}" in (DOCS / "python.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("file", [README, *sorted(DOCS.rglob("*.md"))], ids=lambda path: path.name)
def test_links_between_pages_lead_somewhere(file: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)|src=\"([^\"]+)\"", file.read_text(encoding="utf-8")):
        path = "".join(target)
        assert "://" in path or (file.parent / path).exists(), f"{file.name}: {path}"


def test_the_readme_names_every_command_that_exists_and_no_other() -> None:
    text = README.read_text(encoding="utf-8")
    named = set(re.findall(r"\bfledge ([a-z]+)\b(?= |`|$)", text, flags=re.M))
    known = {name.split()[0] for name, _ in commands()}
    assert named & known, "the README shows no command"
    shown = set(re.findall(r"^(?:    )?fledge ([a-z]+)", text, flags=re.M))
    assert shown <= known


def test_the_index_lists_every_page() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    pages = {path.name for path in DOCS.glob("*.md")} - {"index.md"}
    assert {page for page in pages if f"({page})" not in index} == set()
