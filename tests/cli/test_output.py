"""Commands try what they are to write before they work, and lose nothing when they cannot."""

import errno
import os
from pathlib import Path

import pytest

from fledge.cli.project import write_project
from fledge.errors import DataError


@pytest.fixture
def full_disk(monkeypatch):
    """Every file written from now on runs into a full disk."""

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", full)


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    file = tmp_path / "prompts.jsonl"
    file.write_text('{"prompt": "one"}\n')
    return file


def test_an_output_that_cannot_be_written_is_refused_before_the_work(
    fledge, chat_model: Path, prompts: Path, tmp_path: Path, monkeypatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("fledge.load", lambda _: pytest.fail("the work began"))
    for output, said in (
        (tmp_path, "is a folder"),
        (tmp_path / "file" / "out", "cannot be written"),
    ):
        code, _, err = fledge("generate", chat_model, "--prompts", prompts, "-o", output)
        assert code == 2 and said in err


def test_answers_replace_older_ones_only_when_all_are_there(
    fledge, chat_model: Path, prompts: Path, tmp_path: Path, full_disk
) -> None:
    output = tmp_path / "out.jsonl"
    output.write_text("older answers\n")
    words = ("generate", chat_model, "--prompts", prompts, "--max-new-tokens", 2, "-o", output)
    code, _, err = fledge(*words)
    assert code == 1 and "the file of answers was not written: the disk is full" in err
    assert output.read_text() == "older answers\n"
    assert not list(tmp_path.glob(".*"))


@pytest.fixture
def text(tmp_path: Path) -> Path:
    (tmp_path / "text.txt").write_text("one two three " * 50)
    return tmp_path / "text.txt"


def test_a_tokenizer_never_takes_the_place_of_something_else(fledge, text: Path, tmp_path) -> None:
    code, _, err = fledge("tokenizer", "train", text, "-o", tmp_path, "-v", "270")
    assert code == 2 and "holds text.txt, which would be lost" in err
    code, _, err = fledge("tokenizer", "train", text, "-o", text, "-v", "270")
    assert code == 2 and "is a file" in err
    assert text.exists()


def test_a_tokenizer_is_replaced_whole_or_not_at_all(
    fledge, text: Path, tmp_path: Path, request
) -> None:
    output = tmp_path / "tokenizer"
    assert fledge("tokenizer", "train", text, "-o", output, "-v", "270")[0] == 0
    before = {file.name: file.read_bytes() for file in output.iterdir()}
    request.getfixturevalue("full_disk")
    code, _, err = fledge("tokenizer", "train", text, "-o", output, "-v", "268")
    assert code == 1 and "the tokenizer was not written: the disk is full" in err
    assert "the old tokenizer is untouched" in err and "checkpoint" not in err
    assert {file.name: file.read_bytes() for file in output.iterdir()} == before


def test_nothing_is_left_of_half_a_project(tmp_path: Path, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("fledge.cli.project.write_lines", full)
    with pytest.raises(DataError, match=r"No space left.*same command again"):
        write_project(tmp_path / "mine", seed=0)
    assert not (tmp_path / "mine").exists()
