"""docs/rlhf.md names every setting, metric and illness."""

import re
from pathlib import Path

import pytest

from fledge.data.batch import PromptBatch
from fledge.stages import doctor
from fledge.stages.ppo.config import (
    CriticConfig,
    KLConfig,
    PPOConfig,
    PretrainingMixConfig,
    RolloutConfig,
    ScoreConfig,
)
from fledge.stages.reward.config import RewardConfig
from stages.ppo.small_ppo import PROMPTS, small_ppo, train

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "rlhf.md").read_text(encoding="utf-8")
SECTIONS = {
    "rollout": RolloutConfig,
    "kl": KLConfig,
    "score": ScoreConfig,
    "critic": CriticConfig,
    "pretraining": PretrainingMixConfig,
}


def test_every_setting_is_on_the_page():
    names = {*PPOConfig.model_fields, *RewardConfig.model_fields} - {"name", *SECTIONS}
    names |= {f"{key}.{name}" for key, one in SECTIONS.items() for name in one.model_fields}
    assert not {name for name in names if f"`{name}`" not in PAGE}


def test_every_metric_is_on_the_page():
    gold = {"gold": lambda rollout: rollout.response_mask.sum(dim=1).float()}
    stage = small_ppo(world={"held_out": PromptBatch(PROMPTS), **gold})
    metrics = {*train(stage, steps=1)[0], *stage.evaluate()}
    assert len(metrics) > 20
    assert not {name for name in metrics if f"`{name}`" not in PAGE}


def test_every_illness_is_on_the_page():
    source = Path(doctor.__file__).read_text(encoding="utf-8")
    illnesses = re.findall(r'Finding\(\s*"([^"]+)"', source)
    assert (
        len(illnesses) == len(doctor.SYMPTOMS) + len(doctor.REPORT_SYMPTOMS) + 1
    )  # two ways not to end
    assert not {name for name in illnesses if f"| {name} |" not in PAGE}


@pytest.mark.parametrize("path", re.findall(r"`((?:train|evaluate)/\w+\.py)`", PAGE))
def test_files_that_the_page_names_exist(path):
    assert (Path(doctor.__file__).parents[1] / path).is_file()
