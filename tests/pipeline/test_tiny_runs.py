"""Every run in runs/tiny trains, in the order of the stages, and its loss falls."""

import shutil
import tomllib
from pathlib import Path
from statistics import fmean

import pytest

import fledge
from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.lineage import read_lineage
from fledge.config import load_toml
from fledge.data.sources import read_texts
from fledge.runs.run import STAGES, Run, execute
from fledge.text.tokenizer import Tokenizer
from fledge.train.metrics_file import read_metrics
from fledge.train.progress import SilentProgress

ROOT = Path(__file__).parents[2]
STAGE_OF = {
    path.name: tomllib.loads(path.read_text())["stage"]["name"]
    for path in (ROOT / "runs" / "tiny").glob("*.toml")
}
IN_ORDER = sorted(STAGE_OF, key=lambda name: (list(STAGES).index(STAGE_OF[name]), name))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A copy of the run files and their data, with the tokenizer that they expect."""
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(ROOT / "runs" / "tiny", home / "runs" / "tiny")
    texts = read_texts(home / "runs" / "tiny" / "data" / "text.txt")
    Tokenizer.train(texts, 384).save(home / "checkpoints" / "tiny" / "tokenizer")
    return home


@pytest.fixture(autouse=True)
def at_home(home, monkeypatch):
    monkeypatch.chdir(home)


def test_every_stage_has_a_tiny_run():
    assert set(STAGE_OF.values()) == set(STAGES)


@pytest.mark.parametrize("name", IN_ORDER)
def test_it_trains_and_its_loss_falls(home, name):
    run = load_toml(Path("runs/tiny") / name, Run, ["runtime.dtype=float32"])
    checkpoint = execute(run, SilentProgress())
    steps = [line for line in read_metrics(run.output / "metrics.jsonl") if "seconds" in line]
    assert len(steps) == run.optimizer.steps
    lineage = read_lineage(checkpoint)
    assert lineage.finished and lineage.stage == run.stage.name
    assert find_checkpoint(run.output) == checkpoint
    if run.stage.name != "ppo":  # its surrogate has no level to fall from; see tests/behaviour
        losses = [line["loss"] for line in steps]
        assert fmean(losses[-3:]) < fmean(losses[:3])


def test_the_last_models_open(home):
    for name in ("pretrain", "sft", "ppo"):
        loaded = fledge.load(Path("checkpoints/tiny") / name)
        assert loaded.model.config.vocabulary_size == loaded.tokenizer.vocabulary_size
