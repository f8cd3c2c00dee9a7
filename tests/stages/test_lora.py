"""Runs that train adapters: from files to adapters on disk, through the loop."""

import json
from pathlib import Path

import pytest
import torch

from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.lineage import read_lineage
from fledge.checkpoint.model_files import load_language_model, load_scalar_model
from fledge.config import parse_section
from fledge.errors import ConfigError
from fledge.model.lora import LoRAConfig, without_adapters
from fledge.runs.run import STAGES, Run, execute
from fledge.runtime import Runtime, RuntimeConfig
from fledge.stages.ppo.actor_critic import chosen_log_probs
from fledge.stages.reward.stage import RewardModelling
from fledge.stages.sft import SFT
from fledge.train.progress import SilentProgress
from fledge.train.stage import BatchConfig, Stage, StageContext
from raised import FLOAT32, metrics_of, raise_model

LORA = {"rank": 4, "alpha": 8.0, "dropout": 0.1}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return raise_model(tmp_path_factory.mktemp("raised"))


def settings_of(files, name):
    return {
        "sft": {"model": files["policy"], "demonstrations": files["demonstrations"]},
        "reward": {
            "model": files["policy"],
            "rankings": files["rankings"],
            "unit_variance": True,
            "patience": 9,
        },
        "ppo": {
            "policy": files["policy"],
            "reward": files["reward"],
            "prompts": files["prompts"],
            "rollout": {"examples": 8, "max_new_tokens": 6},
            "ema_decay": 0.9,
        },
    }[name]


def run(files, output, name, every=None, runtime=FLOAT32, steps=4, **stage):
    values = {
        "output": str(output),
        "seed": 5,
        "lora": LORA,
        "stage": {"name": name, **settings_of(files, name), **stage},
        "batch": {"examples": 4, "microbatch": 2},
        "optimizer": {"learning_rate": 1e-2, "steps": steps},
        "checkpoint": {"every": every},
        "evaluation": {"every": 2},
        "runtime": runtime,
    }
    return parse_section(values, Run, source="test")


def stage_of(files, name, **stage) -> Stage:
    settings = run(files, "unused", name, **stage)
    runtime = Runtime.start(RuntimeConfig(**FLOAT32))
    batch = BatchConfig(examples=4)
    lora = LoRAConfig(**LORA)
    context = StageContext(settings.output, 5, batch, runtime, None, lora=lora)
    return STAGES[name](settings.stage, context)


def killed_after(steps):
    def build(config, context):
        stage = STAGES[config.name](config, context)
        after_step, calls = stage.on_step, []

        def on_step(metrics):
            after_step(metrics)
            calls.append(metrics)
            if len(calls) == steps:
                raise RuntimeError("killed")

        stage.on_step = on_step
        return stage

    return build


def files_in(checkpoint: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(checkpoint)): path.read_bytes()
        for path in checkpoint.rglob("adapter_*")
    }


def base_files(files) -> dict[str, bytes]:
    return {
        str(path): path.read_bytes()
        for name in ("policy", "reward")
        for path in Path(files[name]).rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("name", ["sft", "reward", "ppo"])
def test_an_interrupted_run_goes_on_bit_for_bit_and_leaves_the_base_alone(files, name, tmp_path):
    before = base_files(files)
    whole = execute(run(files, tmp_path / "whole", name), SilentProgress())
    settings = run(files, tmp_path / "killed", name, every=2)
    with pytest.raises(RuntimeError, match="killed"):
        execute(settings, SilentProgress(), killed_after(3))
    checkpoint = execute(settings, SilentProgress())
    assert files_in(checkpoint) == files_in(whole) != {}
    assert base_files(files) == before
    assert not list(checkpoint.glob("model*.safetensors"))
    assert read_lineage(checkpoint).run["lora"]["rank"] == 4
    state = sum(path.stat().st_size for path in (checkpoint / "training").iterdir())
    base = find_checkpoint(Path(files["policy"])) / "model.safetensors"
    assert name != "sft" or state < 4 * base.stat().st_size  # no second copy of the base


def test_a_fine_tuned_checkpoint_loads_as_what_was_trained(files, tmp_path):
    trained: list[SFT] = []

    def build(config, context):
        trained.append(SFT.build(config, context))
        return trained[0]

    checkpoint = execute(run(files, tmp_path, "sft"), SilentProgress(), build)
    ids = torch.arange(40)[None]
    base, loaded = (
        load_language_model(path).model
        for path in (find_checkpoint(Path(files["policy"])), checkpoint)
    )
    with torch.inference_mode():
        expected = trained[0].loaded.model.eval()(ids)
        torch.testing.assert_close(loaded(ids), expected, atol=1e-5, rtol=0)
        assert not torch.allclose(expected, base(ids), atol=1e-3)
    losses = [line["loss"] for line in metrics_of(tmp_path) if "loss" in line]
    assert losses[-1] < losses[0]
    settings = json.loads((checkpoint / "adapter_config.json").read_text(encoding="utf-8"))
    assert Path(settings["base_model_name_or_path"]) == find_checkpoint(Path(files["policy"]))


def test_a_reward_model_of_adapters_is_normalised_as_a_whole_one_is(files, tmp_path):
    trained: list[RewardModelling] = []

    def build(config, context):
        trained.append(RewardModelling.build(config, context))
        return trained[0]

    checkpoint = execute(run(files, tmp_path, "reward", patience=None), SilentProgress(), build)
    (stage,), loaded = trained, load_scalar_model(checkpoint).model
    with torch.inference_mode():
        demonstrations = [loaded(torch.tensor([ids]))[0, -1] for ids in stage.comparisons.zero]
        assert torch.stack(demonstrations).mean().abs() < 1e-5
        ids = torch.arange(30)[None]
        before, after = stage.loaded.model.eval()(ids), loaded(ids)
    gain = loaded.head.weight.norm() / stage.loaded.model.head.weight.norm()
    differences = (before - before[0, 0]) * gain
    torch.testing.assert_close(after - after[0, 0], differences, atol=1e-4, rtol=0)


def test_without_adapters_the_policy_is_the_reference_and_the_critic_the_reward_model(files):
    stage = stage_of(files, "ppo")
    policy, critic = stage.trained.policy, stage.trained.critic
    assert stage.judge.reference.policy is policy
    base = load_language_model(find_checkpoint(Path(files["policy"]))).model
    reward = load_scalar_model(find_checkpoint(Path(files["reward"]))).model
    with torch.no_grad():
        for module in (policy, critic):
            for parameter in module.parameters():
                if parameter.requires_grad:
                    parameter += 0.3 * torch.randn(parameter.shape)
        rollout = stage.world.respond(stage.world.prompts(0), 3)
        arguments = (rollout.inputs, rollout.targets, rollout.response_mask)
        expected = stage_of(files, "ppo").judge.reference(*arguments[::2])
        assert torch.equal(stage.judge.reference(rollout.inputs, rollout.response_mask), expected)
        theirs, _ = chosen_log_probs(expected, rollout.targets, rollout.response_mask)
        assert not torch.allclose(stage.trained(*arguments)[0], theirs, atol=1e-2)
        with without_adapters(policy):
            assert torch.equal(policy(rollout.inputs), base(rollout.inputs))
        scalars = reward(rollout.ids).gather(1, rollout.lengths[:, None] - 1)[:, 0]
        torch.testing.assert_close(stage.world.score(rollout), scalars)
    trained = {name for name, p in stage.trained.named_parameters() if p.requires_grad}
    others = {name for name in trained if "lora" not in name}
    assert others == {"critic.head.weight", "critic.head.bias"}


def test_ppo_begins_at_the_reference(files, tmp_path):
    execute(run(files, tmp_path, "ppo", steps=6, kl={"maximum": None}), SilentProgress())
    steps = [line for line in metrics_of(tmp_path) if "objective/kl" in line and "loss" in line]
    assert abs(steps[0]["objective/kl"]) < 1e-5
    assert abs(steps[-1]["objective/kl"]) > 1e-5
    assert steps[0]["val/ratio_first"] < 1e-5


def test_ppo_against_a_function_trains_adapters_of_a_critic_of_its_own(files, tmp_path):
    scorer = tmp_path / "scorer.py"
    scorer.write_text("def count(prompts, responses):\n    return [len(r) for r in responses]\n")
    settings = run(files, tmp_path / "out", "ppo", reward=f"{scorer}:count")
    checkpoint = execute(settings, SilentProgress())
    critic = load_scalar_model(checkpoint / "critic")
    assert critic.model.trunk.config == load_language_model(checkpoint).model.config


def test_stages_build_on_adapters_as_on_whole_models(files, tmp_path):
    sft = execute(run(files, tmp_path / "sft", "sft", steps=1), SilentProgress())
    on_sft = run(files, tmp_path / "reward", "reward", steps=1, model=str(sft))
    reward = execute(on_sft, SilentProgress())
    roles = {"policy": str(sft), "reward": str(reward)}
    checkpoint = execute(run(files, tmp_path / "ppo", "ppo", steps=1, **roles), SilentProgress())
    lineage = read_lineage(checkpoint)
    assert lineage.parents["policy"].lineage.parents.keys() == {"model"}
    assert load_language_model(checkpoint).model.config.num_layers == 2


def test_bfloat16_and_recomputed_activations_train_the_same_adapters(files, tmp_path):
    bfloat16 = {**FLOAT32, "dtype": "bfloat16"}
    plain = execute(run(files, tmp_path / "a", "sft", runtime=bfloat16, steps=2), SilentProgress())
    runtime = {**bfloat16, "gradient_checkpointing": True}
    less = execute(run(files, tmp_path / "b", "sft", runtime=runtime, steps=2), SilentProgress())
    assert files_in(plain) == files_in(less)
    reward = run(files, tmp_path / "c", "reward", runtime=runtime, steps=1)
    assert load_scalar_model(execute(reward, SilentProgress())).model.head.bias.isfinite()
    ppo = run(files, tmp_path / "d", "ppo", runtime=runtime, steps=1)
    assert files_in(execute(ppo, SilentProgress()))


def test_stages_without_a_model_to_adapt_refuse_it(tmp_path):
    values = {
        "output": str(tmp_path),
        "lora": {},
        "stage": {"name": "pretrain", "text": ["a.txt"], "tokenizer": "t"},
    }
    with pytest.raises(ConfigError, match="lora is for sft, reward and ppo, not for pretrain"):
        parse_section(values, Run, source="test")
