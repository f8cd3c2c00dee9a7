"""Text of users, files and models is shown as it is: never read as markup, never obeyed."""

import json
import shutil
from collections.abc import Generator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import fledge as package
from fledge.cli.terminal_chat import TerminalChat, converse
from fledge.generate import SamplingParams
from fledge.generate.text import Answer
from tiny_model import write_language_model

MARKUP = "[bold]x[/x] :smile:"


def test_markup_in_paths_is_shown_by_info(fledge, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    model = write_language_model(tmp_path / "[bold]x[" / "x] :smile:")
    code, out, _ = fledge("info", model)
    assert code == 0
    assert out.count(f"{model}/step-00000020") == 2


def test_markup_in_words_is_shown_by_the_report(fledge, chat_model: Path, tmp_path: Path) -> None:
    tokens = tmp_path / "text.txt"
    tokens.write_text(f"{MARKUP} [/] [red] the tide ")
    code, out, _ = fledge("tokenizer", "report", chat_model, tokens, "--top", 99)
    assert code == 0
    assert "'['" in out and "'/'" in out


def test_markup_and_controls_are_shown_by_encode_and_trace(fledge, chat_model: Path) -> None:
    code, out, _ = fledge("tokenizer", "encode", chat_model, f"{MARKUP}\x1b]0;owned\x07")
    assert code == 0
    assert rf"{MARKUP}\x1b]0;owned\x07" in out.splitlines()[0]
    code, out, _ = fledge("tokenizer", "trace", chat_model, "[/x]:smile:")
    assert code == 0 and "smile" in "".join(out.split())


def test_an_error_message_is_not_obeyed(fledge, tmp_path: Path) -> None:
    _, _, err = fledge("info", tmp_path / "\x1b[2J[/bold]")
    assert "\x1b" not in err and "[2J[/bold]" in err


@pytest.fixture
def damaged(chat_model: Path, tmp_path: Path) -> Path:
    """A language model with NaN among its weights."""
    shutil.copytree(chat_model, tmp_path / "damaged")
    file = tmp_path / "damaged" / "step-00000020" / "model.safetensors"
    weights = load_file(file)
    save_file({name: torch.full_like(tensor, torch.nan) for name, tensor in weights.items()}, file)
    return tmp_path / "damaged"


@pytest.mark.parametrize("as_json", [True, False])
def test_numbers_that_are_none_are_told_and_refused(fledge, damaged, tmp_path, as_json) -> None:
    (tmp_path / "text.txt").write_text("The tide comes in.")
    words = ("evaluate", damaged, "--text", tmp_path / "text.txt")
    code, out, err = fledge(*words, *(["--json"] if as_json else []))
    assert code == 1
    assert "not a finite number: bits_per_byte, nats_per_token" in err and "Traceback" not in err
    if as_json:
        numbers = json.loads(out)
        assert numbers["bits_per_byte"] is None and numbers["nats_per_token"] is None
        assert numbers["bytes"] > 0
    else:
        assert out.splitlines()[0].split() == ["bits", "per", "byte", "nan"]


def test_a_chat_shows_no_control_character_of_an_answer(chat_model: Path, monkeypatch) -> None:
    said = ["safe", "\x1b[2J", "\x9b31m red\r", "\n"]

    def stream_answer(*_: object) -> Generator[str, None, Answer]:
        yield from said
        return Answer("".join(said), "stop", 1, len(said))

    monkeypatch.setattr("fledge.cli.terminal_chat.stream_answer", stream_answer)
    lines, shown = iter(["Hello"]), []

    def read(_: str) -> str:
        line = next(lines, None)
        if line is None:
            raise EOFError
        return line

    session = TerminalChat(
        chat_model, package.load(chat_model), SamplingParams(), read=read, write=shown.append
    )
    converse(session)
    assert "safe[2J31m red\n" in "".join(shown)
    # What was said is kept as it is: the model reads its own words in the next turn.
    assert session.conversation.messages[-1].content == "safe\x1b[2J\x9b31m red\r\n"
