"""The demo on a real model, with a small random one in its place: every step, in seconds."""

import json
import shutil
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from fledge.checkpoint.model_files import load_language_model
from fledge.data import load_demonstrations, load_rankings
from fledge.demo.real import card_markdown
from fledge.demo.real import demo as demo_module
from fledge.demo.real.card_files import read_card
from fledge.demo.real.config import RealDemoConfig
from fledge.demo.real.demo import CHARTS, run_real_demo
from fledge.demo.real.files import RealFiles
from fledge.errors import CheckpointError, ConfigError
from fledge.evaluate.kept_replies import read_replies
from small_smollm2 import write_small_smollm2

SMALL = {
    "demonstrations": 8,
    "rehearsal_prompts": 4,
    "text_characters": 1500,
    "ranked_prompts": 12,
    "held_out_rankings": 6,
    "answers": 3,
    "ppo_rollouts": 2,
    "ppo_answers": 4,
    "watched": 4,
    "watch_every": 1,
    "asked": 6,
    "max_new_tokens": 12,
    "general_tokens": 6,
}


@pytest.fixture(scope="module")
def config(tmp_path_factory) -> RealDemoConfig:
    model = write_small_smollm2(tmp_path_factory.mktemp("model") / "theirs")
    return RealDemoConfig(model=str(model), **SMALL)


def raise_one(output: Path, config: RealDemoConfig, seed: int = 3) -> tuple[dict[str, Path], str]:
    out = StringIO()

    def after_sft() -> None:
        assert (output / "sft").exists()
        out.write("" if (output / "ppo").exists() else "SFT is done\n")

    console = Console(file=out, width=120)
    checkpoints = run_real_demo(output, seed, config, console=console, after_sft=after_sft)
    return checkpoints, out.getvalue()


@pytest.fixture(scope="module")
def raised(tmp_path_factory, config):
    output = tmp_path_factory.mktemp("real")
    checkpoints, printed = raise_one(output, config)
    return output, checkpoints, printed


def test_the_card_is_complete(raised):
    output, _, printed = raised
    card = read_card(output)
    assert card is not None
    steps = ["import", "rehearsal", "sft", "ranking", "reward", "ppo", "evaluation", "total"]
    assert list(card.seconds) == steps
    assert len(card.shop) == len(card.general) == 20
    for model in ("import", "sft", "ppo"):
        assert card.models[model].right.keys() == card.questions_per_kind.keys()
        assert card.models[model].bits_per_byte > 0
    assert card.questions_per_kind["all"] == SMALL["asked"]
    assert card.comparisons.keys() == {"SFT over import", "PPO over SFT", "PPO over import"}
    assert list(card.ppo.watched) == ["0", "1", "2"] and not card.ppo.stopped_early
    assert len(card.charts) == len(CHARTS)
    assert all(curve.steps for chart in card.charts for curve in chart.curves)
    assert "Plan" in printed and "Report card" in printed and "What did not work" in printed
    html = (output / "report.html").read_text(encoding="utf-8")
    assert "When are you open on Saturday?" in html and "<script" not in html


def test_the_assistant_answers_before_ppo(raised):
    assert "SFT is done" in raised[2]


def test_checkpoints_are_adapters_on_the_import(raised):
    output, checkpoints = raised[0], dict(raised[1])
    assert next(iter(checkpoints)) == read_card(output).chosen
    assert checkpoints.pop("import") == output / "import"
    assert {name: path.parent for name, path in checkpoints.items()} == {
        name: output / name for name in ("sft", "ppo")
    }
    assert all((path / "adapter_model.safetensors").is_file() for path in checkpoints.values())


def test_demonstrations_are_shops_with_rehearsals_among_them(raised, config):
    files = RealFiles(output=raised[0])
    chats = load_demonstrations([files.demonstrations])
    systems = [chat.messages[0].role == "system" for chat in chats]
    assert len(chats) >= SMALL["demonstrations"] and any(systems)


def test_rankings_are_of_sampled_answers_to_single_questions(raised):
    rankings = load_rankings([RealFiles(output=raised[0]).rankings])
    assert rankings and all(len(one.responses) == SMALL["answers"] for one in rankings)
    assert all(len(one.prompt) == 2 for one in rankings)


def test_no_step_asks_the_questions_of_another(raised):
    files = RealFiles(output=raised[0])
    read = [
        {json.loads(line)["messages"][-1]["content"] for line in path.read_text().splitlines()}
        for path in (files.prompts, files.watched)
    ]
    assert read[0] and read[1]
    systems = [
        {json.loads(line)["messages"][0]["content"] for line in path.read_text().splitlines()}
        for path in (files.prompts, files.watched)
    ]
    assert not systems[0] & systems[1]


def test_a_second_call_skips_all_and_prints_the_same_card(raised, config):
    output, checkpoints, printed = raised
    before = {path: path.stat().st_mtime_ns for path in output.rglob("*.safetensors")}
    again, printed_again = raise_one(output, config)
    assert again == checkpoints
    assert printed_again == printed[printed.index("\n╭") :] or printed_again in printed
    assert {path: path.stat().st_mtime_ns for path in output.rglob("*.safetensors")} == before


def test_a_demo_killed_at_any_step_goes_on_bit_for_bit(raised, config, tmp_path, monkeypatch):
    """Die after the first answers of each step's file, and in the middle of PPO."""
    output, _, _ = raised
    calls = {"left": 0}
    ask, run = demo_module.answers, demo_module.execute

    def dying_ask(*arguments):
        calls["left"] += 1
        if calls["left"] in (1, 4):
            raise KeyboardInterrupt
        return ask(*arguments)

    def dying_execute(run_, progress=None, build=None):
        calls["left"] += 1
        if calls["left"] in (6, 8):
            raise KeyboardInterrupt
        return run(run_, progress, build)

    monkeypatch.setattr(demo_module, "answers", dying_ask)
    monkeypatch.setattr(demo_module, "execute", dying_execute)
    part = tmp_path / "part"
    for _ in range(8):
        try:
            raise_one(part, config)
            break
        except KeyboardInterrupt:
            continue
    for name in ("sft", "reward", "ppo"):
        ours, theirs = (
            sorted((at / name).rglob("adapter_model.safetensors")) for at in (part, output)
        )
        assert [path.read_bytes() for path in ours] == [path.read_bytes() for path in theirs]
    ours, theirs = (
        read_card(at).model_dump(exclude={"seconds", "peak_memory_bytes", "setting", "charts"})
        for at in (part, output)
    )
    assert ours == theirs


def test_another_seed_or_size_in_the_same_place_is_refused(raised, config):
    with pytest.raises(ConfigError, match="holds another demo: seed is 4 here, 3 there"):
        raise_one(raised[0], config, seed=4)
    with pytest.raises(ConfigError, match="asked is 7 here, 6 there"):
        raise_one(raised[0], config.model_copy(update={"asked": 7}))


def test_a_full_disk_is_told_before_anything_is_fetched(config, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=10**8))
    with pytest.raises(ConfigError, match=r"expected 1.5 GB of free space, found 0.1"):
        raise_one(tmp_path / "new" / "demo", config)
    assert not (tmp_path / "new").exists()


def test_missing_peft_is_told_before_anything_is_fetched(config, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install 'fledge\[lora\]'"):
        raise_one(tmp_path / "demo", config)
    assert not (tmp_path / "demo").exists()


def test_a_model_that_is_not_there_is_an_error_of_the_import(config, tmp_path):
    missing = config.model_copy(update={"model": str(tmp_path / "nothing")})
    with pytest.raises(CheckpointError, match="no such file or directory"):
        raise_one(tmp_path / "demo", missing)


def test_a_model_that_is_raised_again_is_measured_again(tmp_path):
    files = RealFiles(output=tmp_path)
    kept = [files.answers("sft", "general"), files.answers("import", "general")]
    old = [files.answers("ppo", "general"), tmp_path / "report.json"]
    for path in (*kept, *old):
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    files.forget_measurements("ppo")
    assert all(path.exists() for path in kept) and not any(path.exists() for path in old)


def test_answers_are_kept_as_ids(raised):
    output, checkpoints, _ = raised
    files = RealFiles(output=output)
    loaded = load_language_model(checkpoints["import"])
    replies = read_replies(files.answers("import", "lamp-shop"), loaded)
    assert len(replies) == 20 and all(each.answer_ids for each in replies)


def test_the_tables_of_the_docs_are_made_of_cards(raised, capsys):
    card_markdown.main([str(raised[0] / "report.json")])
    printed = capsys.readouterr().out
    assert "| imported → SFT → PPO | seed 3 |" in printed
    assert "| When are you open on Saturday? |" in printed
    assert "### What did not work" in printed
    widths = {line.count(" | ") for line in card_markdown.table("ab", [("c", "d|")]).split("\n")}
    assert widths == {1} and card_markdown.cell("a|b\n<c>") == "a\\|b &lt;c>"


def test_tables_of_no_card_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"expected report\.json files"):
        card_markdown.main([str(tmp_path / "report.json")])
    with pytest.raises(ConfigError, match="found none at all"):
        card_markdown.main([])
