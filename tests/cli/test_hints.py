"""The commands that are printed as the next ones to give can be given."""

import shlex
import sys
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from fledge.cli.app import app
from fledge.cli.hints import command, program, sibling
from fledge.cli.ppo import serve_words
from fledge.cli.pretrain import generate_words
from fledge.cli.reward import ppo_words
from fledge.config import parse_section
from fledge.runs.run import Run


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with an installation of its own in `.venv`, and nothing on the path."""
    scripts = tmp_path / ".venv" / "bin"
    scripts.mkdir(parents=True)
    for name in ("python", "fledge"):
        (scripts / name).touch(mode=0o755)
    monkeypatch.setattr(sys, "executable", str(scripts / "python"))
    monkeypatch.setenv("PATH", str(tmp_path / "elsewhere"))
    monkeypatch.chdir(tmp_path)
    return scripts


def parse(line: str) -> None:
    """Read a command line as the program would; raises for a wrong option or a missing argument."""
    parser, words = typer.main.get_command(app), shlex.split(line)[1:]
    while isinstance(parser, TyperGroup):
        parser, words = parser.commands[words[0]], words[1:]
    parser.make_context(parser.name, words)


def a_run(stage: dict[str, object], output: str = "my runs/this one") -> Run:
    return parse_section({"output": output, "stage": stage}, Run, "test")


def test_what_is_not_on_the_path_is_named_by_its_place(environment: Path) -> None:
    assert program() == ".venv/bin/fledge"
    assert program(moved=True) == str(environment / "fledge")


def test_a_place_outside_the_directory_is_named_whole(
    environment: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "project"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert program() == str(environment / "fledge")


def test_what_is_on_the_path_is_named_alone(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(environment))
    assert program() == "fledge"


def test_another_installation_on_the_path_is_not_meant(
    environment: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "fledge").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(other))
    assert program() == ".venv/bin/fledge"


def test_words_are_quoted_for_the_shell(environment: Path) -> None:
    line = command("translate", Path("my runs/it's"), "How are you?")
    assert shlex.split(line) == [".venv/bin/fledge", "translate", "my runs/it's", "How are you?"]


def test_a_reward_model_leads_to_ppo_on_the_model_it_came_from() -> None:
    run = a_run(
        {"name": "reward", "model": "checkpoints/sft30", "rankings": ["a.jsonl", "b.jsonl"]}
    )
    line = command(*ppo_words(run))
    parse(line)
    assert shlex.split(line)[1:] == [
        *("ppo", "-m", "checkpoints/sft30", "-r", "my runs/this one"),
        *("-d", "a.jsonl", "-d", "b.jsonl", "-o", "my runs/ppo"),
    ]


def test_ppo_leads_to_a_page_with_the_policy_and_the_model_it_came_from() -> None:
    stage = {"name": "ppo", "policy": "ck/sft", "reward": "ck/reward", "prompts": ["a.jsonl"]}
    line = command(*serve_words(a_run(stage, "ck/ppo")))
    parse(line)
    assert line.endswith("fledge serve ck/ppo ck/sft")


def test_a_model_that_has_only_read_is_not_asked_to_answer() -> None:
    line = command(*generate_words(a_run({"name": "pretrain", "tokenizer": "t"})))
    parse(line)
    assert "--raw" in line


def test_the_next_stage_lies_beside_this_one() -> None:
    assert sibling(Path("checkpoints/reward"), "ppo") == Path("checkpoints/ppo")
    assert sibling(Path("reward"), "ppo") == Path("ppo")
