"""A user's error is a line or two on stderr and an exit code, never a traceback."""

import subprocess
import sys
from pathlib import Path

import pytest

from fledge.errors import CheckpointError


def test_an_error_is_told_in_one_line(fledge, tmp_path: Path) -> None:
    code, out, err = fledge("info", tmp_path / "nothing")
    assert code == 1 and out == ""
    assert err.startswith("error: ") and "Traceback" not in err
    assert str(tmp_path / "nothing") in err


def test_debug_shows_where_it_came_from(fledge, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError):
        fledge("info", tmp_path, "--debug")


def test_a_wrong_setting_names_the_right_one(fledge, tmp_path: Path) -> None:
    code, _, err = fledge(
        "sft", "-m", tmp_path, "-d", "x.jsonl", "-o", tmp_path / "o", "stage.epoch=1"
    )
    assert code == 2
    assert "did you mean epochs?" in err


OIDC = ("--oidc-issuer", "https://a", "--oidc-client-id", "b", "--oidc-client-secret-file")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sft", "run.toml", "other.toml"], "give one run file; found"),
        (["sft", "-m", "base"], "--output"),
        (["sft", "missing.toml"], "fledge init"),
        (["run", "a.toml", "--text", "x"], "give one pipeline"),
        (["run", "--rankings", "x"], "need --text"),
        (["run"], "fledge init"),
        (["evaluate", "model"], "nothing to measure"),
        (["evaluate", "model", "--against", "other"], "--reward"),
        (["generate", "model", "hi", "--prompts", "file"], "not both"),
        (["generate", "model", "--raw", "--prompts", "file"], "--raw would have no effect"),
        (["generate", "model", "hi", "-o", "out"], "--output would have no effect"),
        (["evaluate", "model", "--starter", "1", "--prompts", "x"], "--prompts would have"),
        (["evaluate", "model", "--starter", "1", "--reward", "x"], "--reward would have"),
        (["evaluate", "model", "--text", "x", "--max-new-tokens", "9"], "--max-new-tokens would"),
        (["evaluate", "model", "--text", "x", "--seed", "0"], "--seed would have no effect"),
        (["tokenizer", "train", "x", "-o", "t", "--characters", "-v", "300"], "--vocabulary-size"),
        (["tokenizer", "train", "x", "-o", "t", "--characters", "--pattern", "gpt4"], "--pattern"),
        (["tokenizer", "train", "x", "-o", "t", "--characters", "--lower-case"], "--lower-case"),
        (["tokenizer", "train", "x", "-o", "t", "--characters", "--normalise", "NFC"], "--normal"),
        (["pretrain", "run.toml", "-v", "300"], "--vocabulary-size would have no effect"),
        (["pretrain", "-d", "x", "-o", "y", "--model", "m", "-v", "300"], "--vocabulary-size"),
        (["pretrain", "-d", "x", "-o", "y", "stage.model=m", "-v", "300"], "--vocabulary-size"),
        (["pretrain", "-d", "x", "-o", "y", "--tokenizer", "t", "-m", "b"], "its own tokenizer"),
        (["pretrain", "-d", "x", "-o", "y", "-m", "b", "stage.size.width=32"], "its own size"),
        (["sft", "-m", "b", "-d", "x", "-o", "y", "--epochs", "2", "--steps", "3"], "one of the"),
        (["reward", "-m", "b", "-d", "x", "-o", "y", "--steps", "3", "stage.epochs=1"], "epochs"),
        (["run", "--text", "x", "--rankings", "y"], "--rankings also need --demonstrations"),
        (["demo", "--no-serve", "--port", "80"], "--port would have no effect"),
        (["serve", "--upstream-key-env", "KEY"], "--upstream-key-env would have no effect"),
        (["serve", "m", "--oidc-create"], "--oidc-create would have no effect"),
        (["serve", "m", "--oidc-client-id", "a"], "--oidc-client-id would have no effect"),
        (["serve", "m", "--oidc-issuer", "https://a"], "needs --oidc-client-id"),
        (["serve", "m", "--no-login", "--oidc-issuer", "https://a"], "nobody logs in"),
        (
            ["serve", "m", "--oidc-issuer", "https://a", "--oidc-client-id", "b"],
            "FLEDGE_OIDC_CLIENT_SECRET has no client secret",
        ),
        (["serve", "m", *OIDC, "no-such-file"], "no-such-file cannot be read"),
        (["serve", "m", "--port", "70000"], "is not from 0 to 65535"),
        (["serve", "m", "--max-batch", "0"], "0 is not at least 1"),
        (["serve", "m", "--memory", "0"], "is not at least 0.001"),
        (["serve", "m", "--top-p", "2"], "top_p"),
        (["chat", "m", "-t", "-1"], "temperature"),
    ],
)
def test_what_does_not_go_together_is_refused(
    words: list[str], said: str, fledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = fledge(*words)
    assert code == 2
    assert said in err


def test_a_wrong_setting_is_found_before_a_tokenizer_is_trained(fledge, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("one two three " * 50)
    output = tmp_path / "base"
    code, _, err = fledge("pretrain", "-d", tmp_path / "text.txt", "-o", output, "batch.exmples=2")
    assert code == 2 and "did you mean examples?" in err
    assert not output.exists()


def test_a_run_of_another_stage_names_its_command(fledge, tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text('output = "o"\n[stage]\nname = "pretrain"\n')
    code, _, err = fledge("sft", file)
    assert code == 2
    assert f"fledge pretrain {file}" in err


def test_an_unknown_command_is_a_usage_error(fledge) -> None:
    code, _, err = fledge("pretain")
    assert code == 2
    assert "pretrain" in err


def test_a_reader_that_leaves_ends_it_quietly(chat_model: Path) -> None:
    text = "the " + "tide " * 2_000
    command = f"{sys.executable} -m fledge tokenizer trace {chat_model} '{text}' | head -n 1"
    result = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert result.stderr == ""
    assert result.stdout == "'the'\n"


def test_ctrl_c_ends_with_its_code_and_no_traceback(fledge, monkeypatch, chat_model: Path) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("fledge.checkpoint.inference.open_language_model", interrupted)
    code, out, err = fledge("generate", chat_model, "hi")
    assert (code, out, err) == (130, "", "")
