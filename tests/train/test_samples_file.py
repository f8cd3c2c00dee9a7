"""Sample answers leave neither gaps nor repeats, and change nothing in the training."""

import json
from pathlib import Path

import pytest
import torch

from fledge.checkpoint.training_state import read_state
from fledge.config import parse_section
from fledge.runs.run import STAGES, Run, execute
from fledge.train.progress import SilentProgress
from fledge.train.samples_file import SamplesFile
from raised import FLOAT32, metrics_of, raise_model


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return raise_model(tmp_path_factory.mktemp("raised"), dropout=0.3)


def run(files, output, name="ppo", prompts=2, steps=6):
    """PPO takes two steps a rollout."""
    stage = {
        "ppo": {
            "policy": files["policy"],
            "reward": files["reward"],
            "prompts": files["prompts"],
            "rollout": {"examples": 4, "max_new_tokens": 4},
            "kl": {"maximum_clip_fraction": None},
        },
        "sft": {"model": files["policy"], "demonstrations": files["demonstrations"]},
    }[name]
    values = {
        "output": str(output),
        "stage": {"name": name, "held_out_fraction": 0.1, **stage},
        "batch": {"examples": 4},
        "optimizer": {"learning_rate": 5e-3, "schedule": "constant", "steps": steps},
        "checkpoint": {"every": 3},
        "evaluation": {"every": 4},
        "samples": {"prompts": prompts, "every": 2},
        "runtime": FLOAT32,
    }
    return parse_section(values, Run, source="test")


def samples_of(output):
    return [json.loads(line) for line in (output / "samples.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def whole(files, tmp_path_factory):
    output = tmp_path_factory.mktemp("whole")
    return execute(run(files, output), SilentProgress())


def state_of(checkpoint):
    shared = read_state(checkpoint / "training", "trainer")
    process = read_state(checkpoint / "training", "process-00000")
    return shared["trained"], process["random"]


def test_ppo_samples_before_during_and_after_training(whole):
    lines = samples_of(whole.parent)
    assert [line["step"] for line in lines] == [0, 0, 4, 4, 6, 6]
    assert [line["rollouts"] for line in lines[::2]] == [0, 2, 3]
    assert len({line["prompt"] for line in lines}) == 2
    first, last = lines[0], lines[-2]
    assert first["prompt"] == last["prompt"] and first["kl"] == 0 != last["kl"]
    assert first["tokens"] <= 4 and first["ended"] in (True, False) and "reward" in first
    assert first["score"] == (first["reward"] if first["ended"] else -1.0)


def test_training_is_the_same_without_samples(files, whole, tmp_path):
    checkpoint = execute(run(files, tmp_path, prompts=0), SilentProgress())
    assert not (tmp_path / "samples.jsonl").exists()
    (ours, random), (theirs, random_with) = state_of(checkpoint), state_of(whole)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert torch.equal(random["torch"], random_with["torch"])
    # Python's own generator aside: the type checks of these tests draw from it.
    assert metrics_of(tmp_path)[-1] == metrics_of(whole.parent)[-1]
    steps = [line for line in metrics_of(whole.parent) if "seconds" in line]
    assert max(line["val/ratio_first"] for line in steps) <= 1e-6


@pytest.mark.parametrize("after", [2, 5])
def test_a_killed_run_that_goes_on_leaves_the_same_samples(files, whole, tmp_path, after):
    """Killed before the first checkpoint, and between a sample and the checkpoint after it."""

    def dying(config, context):
        stage = STAGES["ppo"](config, context)
        on_step, steps = stage.on_step, []

        def count(metrics):
            on_step(metrics)
            steps.append(metrics)
            if len(steps) == after:
                raise RuntimeError("killed")

        stage.on_step = count
        return stage

    with pytest.raises(RuntimeError, match="killed"):
        execute(run(files, tmp_path), SilentProgress(), dying)
    assert samples_of(tmp_path)
    execute(run(files, tmp_path), SilentProgress())
    assert samples_of(tmp_path) == samples_of(whole.parent)


def test_sft_samples_with_its_evaluations_and_shows_the_demonstration(files, tmp_path):
    checkpoint = execute(run(files, tmp_path / "with", "sft", steps=5), SilentProgress())
    lines = samples_of(tmp_path / "with")
    assert [line["step"] for line in lines] == [0, 0, 4, 4, 5, 5]
    asked = {json.loads(line)["prompt"]: json.loads(line)["completion"] for line in _demos(files)}
    assert all(asked[line["prompt"]] == line["reference"] for line in lines)
    plain = execute(run(files, tmp_path / "without", "sft", 0, steps=5), SilentProgress())
    (ours, _), (theirs, _) = state_of(checkpoint), state_of(plain)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def _demos(files):
    return Path(files["demonstrations"][0]).read_text().splitlines()


def test_lines_survive_separators_of_lines_in_texts(tmp_path):
    file = SamplesFile(tmp_path, 0)
    file.write(0, [{"answer": "one\u2028two\nthree\x85"}])
    file.write(3, [{"answer": "é"}])
    file.close()
    again = SamplesFile(tmp_path, 2)
    assert again.has(0) and not again.has(3)
    again.close()
    assert [json.loads(line) for line in (tmp_path / "samples.jsonl").read_text().split("\n")[:-1]]
    fresh = SamplesFile(tmp_path, 0)
    assert not fresh.has(0)
    fresh.close()
