"""The commands that use a checkpoint: info, generate, chat, tokenizer."""

import io
import json
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import fledge as package
from fledge.checkpoint.recommended import Recommended
from fledge.cli.terminal_chat import TerminalChat, converse
from fledge.generate import SamplingParams
from fledge.generate.text import Answer
from fledge.text.printable import printable
from tiny_model import write_language_model


def test_info_tells_sizes_and_lineage(fledge, chat_model: Path, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    code, out, _ = fledge("info", chat_model)
    assert code == 0
    assert "language model" in out and "36,512" in out
    assert "sft, step 20 of 20" in out and "pretrain, step 20 of 20" in out
    assert "data text.txt" in out


def test_info_as_json_can_be_read_by_programs(fledge, reward_model: Path) -> None:
    _, out, _ = fledge("info", reward_model, "--json")
    facts = json.loads(out)
    assert facts["kind"] == "reward or value model"
    assert facts["lineage"]["parents"]["model"]["lineage"]["stage"] == "sft"


def test_info_of_a_damaged_checkpoint_names_the_file(fledge, chat_model: Path, tmp_path) -> None:
    for file in (chat_model / "step-00000020").iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    code, _, err = fledge("info", tmp_path)
    assert code == 1
    assert "model.safetensors" in err


def test_the_same_seed_gives_the_same_answer(fledge, chat_model: Path) -> None:
    words = ("generate", chat_model, "The tide?", "--max-new-tokens", "8", "--seed", "3")
    first, again = fledge(*words), fledge(*words)
    assert first == again
    assert first[0] == 0


def test_raw_text_is_continued_by_the_model_s_own_next_tokens(fledge, chat_model: Path) -> None:
    """Greedy: the argmax of a plain forward pass over the text alone, without a template."""
    words = ("--raw", "--max-new-tokens", "4", "-t", "0")
    code, out, _ = fledge("generate", chat_model, "The tide", *words)
    loaded = package.load(chat_model)
    ids = loaded.tokenizer.encode("The tide")
    banned = sorted(loaded.banned_ids)
    for _ in range(4):
        with torch.no_grad():
            logits = loaded.model(torch.tensor([ids]))[0, -1]
        logits[banned] = -torch.inf
        ids.append(int(logits.argmax()))
        if ids[-1] in loaded.tokenizer.stop_ids:
            break
    assert code == 0
    assert out == printable(loaded.tokenizer.decode(ids)) + "\n"


@pytest.mark.parametrize("prompt", [[], ["-"]])
def test_standard_input_is_a_prompt(fledge, chat_model: Path, monkeypatch, prompt) -> None:
    words = ("generate", chat_model, *prompt, "--raw", "--max-new-tokens", "1", "-t", "0")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("tïde".encode())))
    code, out, _ = fledge(*words)
    assert code == 0 and out.startswith("tïde")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("tïde".encode("latin1"))))
    code, _, err = fledge(*words)
    assert code == 1
    assert "standard input: not UTF-8: byte 0xef at position 1" in err


def test_a_file_of_prompts_becomes_a_file_of_answers(
    fledge, chat_model: Path, tmp_path: Path
) -> None:
    prompts = tmp_path / "prompts.jsonl"
    prompts.write_text('{"prompt": "one"}\n{"prompt": "two"}\n{"prompt": "three"}\n')
    code, _, err = fledge(
        "generate", chat_model, "--prompts", prompts, "-o", tmp_path / "out.jsonl", "--seed", "1",
        "--max-new-tokens", "4",
    )  # fmt: skip
    assert code == 0 and "3 answers" in err
    records = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [record["prompt"][0]["content"] for record in records] == ["one", "two", "three"]


def test_no_control_character_reaches_the_terminal(fledge, chat_model: Path) -> None:
    _, out, _ = fledge(
        "generate", chat_model, "hi", "-t", "5", "--max-new-tokens", "40", "--seed", "2"
    )
    assert not any(ord(char) < 32 and char not in "\t\n" for char in out)


def test_text_is_measured_in_bits_per_byte(fledge, chat_model: Path, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("The tide comes in twice a day. " * 20)
    code, out, _ = fledge("evaluate", chat_model, "--text", tmp_path / "text.txt", "--json")
    assert code == 0
    assert json.loads(out)["bytes"] > 500
    assert json.loads(out)["bits_per_byte"] > 1
    assert json.loads(out)["weights"] == "float32"


def test_a_measurement_tells_the_format_of_the_weights(
    fledge, chat_model: Path, reward_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "text.txt").write_text("The tide comes in twice a day. " * 20)
    measured = ("evaluate", chat_model, "--text", tmp_path / "text.txt")
    _, exact, _ = fledge(*measured, "--json")
    _, rounded, _ = fledge(*measured, "--json", "--weights", "bfloat16")
    exact, rounded = json.loads(exact), json.loads(rounded)
    assert (exact["weights"], rounded["weights"]) == ("float32", "bfloat16")
    assert exact["bits_per_byte"] != rounded["bits_per_byte"]
    assert abs(exact["bits_per_byte"] / rounded["bits_per_byte"] - 1) < 0.01
    _, table, _ = fledge(*measured, "--weights", "bfloat16")
    assert table.splitlines()[-1].split() == ["weights", "bfloat16"]
    rankings = ("evaluate", reward_model, "--rankings", tmp_path / "pairs.jsonl")
    code, _, error = fledge(*rankings, "--weights", "bfloat16")
    assert code == 2
    assert "reward models are measured in float32: --weights would have no effect" in error


@pytest.mark.parametrize("weights", ["auto", "float32", "bfloat16"])
def test_an_answer_is_written_in_the_format_that_is_asked_for(
    fledge, chat_model: Path, weights: str
) -> None:
    sampled = ("--seed", "1", "--max-new-tokens", "6")
    code, out, _ = fledge("generate", chat_model, "tide", *sampled, "--weights", weights)
    assert (code, len(out) > 1) == (0, True)
    code, _, error = fledge("generate", chat_model, "tide", "--weights", "int3")
    assert code == 2
    assert "int3" in error and "bfloat16" in error


def test_rankings_are_measured_by_accuracy(fledge, reward_model: Path, tmp_path: Path) -> None:
    pairs = [{"prompt": f"tide {n}", "chosen": "the sea", "rejected": "moon"} for n in range(40)]
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(pair) + "\n" for pair in pairs))
    code, out, _ = fledge("evaluate", reward_model, "--rankings", tmp_path / "pairs.jsonl")
    numbers = dict(line.rsplit("  ", 1) for line in out.splitlines())
    assert code == 0
    assert float(numbers["pairs".ljust(len(out.splitlines()[0].rsplit("  ", 1)[0]))]) == 40


def test_the_starter_packs_kinds_are_measured(fledge, tmp_path: Path) -> None:
    model = write_language_model(tmp_path / "model", context_length=1024)
    code, out, _ = fledge("evaluate", model, "--starter", 1, "--max-new-tokens", 4, "--json")
    numbers = json.loads(out)
    assert code == 0
    assert numbers["valid_all"] == 0 and "valid_how_to" in numbers


def test_a_model_does_not_beat_itself(
    fledge, chat_model: Path, reward_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "prompts.jsonl").write_text('{"prompt": "tide"}\n{"prompt": "moon"}\n')
    code, out, _ = fledge(
        "evaluate", chat_model, "--against", chat_model, "--reward", reward_model,
        "--prompts", tmp_path / "prompts.jsonl", "--max-new-tokens", "6", "--json",
    )  # fmt: skip
    assert code == 0
    assert json.loads(out)["win_rate"] == 0.5
    assert json.loads(out)["weights_against"] == "float32"


@pytest.fixture
def chat(chat_model: Path):
    """Types `lines`, then leaves; returns what the screen shows and the session."""

    def typed(*lines: str) -> tuple[str, TerminalChat]:
        waiting: Iterator[str] = iter(lines)
        shown: list[str] = []

        def read(_: str) -> str:
            line = next(waiting, None)
            if line is None:
                raise EOFError
            return line

        session = TerminalChat(
            chat_model,
            package.load(chat_model),
            SamplingParams(max_new_tokens=6, seed=1),
            read=read,
            write=shown.append,
        )
        converse(session)
        return "".join(shown), session

    return typed


def test_a_chat_remembers_its_turns(chat) -> None:
    _, session = chat("Hello", "And\\", "again?")
    turns = session.conversation.messages
    assert [turn.role for turn in turns] == ["user", "assistant"] * 2
    assert turns[2].content == "And\nagain?"


def test_a_chat_says_why_an_answer_was_cut(chat) -> None:
    screen, _ = chat("Hello")
    assert "(stopped: the answer reached its length limit)\n" in screen


def test_a_chat_samples_as_the_model_recommends_and_ends_circles(
    chat_model: Path, monkeypatch
) -> None:
    recommended = Recommended(temperature=0.2, top_p=0.9)
    loaded = replace(package.load(chat_model), recommended=recommended)
    asked: list[SamplingParams] = []

    def stream_answer(
        _: object, __: object, sampling: SamplingParams
    ) -> Generator[str, None, Answer]:
        asked.append(sampling)
        yield "Yes."
        return Answer("Yes.", "stop", 1, 1)

    monkeypatch.setattr("fledge.cli.terminal_chat.stream_answer", stream_answer)
    for given in (SamplingParams(top_p=0.5, seed=3), SamplingParams(stop_repetition=False)):
        TerminalChat(chat_model, loaded, given, write=lambda _: None).answer("Hello")
    sampling, endless = asked
    assert (sampling.temperature, sampling.top_p, sampling.seed) == (0.2, 0.5, 3)
    assert sampling.max_new_tokens == loaded.model.config.context_length
    assert sampling.stop_repetition
    assert not endless.stop_repetition


def test_commands_change_the_chat(chat, chat_model: Path, tmp_path: Path) -> None:
    screen, session = chat(
        "/help",
        "Hello",
        "/system Be kind.",
        "/system",
        f"/model {chat_model}",
        "/nonsense",
        "/quit",
    )
    assert "/reset" in screen and "Be kind." in screen
    assert "There is no command /nonsense" in screen
    assert [turn.role for turn in session.conversation.messages] == ["system"]


def test_a_chat_is_saved_as_a_demonstration(chat, tmp_path: Path) -> None:
    chat("Hello", f"/save {tmp_path / 'chats.jsonl'}", "/save")
    from fledge.data import load_demonstrations

    (saved,) = load_demonstrations([tmp_path / "chats.jsonl"])
    assert saved.messages[0].content == "Hello"


def test_an_error_ends_a_turn_and_not_the_chat(chat) -> None:
    screen, session = chat("/model nowhere", "word " * 100, "Hello")
    assert screen.count("error: ") == 2
    assert len(session.conversation.messages) == 2


def test_tokens_are_shown_with_their_ids(fledge, chat_model: Path) -> None:
    code, out, _ = fledge("tokenizer", "encode", chat_model, "The tide")
    assert code == 0
    tokenizer = package.load(chat_model).tokenizer
    assert " ".join(map(str, tokenizer.encode("The tide"))) in out
    assert "bytes per token" in out


def test_a_trace_ends_in_the_ids(fledge, chat_model: Path) -> None:
    _, out, _ = fledge("tokenizer", "trace", chat_model, "tide")
    tokenizer = package.load(chat_model).tokenizer
    assert " ".join(map(str, tokenizer.encode("tide"))) in out.splitlines()[-1]


def test_a_tokenizer_is_trained_and_reported_on(fledge, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("one two two three three three " * 20)
    code, out, _ = fledge("tokenizer", "train", text, "-o", tmp_path / "tokenizer", "-v", "270")
    assert code == 0 and "270 tokens" in out
    code, out, _ = fledge("tokenizer", "report", tmp_path / "tokenizer", text, "--top", "3")
    assert code == 0
    assert "three" in out and "Zipf exponent" in out
