"""PPO from checkpoints and files, through the engine and the loop."""

import os
import signal
from functools import partial

import pytest
import torch

import fledge
from fledge.checkpoint.lineage import read_lineage
from fledge.checkpoint.model_files import load_language_model, load_scalar_model
from fledge.config import parse_section
from fledge.errors import ConfigError, Interrupted, RecordError
from fledge.runs.run import Run, execute
from fledge.runtime import Runtime, RuntimeConfig
from fledge.stages.ppo.build import build_ppo
from fledge.stages.ppo.rollout import Rollout
from fledge.text.tokenizer import Tokenizer
from fledge.train.progress import SilentProgress
from fledge.train.stage import BatchConfig, StageContext
from raised import FLOAT32, metrics_of, raise_model, write_lines


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return raise_model(tmp_path_factory.mktemp("raised"), dropout=0.3)


def run(files, output, steps=10, every=None, **stage):
    """Four steps a rollout."""
    values = {
        "output": str(output),
        "seed": 5,
        "stage": {
            "name": "ppo",
            "policy": files["policy"],
            "reward": files["reward"],
            "prompts": files["prompts"],
            "rollout": {"examples": 8, "max_new_tokens": 6},
            "kl": {"target": 3.0, "horizon": 50, "maximum_clip_fraction": None},
            "ema_decay": 0.9,
            **stage,
        },
        "batch": {"examples": 4, "microbatch": 2},
        "optimizer": {"learning_rate": 2e-3, "steps": steps, "weight_decay": 0.0},
        "checkpoint": {"every": every},
        "runtime": FLOAT32,
    }
    return parse_section(values, Run, source="test")


def build_and(at_step, do):
    """PPO with dropout in its models and something that happens after a step."""

    def build(config, context):
        stage = build_ppo(config, context)
        stage.trained.policy.set_dropout(0.3)
        stage.trained.critic.trunk.set_dropout(0.3)
        stage.trained.train()
        after_step, calls = stage.on_step, []

        def on_step(metrics):
            after_step(metrics)
            calls.append(metrics)
            if len(calls) == at_step:
                do()

        stage.on_step = on_step
        return stage

    return build


def kill():
    raise RuntimeError("killed")


def weights(checkpoint):
    return (checkpoint / "model.safetensors").read_bytes(), (
        checkpoint / "critic" / "model.safetensors"
    ).read_bytes()


@pytest.fixture(scope="module")
def whole(files, tmp_path_factory):
    output = tmp_path_factory.mktemp("whole")
    checkpoint = execute(run(files, output), SilentProgress(), build_and(None, kill))
    return weights(checkpoint), metrics_of(output)


def untimed(lines):
    timed = ("seconds", "per_second")
    return [{n: v for n, v in line.items() if n not in timed} for line in lines]


def test_a_run_killed_inside_a_rollout_goes_on_bit_for_bit(files, whole, tmp_path):
    settings = run(files, tmp_path, every=3)  # saved after step 6, in the middle of rollout 2
    with pytest.raises(RuntimeError, match="killed"):
        execute(settings, SilentProgress(), build_and(8, kill))
    checkpoint = execute(settings, SilentProgress(), build_and(None, kill))
    assert weights(checkpoint) == whole[0]
    assert untimed(metrics_of(tmp_path)) == untimed(whole[1])


def test_an_interrupted_run_goes_on_bit_for_bit(files, whole, tmp_path):
    settings = run(files, tmp_path)
    interrupt = partial(os.kill, os.getpid(), signal.SIGINT)
    with pytest.raises(Interrupted):
        execute(settings, SilentProgress(), build_and(7, interrupt))
    checkpoint = execute(settings, SilentProgress(), build_and(None, kill))
    assert weights(checkpoint) == whole[0]


def test_the_product_is_a_language_model_a_critic_and_a_past(files, tmp_path):
    checkpoint = execute(run(files, tmp_path, steps=4), SilentProgress())
    assert fledge.load(checkpoint).model.config.width == 32
    assert load_scalar_model(checkpoint / "critic").model.head.weight.shape == (1, 32)
    lineage = read_lineage(checkpoint)
    assert set(lineage.parents) == {"policy", "reward"} and lineage.stage == "ppo"
    assert any(name.endswith("prompts.jsonl") for name in lineage.data)
    step, evaluation = metrics_of(tmp_path)[-2:]
    assert step["val/ratio_first"] <= 1e-5 and "objective/kl_exact" in evaluation


def test_the_first_ratio_is_1_in_bfloat16_too(files, tmp_path):
    """Log-probs before and during training come of the same arithmetic, rounding included."""
    settings = run(files, tmp_path, steps=2)
    half = RuntimeConfig(device="cpu", dtype="bfloat16", compile=False)
    execute(settings.model_copy(update={"runtime": half}), SilentProgress())
    first = metrics_of(tmp_path)[0]
    assert first["val/ratio_first"] == 0 < first["objective/entropy"]


def test_a_python_function_is_a_reward_from_a_file_and_from_python(files, tmp_path):
    seen = []

    def likes_yes(prompts, responses):
        seen.extend(prompts)
        return [response.count("yes") for response in responses]

    by_call = run(files, tmp_path / "call", reward="likes yes", steps=4)
    execute(by_call, SilentProgress(), partial(build_ppo, reward=likes_yes))
    assert seen and all(prompt.endswith("?") for prompt in seen)  # the user's words, no more
    file = tmp_path / "mine.py"
    file.write_text(
        "def score(prompts, responses):\n    return [r.count('yes') for r in responses]\n"
    )
    by_file = run(files, tmp_path / "file", reward=f"{file}:score", steps=4)
    execute(by_file, SilentProgress())
    first, second = (metrics_of(tmp_path / name) for name in ("call", "file"))
    assert untimed(first) == untimed(second)


def test_the_first_value_of_a_function_s_critic_is_0(files, tmp_path):
    stage = build(files, tmp_path, reward="math:fsum")
    values = stage.trained.critic(torch.tensor([[1, 2, 3]])).detach()
    assert values.tolist() == [[0.0, 0.0, 0.0]]


def test_pretraining_text_is_mixed_in(files, tmp_path):
    from fledge.data.corpus import build_corpus

    text = tmp_path / "text.txt"
    text.write_text("yes please, two or three of the blue ones. " * 60)
    tokenizer = load_language_model(build(files, tmp_path).world.sources.parents["policy"])
    build_corpus([str(text)], tokenizer.tokenizer, tmp_path / "corpus")
    mix = {"corpus": str(tmp_path / "corpus"), "rows": 2, "length": 16, "coefficient": 3.0}
    execute(run(files, tmp_path / "run", pretraining=mix), SilentProgress())
    losses = [line["loss/pretraining_avg"] for line in metrics_of(tmp_path / "run")[:-1]]
    assert losses[-1] < losses[0]


def build(files, tmp_path, **stage):
    settings = run(files, tmp_path, **stage)
    runtime = Runtime.start(RuntimeConfig(**FLOAT32))
    return build_ppo(
        settings.stage, StageContext(settings.output, 5, BatchConfig(examples=4), runtime, None)
    )


def test_one_pass_over_the_prompts_is_its_natural_length(files, tmp_path):
    stage = build(files, tmp_path, held_out_fraction=0.0)
    assert stage.natural_steps() == 40 / 8 * 2 * 2
    answered = [p for n in range(5) for p in stage.world.prompts(n).prompts]
    assert len(set(answered)) == 40


def test_only_the_end_of_the_turn_ends_an_answer(files, tmp_path):
    stage = build(files, tmp_path)
    special = load_language_model(stage.world.sources.parents["policy"]).tokenizer.special
    answers = [(5, special.end), (5, special.end_of_text), (5, 6)]
    rollout = Rollout.join([(7,)] * 3, answers, special.pad)
    assert stage.judge(rollout).ended.tolist() == [True, False, False]


def test_sizes_that_do_not_divide_are_refused(files, tmp_path):
    with pytest.raises(ConfigError, match="a multiple of batch"):
        build(files, tmp_path, rollout={"examples": 10, "max_new_tokens": 6})
    with pytest.raises(ConfigError, match="context holds 64 tokens"):
        build(files, tmp_path, rollout={"examples": 8, "max_new_tokens": 64})


def test_a_prompt_without_room_for_its_answer_is_refused_or_skipped(files, tmp_path):
    long = write_lines(tmp_path / "long.jsonl", [{"prompt": "yes " * 90}, {"prompt": "yes?"}])
    with pytest.raises(RecordError, match=r"long.jsonl:1: expected a prompt of at most 58 tokens"):
        build(files, tmp_path, prompts=[long], held_out_fraction=0.0)
    stage = build(files, tmp_path, prompts=[long], held_out_fraction=0.0, skip_bad=True)
    assert len(stage.world.prompts.prompts) == 1


def test_a_long_prompt_is_named_by_its_own_file_and_line(files, tmp_path, caplog):
    lines = ['{"prompt": "yes?"}', "", "not JSON", '{"prompt": "yes?"}', '{"prompt": "%s"}']
    second = tmp_path / "second.jsonl"
    second.write_text("\n".join(lines) % ("yes " * 90) + "\n")
    prompts = [*files["prompts"], str(second)]
    with caplog.at_level("WARNING"):
        build(files, tmp_path, prompts=prompts, skip_bad=True)
    assert "2 bad records skipped" in caplog.text
    assert "second.jsonl:5: expected a prompt of at most 58 tokens" in caplog.text


def test_a_reward_model_of_another_tokenizer_is_refused(files, tmp_path):
    other = raise_model(tmp_path / "other")
    path = tmp_path / "other" / "reward" / "step-00000001"
    tokenizer = Tokenizer.train(["so many entirely different words and syllables " * 20], 290)
    assert tokenizer.vocabulary_size == 290
    tokenizer.save(path)
    with pytest.raises(ConfigError, match="another tokenizer"):
        build(files, tmp_path, reward=other["reward"])
