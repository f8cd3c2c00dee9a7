"""`--skip-bad`: every command that reads records leaves bad ones out, counts and lists them."""

import json
from pathlib import Path

import pytest

from fledge.text.chat import DEFAULT_TEMPLATE
from tiny_model import write_language_model, write_reward_model

SMALL = ("stage.size.width=32", "stage.size.num_layers=1", "stage.size.context_length=32")
TINY = ("--steps", "1", "batch.examples=2", "runtime.compile=false", "runtime.dtype=float32")


USERS_FIRST = (
    "{% if messages and messages[0]['role'] == 'assistant' %}"
    "{{ raise_exception('users speak first') }}{% endif %}" + DEFAULT_TEMPLATE
)
"""A template that refuses some conversations, but only once it renders them."""


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


def assert_skips(
    fledge, file: Path, *words: object, expected: str = "expected a JSON object"
) -> None:
    """Refused as it is, done with `--skip-bad`, which names the line."""
    code, _, err = fledge(*words)
    assert code == 1 and f"{file}:2: {expected}" in err, err
    code, _, err = fledge(*words, "--skip-bad")
    assert code == 0, err
    assert "1 bad record skipped:" in err and f"{file}:2: {expected}" in err


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


@pytest.fixture(scope="module")
def users_first(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("users-first")
    return {
        "chat": write_language_model(folder / "sft", template=USERS_FIRST),
        "reward": write_reward_model(folder / "reward", template=USERS_FIRST),
    }


@pytest.fixture
def welcomed(tmp_path: Path) -> dict[str, Path]:
    """Files whose second record begins with the assistant."""
    asked = {"role": "user", "content": "tide?"}
    chats = [[asked, {"role": "assistant", "content": "the sea"}] for _ in range(7)]
    chats.insert(1, [{"role": "assistant", "content": "Welcome"}, *chats[0]])
    files = {
        "chats": [{"messages": [*chat]} for chat in chats],
        "prompts": [{"prompt": [*chat[:-1]]} for chat in chats],
        "pairs": [
            {"prompt": [*chat[:-1]], "chosen": f"the sea {n}", "rejected": "moon"}
            for n, chat in enumerate(chats)
        ],
    }
    for chat in files["pairs"][2:]:
        chat["prompt"] = [{"role": "user", "content": f"tide {chat['chosen'][-1]}?"}]
    return {
        name: write(tmp_path / f"{name}.jsonl", records, bad=False)
        for name, records in files.items()
    }


REFUSED = "expected a conversation that the chat template takes, found one with the roles assistant"


def test_a_template_refuses_a_record_of_every_stage(
    fledge, welcomed, users_first, tmp_path: Path
) -> None:
    chat, reward = users_first["chat"], users_first["reward"]
    chats, pairs, prompts = welcomed["chats"], welcomed["pairs"], welcomed["prompts"]
    sft = ("sft", "-m", chat, "-d", chats, "-o", tmp_path / "s", *TINY, "stage.held_out_fraction=0")
    assert_skips(fledge, chats, *sft, expected=REFUSED)
    rank = ("reward", "-m", chat, "-d", pairs, "-o", tmp_path / "r", *TINY)
    assert_skips(fledge, pairs, *rank, expected=REFUSED)
    zero = f'stage.demonstrations=["{chats}"]'
    apart = (f'stage.rankings=["{tmp_path / "good.jsonl"}"]', zero)
    good = pairs.read_text().splitlines(keepends=True)
    (tmp_path / "good.jsonl").write_text("".join(good[:1] + good[2:]))
    words = ("reward", "-m", chat, "-o", tmp_path / "r2", *apart, *TINY)
    assert_skips(fledge, chats, *words, expected=REFUSED)
    rollout = ("stage.rollout.examples=2", "stage.rollout.max_new_tokens=2")
    ppo = ("ppo", "-m", chat, "-r", reward, "-d", pairs, "-o", tmp_path / "p", *rollout, *TINY)
    assert_skips(fledge, pairs, *ppo, expected=REFUSED)
    ask = ("generate", chat, "--prompts", prompts, "--max-new-tokens", 2)
    assert_skips(fledge, prompts, *ask, expected=REFUSED)
    assert_skips(fledge, pairs, "evaluate", reward, "--rankings", pairs, expected=REFUSED)


def test_a_judge_s_template_refuses_a_prompt(
    fledge, welcomed, users_first, chat_model: Path
) -> None:
    duel = ("--against", chat_model, "--reward", users_first["reward"], "--max-new-tokens", 2)
    words = ("evaluate", chat_model, *duel, "--prompts", welcomed["prompts"])
    assert_skips(fledge, welcomed["prompts"], *words, expected=REFUSED)


def test_sft_tells_of_a_template_without_an_end(fledge, tmp_path: Path) -> None:
    plain = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}"
    model = write_language_model(tmp_path / "plain", template=plain)
    chats = write(
        tmp_path / "good.jsonl",
        [{"prompt": f"tide {n}?", "completion": "sea"} for n in range(4)],
        bad=False,
    )
    code, _, err = fledge("sft", "-m", model, "-d", chats, "-o", tmp_path / "s", *TINY)
    assert code == 0 and err.count("warning: ") == 1, err
    assert f"warning: {chats}: no answer teaches its end" in err


def test_a_pipeline_tells_of_its_data_once(fledge, files, tmp_path: Path) -> None:
    pairs = [
        {"prompt": f"tide {n}?", "chosen": "the sea", "rejected": "moon", "hint": n}
        for n in range(1, 9)
    ]
    pairs[3]["rejected"] = "the tide " * 900
    rankings = write(tmp_path / "long.jsonl", pairs, bad=False)
    chats = write(
        tmp_path / "good.jsonl",
        [{"prompt": f"tide {n}?", "completion": "sea"} for n in range(8)],
        bad=False,
    )
    text = write(
        tmp_path / "good-text.jsonl", [{"text": "The tide comes in twice a day. " * 9}], bad=False
    )
    quick = [
        f"runs.{n}.{word}"
        for n in range(4)
        for word in ("optimizer.steps=1", "evaluation={}", "runtime.compile=false")
    ]
    sizes = [word.replace("stage.", "runs.0.stage.", 1) for word in SMALL]
    rollout = [
        "runs.3.stage.rollout.examples=2",
        "runs.3.stage.rollout.max_new_tokens=2",
        "runs.3.batch.examples=2",
    ]
    data = ("--text", text, "--demonstrations", chats, "--rankings", rankings)
    words = (
        "run",
        *data,
        "-o",
        tmp_path / "out",
        *sizes,
        *quick,
        *rollout,
        "tokenizer.vocabulary_size=270",
    )
    code, _, err = fledge(*words)
    assert code == 0, err
    assert err.count("'hint' (in 8 of 8 records)") == 1
    assert err.count("rankings (") == 1, err
