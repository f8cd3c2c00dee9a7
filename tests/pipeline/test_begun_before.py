"""Runs that release 0.1 began: its checkpoints open, and its interrupted runs go on as they were.

`tests/fixtures/runs-0.1.tar.xz` was written before the stages had rooms of their own: `checkpoints`
holds a finished run of every stage, `begun` the same runs interrupted in the middle (PPO inside a
rollout). Release 0.1 held out other prompts than fledge does now, so its runs are given its rule.
"""

import shutil
import tarfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import fledge
from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.lineage import read_lineage
from fledge.checkpoint.model_files import load_scalar_model
from fledge.checkpoint.translation_files import load_translation_model
from fledge.config import load_toml
from fledge.data.corpus import Corpus
from fledge.data.splits import split_by_key
from fledge.runs.run import Run, execute
from fledge.train.metrics_file import read_metrics
from fledge.train.progress import SilentProgress

ROOT = Path(__file__).parents[2]
ARCHIVE = ROOT / "tests" / "fixtures" / "runs-0.1.tar.xz"
EVERYWHERE = (
    "runtime.dtype=float32",
    "runtime.device=cpu",
    "runtime.compile=false",
    "checkpoint.every=4",
    "checkpoint.keep=1",
    "optimizer.steps=8",
    "batch.microbatch=2",
)
CHANGES = {
    "pretrain": (
        "stage.tokenizer=checkpoints/tokenizer",
        "stage.size.width=16",
        "stage.size.num_layers=1",
        "stage.held_out_fraction=0.1",
        "optimizer.warmup_steps=2",
        "optimizer.name=muon",
    ),
    "sft": (
        "stage.model=checkpoints/pretrain",
        "stage.corpus=checkpoints/pretrain/corpus",
        "stage.dropout=0.1",
    ),
    "reward": ("stage.model=checkpoints/sft", "optimizer.learning_rate=3e-3"),
    "ppo": (
        "stage.policy=checkpoints/sft",
        "stage.reward=checkpoints/reward",
        "stage.ema_decay=0.9",
    ),
    "adapter": (
        "stage.model=checkpoints/sft",
        "stage.corpus=checkpoints/pretrain/corpus",
        "lora.rank=2",
    ),
    "translate": (
        "stage.vocabulary_size=288",
        "stage.size.width=16",
        "stage.size.feed_forward_width=16",
        "batch.microbatch=64",
    ),
}
WEIGHTS = ("model.safetensors", "adapter_model.safetensors", "critic/model.safetensors")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the commands were given."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path, filter="data")
    shutil.copytree(ROOT / "runs" / "tiny", tmp_path / "runs" / "tiny")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def prompts_held_out_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs that hold out the prompts that release 0.1 did: a share by number, by first question."""

    def question(turns) -> str:
        asked = [turn.content for turn in turns if turn.role == "user"]
        return " ".join((asked[0] if asked else turns[0].content).casefold().split())

    def rankings(items, fraction):
        return split_by_key(items, lambda one: question(one.prompt), fraction, seed=1)

    def conversations(items, fraction):
        return split_by_key(items, lambda one: question(one.messages), fraction, seed=1)

    monkeypatch.setattr(fledge.stages.sft, "split_conversations", conversations)
    monkeypatch.setattr(fledge.stages.ppo.prompts, "split_conversations", conversations)
    monkeypatch.setattr(fledge.stages.reward.data, "split_rankings", rankings)


def same_command(name: str) -> Run:
    stage = "sft" if name == "adapter" else name
    changes = [*EVERYWHERE, *CHANGES[name], f"output=begun/{name}"]
    return load_toml(Path("runs/tiny") / f"{stage}.toml", Run, changes)


@pytest.mark.parametrize("name", CHANGES)
def test_an_interrupted_run_goes_on_to_the_weights_of_the_uninterrupted_one(name: str) -> None:
    run = same_command(name)
    interrupted = read_lineage(find_checkpoint(run.output))
    assert interrupted is not None and not interrupted.finished
    before = read_metrics(run.output / "metrics.jsonl")
    finished = execute(run, SilentProgress())
    # With the same seconds: what was done is not done again.
    assert read_metrics(run.output / "metrics.jsonl")[: len(before)] == before
    uninterrupted = find_checkpoint(Path("checkpoints") / name)
    compared = [file for file in WEIGHTS if (uninterrupted / file).is_file()]
    assert compared
    for file in compared:
        ours, theirs = load_file(finished / file), load_file(uninterrupted / file)
        assert ours.keys() == theirs.keys()
        for tensor, weight in theirs.items():
            # Equal bit for bit on the processor that wrote the fixture; others round differently.
            torch.testing.assert_close(ours[tensor], weight, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", CHANGES)
def test_a_finished_run_is_not_trained_again(name: str) -> None:
    run = same_command(name).model_copy(update={"output": Path("checkpoints") / name})
    assert execute(run, SilentProgress()) == find_checkpoint(run.output)


def test_every_kind_of_checkpoint_opens() -> None:
    checkpoints = Path("checkpoints")
    for name in ("pretrain", "sft", "ppo", "adapter"):
        loaded = fledge.load(checkpoints / name)
        assert loaded.model.config.vocabulary_size == loaded.tokenizer.vocabulary_size == 384
    for directory in (
        find_checkpoint(checkpoints / "reward"),
        find_checkpoint(checkpoints / "ppo") / "critic",
    ):
        assert load_scalar_model(directory).model.head.weight.shape == (1, 16)
    translation = load_translation_model(find_checkpoint(checkpoints / "translate"))
    assert translation.model.config.width == 16
    corpus = Corpus.open(
        checkpoints / "pretrain" / "corpus", fledge.load("checkpoints/sft").tokenizer
    )
    assert len(corpus.train) > 0 and len(corpus.validation) > 0


def test_the_lineage_leads_back_to_the_pretraining_run() -> None:
    lineage = read_lineage(find_checkpoint(Path("checkpoints/ppo")))
    assert lineage is not None and lineage.stage == "ppo"
    sft = lineage.parents["policy"].lineage
    assert sft is not None and sft.stage == "sft"
    pretrain = sft.parents["model"].lineage
    assert pretrain is not None and pretrain.stage == "pretrain"
