"""A stage's first run with nothing but its data never makes a model worse than it was."""

import shutil
from pathlib import Path

import pytest

from fledge.checkpoint.directory import find_checkpoint
from fledge.config import load_toml, parse_section
from fledge.data.sources import read_texts
from fledge.runs.open_settings import beginning_of
from fledge.runs.recommended import ADAPTABLE
from fledge.runs.run import STAGES, Run, execute
from fledge.text.tokenizer import Tokenizer
from fledge.train.metrics_file import read_metrics
from fledge.train.progress import SilentProgress
from fledge.train.stage import StageContext
from train.toys import start

ROOT = Path(__file__).parents[2]
DATA = "runs/tiny/data"
RUNTIME = {"device": "cpu", "dtype": "float32", "compile": False}
ON_TEXT = {"name": "pretrain", "text": [f"{DATA}/text.txt"]}
ON_CHATS = {"name": "sft", "demonstrations": [f"{DATA}/demonstrations.jsonl"]}
ON_RANKINGS = {"name": "reward", "rankings": [f"{DATA}/rankings.jsonl"], "held_out_fraction": 0.3}
ON_PROMPTS = {
    "name": "ppo",
    "reward": "checkpoints/tiny/reward",
    "prompts": [f"{DATA}/prompts.jsonl"],
    "held_out_fraction": 0.3,
    "rollout": {"examples": 32, "max_new_tokens": 12},
}
LOWER_IS_BETTER = {"pretrain": "validation_loss", "sft": "validation_loss", "reward": "log_loss"}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The models of runs/tiny, trained, and a chat model without a past, as others give theirs."""
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(ROOT / "runs" / "tiny", home / "runs" / "tiny")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        Tokenizer.train(read_texts(f"{DATA}/text.txt"), 384).save(
            home / "checkpoints" / "tiny" / "tokenizer"
        )
        for name in ("pretrain", "sft", "reward"):
            changes = ["runtime.dtype=float32", "runtime.compile=false", "optimizer.steps=60"]
            execute(load_toml(f"runs/tiny/{name}.toml", Run, changes), SilentProgress())
        shutil.copytree(find_checkpoint(Path("checkpoints/tiny/sft")), home / "imported")
        (home / "imported" / "fledge.json").unlink()
    return home


@pytest.fixture(autouse=True)
def at_home(home, monkeypatch):
    monkeypatch.chdir(home)


def first_run(stage, output, **sections):
    values = {"output": str(output), "seed": 1, "stage": stage, "runtime": RUNTIME, **sections}
    return parse_section(values, Run, source="test")


def untrained(run):
    """What the stage measures before its first step."""
    context = StageContext(run.output, run.seed, run.batch, start(), None, lora=run.lora)
    return STAGES[run.stage.name](run.stage, context).evaluate()


def trained(run):
    """What it measures after its last."""
    execute(run, SilentProgress())
    return list(read_metrics(run.output / "metrics.jsonl"))[-1]


STARTS = [
    ({**ON_TEXT, "model": "checkpoints/tiny/pretrain"}, "base"),
    ({**ON_TEXT, "model": "imported"}, "imported"),
    ({**ON_CHATS, "model": "checkpoints/tiny/pretrain"}, "base"),
    ({**ON_CHATS, "model": "checkpoints/tiny/sft"}, "chat"),
    ({**ON_CHATS, "model": "imported"}, "imported"),
    ({**ON_RANKINGS, "model": "checkpoints/tiny/sft"}, "chat"),
    ({**ON_RANKINGS, "model": "imported"}, "imported"),
    ({**ON_PROMPTS, "policy": "checkpoints/tiny/sft"}, "chat"),
    ({**ON_PROMPTS, "policy": "imported"}, "imported"),
]
WHOLE = [(*each, {}) for each in STARTS]
ADAPTED = [(*each, {"lora": {"rank": 4}}) for each in STARTS if each[0]["name"] in ADAPTABLE]


@pytest.mark.parametrize(
    ("stage", "begins_with", "lora"),
    [*WHOLE, *ADAPTED],
    ids=lambda value: value if isinstance(value, str) else value.get("name", "-".join(value)),
)
def test_a_first_run_never_makes_a_model_worse(tmp_path, stage, begins_with, lora):
    run = first_run(stage, tmp_path / "run", **lora)
    assert beginning_of(run.stage).start == begins_with
    before, after = untrained(run), trained(run)
    if stage["name"] == "ppo":
        # A dozen answers: the scores are noisy, the way they have gone is not.
        assert after["objective/scores"] > before["objective/scores"] - 0.3
        assert after["objective/kl_exact"] < 1
    else:
        metric = LOWER_IS_BETTER[stage["name"]]
        assert after[metric] < before[metric] + 0.02
