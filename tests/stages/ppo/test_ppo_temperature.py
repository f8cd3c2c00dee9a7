"""PPO built from files at a temperature other than 1: sampling, training and reference agree."""

from pathlib import Path

import pytest
import torch

from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.model_files import load_language_model, save_language_model
from fledge.config import parse_section
from fledge.data.batch import PromptBatch
from fledge.generate.engine import Engine
from fledge.model.policy import policy_logits
from fledge.runs.run import Run, execute
from fledge.runtime import Runtime, RuntimeConfig, random
from fledge.stages.ppo import answering as answering_module
from fledge.stages.ppo.actor_critic import score_tokens
from fledge.stages.ppo.build import build_ppo
from fledge.train.progress import SilentProgress
from fledge.train.stage import BatchConfig, StageContext
from raised import FLOAT32, metrics_of, raise_model

TEMPERATURE = 0.5


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A policy far from uniform, for which the temperature matters."""
    files = raise_model(tmp_path_factory.mktemp("raised"))
    directory = find_checkpoint(Path(files["policy"]))
    loaded = load_language_model(directory)
    generator = random(3, "noise")
    with torch.no_grad():
        for parameter in loaded.model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.15)
    save_language_model(directory, loaded.model, loaded.tokenizer, loaded.template)
    return files


def settings(files, output, **stage):
    values = {
        "output": str(output),
        "stage": {
            "name": "ppo",
            "policy": files["policy"],
            "reward": files["reward"],
            "prompts": files["prompts"],
            "rollout": {"examples": 8, "max_new_tokens": 6, "temperature": TEMPERATURE},
            "kl": {"maximum": None, "maximum_clip_fraction": None},
            **stage,
        },
        "batch": {"examples": 4},
        "optimizer": {"learning_rate": 1e-2, "steps": 12, "weight_decay": 0.0},
        "runtime": FLOAT32,
    }
    return parse_section(values, Run, source="test")


@pytest.fixture
def stage(files, tmp_path):
    run = settings(files, tmp_path)
    runtime = Runtime.start(RuntimeConfig(**FLOAT32))
    return build_ppo(run.stage, StageContext(tmp_path, 5, BatchConfig(examples=4), runtime, None))


def test_the_policy_leaves_a_reference_that_stays(files, tmp_path):
    """A reference that is the policy itself, or is at another temperature, fails here."""
    built = []

    def build(config, context):
        built.append(build_ppo(config, context))
        return built[0]

    execute(settings(files, tmp_path), SilentProgress(), build)
    steps = [line for line in metrics_of(tmp_path) if "val/ratio_first" in line]
    assert len(steps) == 12
    assert all(step["val/ratio_first"] == 0 for step in steps)
    first, last = steps[0], steps[-1]
    assert first["objective/kl"] == first["objective/kl_k3"] == 0 < first["objective/entropy"]
    assert last["objective/kl_k3"] > 0.01
    sft = load_language_model(find_checkpoint(Path(files["policy"]))).model.state_dict()
    reference = built[0].judge.reference.policy.state_dict()
    trained = built[0].trained.policy.state_dict()
    assert all(torch.equal(reference[name], weight) for name, weight in sft.items())
    assert not any(torch.equal(trained[name], w) for name, w in sft.items() if w.ndim == 2)


@torch.no_grad()
def test_first_tokens_are_drawn_from_the_distribution_that_is_trained(stage):
    """2,000 draws: their frequencies are π at the temperature, and are not π at 1."""
    prompt = stage.world.prompts(0).prompts[0]
    first = stage.world.respond(PromptBatch((prompt,) * 2000), seed=1).rows()
    counts = torch.bincount(
        torch.tensor([answer[0] for _, answer in first]),
        minlength=stage.trained.policy.config.vocabulary_size,
    )
    inputs = torch.tensor([prompt])
    last = torch.zeros_like(inputs, dtype=torch.bool)
    last[0, -1] = True

    def distance(temperature):
        logits = policy_logits(
            stage.trained.policy, inputs, last, temperature, stage.trained.banned_ids
        )
        return float((logits[0].softmax(0) - counts / 2000).abs().sum() / 2)

    assert stage.trained.temperature == TEMPERATURE
    assert distance(TEMPERATURE) < 0.13 < 0.3 < distance(1.0)


def test_old_log_probs_are_those_of_the_engine_that_wrote_the_answers(stage, monkeypatch):
    """The engine reports log π at temperature 1, so both are compared there."""
    written = []

    class Recording(Engine):
        def generate(self, requests):
            completions = super().generate(requests)
            written.extend(completions)
            return completions

    monkeypatch.setattr(answering_module, "Engine", Recording)
    stage.trained.temperature = stage.judge.reference.temperature = 1.0
    experience = stage.collect(stage.world.prompts(0))
    mask = experience.rollout.response_mask
    reported = torch.tensor([p for one in written for p in one.log_probs])
    torch.testing.assert_close(experience.old_log_probs[mask], reported, atol=1e-5, rtol=0)


def test_the_loss_reads_log_probs_at_the_temperature(stage):
    batch = next(stage.batches())
    rollout = batch.experience.rollout
    arguments = (rollout.inputs, rollout.targets, rollout.response_mask)
    policy, banned = stage.trained.policy, stage.trained.banned_ids
    ours, _ = score_tokens(policy, *arguments, TEMPERATURE, banned)
    assert torch.equal(ours, batch.experience.old_log_probs)
