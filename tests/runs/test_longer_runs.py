"""Finished runs of every stage go on when their length is raised, as if it had been so at first."""

import logging

import pytest
import torch
from safetensors.torch import load_file

from fledge.checkpoint.directory import step_of
from fledge.config import parse_section
from fledge.errors import ConfigError
from fledge.runs.longer import how_it_goes_on
from fledge.runs.run import Run, execute
from fledge.train.optimizer import OptimizerConfig
from fledge.train.progress import SilentProgress
from raised import FLOAT32, metrics_of, raise_model
from stages.translate.translators import PAIRS, SIZE

LORA = {"rank": 2}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return raise_model(tmp_path_factory.mktemp("raised"))


def stage_of(name, files):
    return {
        "sft": {"model": files["policy"], "demonstrations": files["demonstrations"]},
        "reward": {"model": files["policy"], "rankings": files["rankings"]},
        "ppo": {
            "policy": files["policy"],
            "reward": files["reward"],
            "prompts": files["prompts"],
            "rollout": {"examples": 8, "max_new_tokens": 4},
            "kl": {"target": 3.0, "maximum_clip_fraction": None},
        },
        "translate": {
            "pairs": [str(PAIRS)],
            "held_out_fraction": 0.1,
            "vocabulary_size": 320,
            "size": SIZE,
            "batch_tokens": 128,
            "averaging": {"checkpoints": 2, "every": 1},
            "measures": {"sentences": 1, "beams": 1},
        },
    }[name]


def run(files, output, name, steps, schedule="constant", lora=None, **stage):
    values = {
        "output": str(output),
        "stage": {"name": name, **stage_of(name, files), **stage},
        "batch": {"examples": 4},
        "optimizer": {
            "learning_rate": 2e-3,
            "schedule": schedule,
            "steps": steps,
            "warmup_steps": 0,
        },
        "checkpoint": {"every": None},
        "runtime": FLOAT32,
        **({"lora": lora} if lora else {}),
    }
    return parse_section(values, Run, source="test")


CASES = [*((one, None) for one in ("sft", "reward", "ppo", "translate")), ("ppo", LORA)]


@pytest.mark.parametrize(("name", "lora"), CASES)
def test_a_longer_run_equals_one_that_was_so_from_the_start(files, tmp_path, name, lora):
    """PPO finishes in the middle of a rollout, dropout is on in SFT, translate averages weights."""
    longer, at_once = (
        lambda steps, output=output: execute(
            run(files, tmp_path / output, name, steps, lora=lora), SilentProgress()
        )
        for output in ("longer", "at-once")
    )
    longer(3)
    ours, theirs = longer(5), at_once(5)
    assert step_of(ours) == step_of(theirs) == 5
    names = sorted(path.relative_to(ours) for path in ours.rglob("*.safetensors"))
    assert names
    for path in names:
        first, second = load_file(ours / path), load_file(theirs / path)
        assert first.keys() == second.keys()
        different = [key for key in second if not torch.equal(first[key], second[key])]
        assert not different, (path, different)
    steps = [[line["loss"] for line in metrics_of(ours.parent) if "seconds" in line]]
    steps += [[line["loss"] for line in metrics_of(theirs.parent) if "seconds" in line]]
    assert steps[0] == steps[1] and len(steps[0]) == 5


def test_another_setting_is_refused_by_name_beside_a_raised_length(files, tmp_path):
    execute(run(files, tmp_path, "ppo", 2), SilentProgress())
    with pytest.raises(ConfigError, match=r"stage\.kl_coefficient is 0\.5 here, 0\.05 there"):
        execute(run(files, tmp_path, "ppo", 4, kl_coefficient=0.5), SilentProgress())


def test_a_schedule_that_falls_to_the_last_step_is_said_to_jump(files, tmp_path, caplog):
    execute(run(files, tmp_path, "sft", 2, "cosine"), SilentProgress())
    with caplog.at_level(logging.WARNING, logger="fledge.runs"):
        execute(run(files, tmp_path, "sft", 4, "cosine"), SilentProgress())
    assert "finished at step 2 and goes on, on the cosine schedule" in caplog.text
    first, second, third, *_ = (
        line["learning_rate"] for line in metrics_of(tmp_path) if "seconds" in line
    )
    assert f"the learning rate goes from {second:.2g} to {third:.2g}" in caplog.text
    assert third > second and first > second


@pytest.mark.parametrize("schedule", ["constant", "inverse_sqrt"])
def test_a_schedule_without_an_end_needs_no_warning(schedule):
    assert how_it_goes_on(OptimizerConfig(schedule=schedule, steps=9), 4) is None


def test_a_run_that_its_guard_ended_says_that_more_steps_do_not_help(files, tmp_path, caplog):
    over = {"kl": {"maximum": 1e-9}}
    ended = execute(run(files, tmp_path, "ppo", 40, **over), SilentProgress())
    assert step_of(ended) < 40
    with caplog.at_level(logging.WARNING, logger="fledge.runs"):
        again = execute(run(files, tmp_path, "ppo", 80, **over), SilentProgress())
    assert again == ended and "ended by itself" in caplog.text
