"""One miniature model, and one good round, for all tests of rounds."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fledge.cli.app import run
from fledge.rounds.comparison import Rules
from fledge.rounds.improve import improve
from fledge.train.progress import SilentProgress
from rounds.miniature import raise_base, rankings, right, settings, write_lines


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return raise_base(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="session")
def good(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place whose first round was promoted; tests that change it copy it."""
    folder = tmp_path_factory.mktemp("good")
    data = write_lines(folder / "rankings.jsonl", rankings(300, "right"))
    improve(
        folder / "home",
        [data],
        base=base,
        config=settings(),
        rules=Rules(gold=right, right=right),
        progress=SilentProgress(),
    )
    return folder / "home"


@pytest.fixture
def fledge(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    """Runs a command line in this process: exit code, standard output, standard error."""
    monkeypatch.setattr("fledge.cli.improve.log_to_terminal", lambda: None)
    monkeypatch.setattr(os, "nice", lambda step: step)

    def call(*words: object) -> tuple[int, str, str]:
        code = run([str(word) for word in words])
        return code, *capsys.readouterr()

    return call
