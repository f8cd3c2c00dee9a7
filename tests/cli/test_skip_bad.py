"""`--skip-bad`: every command that reads records leaves bad ones out, counts and lists them."""

import json
from pathlib import Path

import pytest

SMALL = ("stage.size.width=32", "stage.size.num_layers=1", "stage.size.context_length=32")
TINY = ("--steps", "1", "batch.examples=2", "runtime.compile=false", "runtime.dtype=float32")


def write(path: Path, records: list[object], bad: bool = True) -> Path:
    lines = [json.dumps(record) + "\n" for record in records]
    path.write_text("".join([*lines[:1], "{not JSON\n" if bad else "", *lines[1:]]))
    return path


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    text = [{"text": f"The tide comes in twice a day, {n} times. " * 3} for n in range(8)]
    pairs = [{"prompt": f"tide {n}?", "chosen": "the sea", "rejected": "moon"} for n in range(8)]
    chats = [{"prompt": f"tide {n}?", "completion": "the sea"} for n in range(8)]
    return {
        "text": write(tmp_path / "text.jsonl", text),
        "pairs": write(tmp_path / "pairs.jsonl", pairs),
        "chats": write(tmp_path / "chats.jsonl", chats),
    }


def assert_skips(fledge, file: Path, *words: object) -> None:
    """Refused as it is, done with `--skip-bad`, which names the line."""
    code, _, err = fledge(*words)
    assert code == 1 and f"{file}:2: expected a JSON object" in err
    code, _, err = fledge(*words, "--skip-bad")
    assert code == 0, err
    assert "1 bad record skipped:" in err and f"{file}:2: expected a JSON object" in err


def test_tokenizer(fledge, files, tmp_path: Path) -> None:
    text, output = files["text"], tmp_path / "tokenizer"
    assert_skips(fledge, text, "tokenizer", "train", text, "-o", output, "-v", 270)
    assert_skips(fledge, text, "tokenizer", "report", output, text)


def test_generate(fledge, files, chat_model: Path) -> None:
    words = ("generate", chat_model, "--prompts", files["chats"], "--max-new-tokens", 2)
    assert_skips(fledge, files["chats"], *words)
    code, _, err = fledge("generate", chat_model, "hi", "--skip-bad")
    assert code == 2 and "--skip-bad would have no effect" in err


def test_a_prompt_without_room_is_named_by_its_line(fledge, chat_model, tmp_path: Path) -> None:
    prompts = tmp_path / "prompts.jsonl"
    prompts.write_text('{"prompt": "one"}\n\n{"prompt": "%s"}\n' % ("tide " * 90))
    words = ("generate", chat_model, "--prompts", prompts, "--max-new-tokens", 2)
    code, _, err = fledge(*words)
    assert code == 1 and f"{prompts}:3: expected a prompt of at most 62 tokens" in err
    code, out, err = fledge(*words, "--skip-bad")
    assert code == 0 and len(out.splitlines()) == 1 and "1 bad record skipped" in err


def test_evaluate(fledge, files, chat_model: Path, reward_model: Path) -> None:
    assert_skips(fledge, files["text"], "evaluate", chat_model, "--text", files["text"])
    assert_skips(fledge, files["pairs"], "evaluate", reward_model, "--rankings", files["pairs"])
    duel = ("--against", chat_model, "--reward", reward_model, "--max-new-tokens", 2)
    words = ("evaluate", chat_model, *duel, "--prompts", files["chats"])
    assert_skips(fledge, files["chats"], *words)
    code, _, err = fledge("evaluate", chat_model, "--starter", 1, "--skip-bad")
    assert code == 2 and "--skip-bad would have no effect" in err


def test_every_stage(fledge, files, chat_model: Path, reward_model: Path, tmp_path: Path) -> None:
    text, chats, pairs = files["text"], files["chats"], files["pairs"]
    base = ("pretrain", "-d", text, "-o", tmp_path / "base", "-v", 270, *SMALL, *TINY)
    assert_skips(fledge, text, *base)
    assert_skips(fledge, chats, "sft", "-m", chat_model, "-d", chats, "-o", tmp_path / "s", *TINY)
    rank = ("reward", "-m", chat_model, "-d", pairs, "-o", tmp_path / "r", *TINY)
    assert_skips(fledge, pairs, *rank)
    rollout = ("stage.rollout.examples=2", "stage.rollout.max_new_tokens=2")
    models = ("-m", chat_model, "-r", reward_model)
    assert_skips(fledge, chats, "ppo", *models, "-d", chats, "-o", tmp_path / "p", *rollout, *TINY)


def test_a_pipeline_skips_in_all_its_stages(fledge, files, tmp_path: Path) -> None:
    from fledge.cli.pipeline import pipeline_for, skipping_bad

    names = [[str(files[name])] for name in ("text", "chats", "pairs")]
    pipeline = skipping_bad(pipeline_for(*names, tmp_path / "out", 0, []))
    assert pipeline.tokenizer.skip_bad
    assert [run.stage.skip_bad for run in pipeline.runs] == [True] * 4
    sizes = [word.replace("stage.", "runs.0.stage.", 1) for word in SMALL]
    quick = ["runs.0.optimizer.steps=1", "tokenizer.vocabulary_size=270", "runs.0.evaluation={}"]
    words = ("run", "--text", files["text"], "-o", tmp_path / "out", *sizes, *quick)
    assert_skips(fledge, files["text"], *words, "runs.0.runtime.compile=false")
