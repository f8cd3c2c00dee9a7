"""The whole demo at a size of seconds: nothing is learnt, everything is there."""

import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from fledge.checkpoint.directory import latest
from fledge.config import load_toml
from fledge.data.comparisons import load_rankings
from fledge.demo.config import DemoConfig
from fledge.demo.curves import CHARTS
from fledge.demo.demo import run_demo
from fledge.demo.runs import DemoFiles, demo_runs
from fledge.errors import ConfigError
from fledge.runs.run import Run
from fledge.starter.kinds import KINDS

MINIATURE = DemoConfig(
    vocabulary_size=400,
    context_length=384,
    width=16,
    num_layers=1,
    text_every=30,
    pretrain_steps=4,
    demonstrations=60,
    sft_steps=4,
    ranked_prompts=16,
    answers=3,
    reward_epochs=1.0,
    ppo_rollouts=2,
    held_out_per_kind=2,
    max_new_tokens=10,
)
RUN_FILES = Path(__file__).parents[2] / "runs" / "starter"


def raise_one(output: Path, config: DemoConfig = MINIATURE) -> tuple[list[Path], str]:
    out = StringIO()

    def after_sft() -> None:
        there = sorted(each.name for each in output.iterdir() if latest(each) is not None)
        out.write(f"after SFT: {', '.join(there)}\n")

    console = Console(file=out, width=120)
    checkpoints = run_demo(output, 3, config, console=console, after_sft=after_sft)
    return checkpoints, out.getvalue()


@pytest.fixture(scope="module")
def raised(tmp_path_factory):
    output = tmp_path_factory.mktemp("demo")
    checkpoints, printed = raise_one(output)
    return output, checkpoints, printed, json.loads((output / "report.json").read_text())


def test_the_report_is_complete(raised):
    output, _, printed, report = raised
    kinds = {kind.name for kind in KINDS}
    stages = ["tokenizer", "pretrain", "sft", "ranking", "reward", "ppo", "evaluation", "total"]
    assert list(report["seconds"]) == stages
    assert report["seconds"]["total"] == pytest.approx(
        sum(report["seconds"][stage] for stage in stages[:-1]), abs=0.1
    )
    assert report["bits_per_byte"] > 0
    for model in ("base", "sft", "ppo"):
        assert report["valid"][model].keys() == {"all", *kinds}
    assert 0 <= report["reward_model"]["accuracy"] <= 1
    assert 0.5 < report["reward_model"]["ceiling"] <= 1
    assert report["reward_model"]["pairs"] > 0
    assert {"gold_before", "gold_after", "p_value", "kl", "eos_rate"} <= report["ppo"].keys()
    assert {sample["kind"] for sample in report["samples"]} == kinds
    assert len(report["charts"]) == len(CHARTS)
    assert report["did_not_work"]
    assert "Report card" in printed
    assert "<html" in (output / "report.html").read_text()


def test_there_is_a_model_to_chat_with_before_the_others_are_raised(raised):
    assert raised[2].startswith("after SFT: pretrain, sft\n")


def test_every_curve_has_points(raised):
    for chart in raised[3]["charts"]:
        for curve in chart["curves"]:
            assert curve["steps"], (chart["title"], curve["name"])


def test_checkpoints_are_those_of_ppo_sft_and_pretraining(raised):
    output, checkpoints, _, _ = raised
    assert [path.parent for path in checkpoints] == [
        output / name for name in ("ppo", "sft", "pretrain")
    ]
    assert all((path / "model.safetensors").is_file() for path in checkpoints)


def test_rankings_are_of_sampled_answers_by_the_labeller(raised):
    rankings = load_rankings(DemoFiles(output=raised[0]).rankings)
    assert all(ranking.labeler == "gold" for ranking in rankings)
    assert all(len(ranking.responses) == MINIATURE.answers for ranking in rankings)


def test_a_second_call_skips_all_and_prints_the_same_report(raised):
    output, checkpoints, printed, report = raised
    before = {path: path.stat().st_mtime_ns for path in output.rglob("*.safetensors")}
    again, printed_again = raise_one(output)
    assert again == checkpoints
    assert printed_again.partition("\n")[2] == printed.partition("\n")[2]
    assert printed_again.startswith("after SFT: ppo, pretrain, reward, sft\n")
    assert {path: path.stat().st_mtime_ns for path in output.rglob("*.safetensors")} == before
    assert json.loads((output / "report.json").read_text()) == report


def test_other_sizes_in_the_same_place_are_refused(raised):
    with pytest.raises(ConfigError, match="holds another run"):
        raise_one(raised[0], MINIATURE.model_copy(update={"width": 24}))


@pytest.mark.parametrize("name", ["pretrain", "sft", "reward", "ppo"])
def test_run_files_hold_what_the_demo_runs(name):
    runs = demo_runs(DemoFiles(output=Path("demo")), 0, DemoConfig())
    assert load_toml(RUN_FILES / f"{name}.toml", Run) == runs[name]
