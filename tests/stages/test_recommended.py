"""The sampling that a model recommends, through the stages that train it further."""

import json
from pathlib import Path

import pytest

from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.recommended import Recommended, read_recommended
from fledge.config import parse_section
from fledge.errors import ConfigError
from fledge.runs.run import Run, execute
from fledge.train.progress import SilentProgress
from raised import FLOAT32, raise_model

RECOMMENDED = Recommended(temperature=0.2, top_p=0.9, top_k=20)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    made = raise_model(tmp_path_factory.mktemp("raised"))
    path = find_checkpoint(Path(made["policy"])) / "generation_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | RECOMMENDED.settings()))
    return made


def trained(files, output: Path, lora: dict | None, stage: dict) -> Path:
    values = {
        "output": str(output),
        "lora": lora,
        "stage": stage,
        "batch": {"examples": 4},
        "optimizer": {"learning_rate": 1e-3, "steps": 1},
        "runtime": FLOAT32,
    }
    return execute(parse_section(values, Run, source="test"), SilentProgress())


@pytest.mark.parametrize("lora", [None, {"rank": 2}])
def test_it_comes_along_through_sft_and_ppo(files, tmp_path, lora):
    sft = {
        "name": "sft",
        "model": files["policy"],
        "demonstrations": files["demonstrations"],
    }
    first = trained(files, tmp_path / "sft", lora, sft)
    assert read_recommended(first) == RECOMMENDED
    ppo = {
        "name": "ppo",
        "policy": str(first),
        "reward": files["reward"],
        "prompts": files["prompts"],
        "rollout": {"examples": 4, "max_new_tokens": 4},
    }
    # An adapter cannot be adapted again: PPO trains whole weights of it.
    second = trained(files, tmp_path / "ppo", None, ppo)
    assert read_recommended(second) == RECOMMENDED
    assert read_recommended(second / "critic") == Recommended()


@pytest.mark.parametrize("lora", [None, {"rank": 2}])
def test_sft_may_recommend_another_one(files, tmp_path, lora):
    sft = {
        "name": "sft",
        "model": files["policy"],
        "demonstrations": files["demonstrations"],
        "sampling": {"temperature": 0.7},
    }
    chosen = read_recommended(trained(files, tmp_path / "sft", lora, sft))
    assert chosen == Recommended(temperature=0.7)
    with pytest.raises(ConfigError, match=r"stage\.sft\.sampling\.temperature"):
        trained(files, tmp_path / "bad", lora, {**sft, "sampling": {"temperature": -1.0}})
