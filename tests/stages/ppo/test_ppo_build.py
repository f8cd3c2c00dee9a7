"""The parts that PPO is built of, each against its definition."""

from pathlib import Path

import pytest
import torch

from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.model_files import load_language_model, load_scalar_model
from fledge.data.corpus import build_corpus
from fledge.files import file_hash
from fledge.model.lora import LoRAConfig
from fledge.runtime import Runtime, RuntimeConfig
from fledge.stages.ppo.build import build_ppo
from fledge.train.stage import BatchConfig, StageContext
from raised import FLOAT32, raise_model, write_lines
from stages.ppo.test_ppo_run import run

LETTERS = """\
def score(prompts, responses):
    return [1000 * len(response) + len(prompt) for prompt, response in zip(prompts, responses)]
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return raise_model(tmp_path_factory.mktemp("raised"))


def build(files, output, *, microbatch=None, lora=None, **stage):
    settings = run(files, output, **stage)
    runtime = Runtime.start(RuntimeConfig(**FLOAT32))
    batch = BatchConfig(examples=4, microbatch=microbatch)
    return build_ppo(settings.stage, StageContext(output, 5, batch, runtime, None, lora=lora))


def tokenizer_of(files):
    return load_language_model(find_checkpoint(Path(files["policy"]))).tokenizer


def scores_by_definition(files, rollout):
    """`LETTERS` of the texts of a rollout, without role and end tokens."""
    tokenizer, scores = tokenizer_of(files), []
    for row in rollout.rows():
        prompt, answer = (
            tokenizer.decode([id_ for id_ in ids if id_ not in tokenizer.special_ids])
            for ids in row
        )
        scores.append(1000.0 * len(answer) + len(prompt))
    return scores


def letters_in(tmp_path):
    file = tmp_path / "letters.py"
    file.write_text(LETTERS)
    return file


@torch.no_grad()
def test_gold_scores_are_a_second_function_s_and_nothing_learns_from_them(files, tmp_path):
    file = letters_in(tmp_path)
    stage = build(files, tmp_path, score={"gold": f"{file}:score"})
    rollout = stage.world.respond(stage.world.prompts(0), 1)
    judged, plain = stage.judge(rollout), build(files, tmp_path).judge(rollout)
    assert judged.gold.tolist() == scores_by_definition(files, rollout)
    assert plain.gold is None and torch.equal(judged.raw_scores, plain.raw_scores)
    assert stage.sources().data[str(file)] == file_hash(file)


@torch.no_grad()
def test_the_monitor_asks_its_own_prompts_the_same_way_each_time(files, tmp_path):
    records = [{"prompt": f"{word} please?"} for word in ("one", "three", "green")]
    monitor = {
        "prompts": [write_lines(tmp_path / "held-out.jsonl", records)],
        "judge": f"{letters_in(tmp_path)}:score",
    }
    settings = {"score": {"monitor": monitor}, "ema_decay": None}
    stage = build(files, tmp_path, **settings)
    first = stage.world.watched()
    assert [int(score) % 1000 for score in first] == [len(one["prompt"]) for one in records]
    stage.world.respond(stage.world.prompts(0), 1)
    assert torch.equal(stage.world.watched(), first)
    assert torch.equal(build(files, tmp_path, **settings).world.watched(), first)


def test_scoring_takes_as_many_rows_at_once_as_a_forward_pass_of_training(files, tmp_path):
    for microbatch, rows in ((None, 4), (1, 1), (2, 2)):
        stage = build(files, tmp_path, microbatch=microbatch)
        assert stage.world.rows_per_forward == stage.world.score.rows == rows


def test_a_pass_mixes_in_each_window_of_the_text_once(files, tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("".join(f"{number} red, {number * 7} green and blue. " for number in range(60)))
    corpus = build_corpus([str(text)], tokenizer_of(files), tmp_path / "corpus")
    mix = {"corpus": str(tmp_path / "corpus"), "rows": 2, "length": 16}
    stage = build(files, tmp_path, pretraining=mix)
    windows = [tuple(window.tolist()) for window in corpus.train.windows(16)]
    count = len(windows) // 2
    seen = []
    for step in range(count):
        batch = stage.world.pretraining(step)
        assert batch.examples == 2
        for inputs, targets in zip(batch.inputs.tolist(), batch.targets.tolist(), strict=True):
            assert inputs[1:] == targets[:-1]
            seen.append((*inputs, targets[-1]))
    assert len(set(seen)) == 2 * count and set(seen) <= set(windows)
    assert corpus.hashes.items() <= stage.sources().data.items()


def assert_learnt_by_adapters(stage):
    """Each trunk by its own adapters; of the critic also the head."""
    for module, others in (
        (stage.trained.policy, set()),
        (stage.trained.critic, {"head.weight", "head.bias"}),
    ):
        trained = {name for name, p in module.named_parameters() if p.requires_grad}
        assert {name for name in trained if "lora" not in name} == others
        assert len(trained) > 2


def test_a_function_s_critic_learns_by_adapters_where_the_policy_does(files, tmp_path):
    lora = LoRAConfig(rank=2, alpha=4.0)
    stage = build(files, tmp_path, lora=lora, reward=f"{letters_in(tmp_path)}:score")
    assert_learnt_by_adapters(stage)
    with torch.no_grad():
        rollout = stage.world.respond(stage.world.prompts(0), 1)
    assert stage.world.score(rollout).tolist() == scores_by_definition(files, rollout)


@torch.no_grad()
@pytest.mark.parametrize("lora", [None, LoRAConfig(rank=2, alpha=4.0)])
def test_reward_and_reference_stay_where_critic_and_policy_move(files, tmp_path, lora):
    stage = build(files, tmp_path, lora=lora)
    directory = find_checkpoint(Path(files["reward"]))
    reward = load_scalar_model(directory).model
    rollout = stage.world.respond(stage.world.prompts(0), 1)
    before = stage.judge(rollout)
    for parameter in stage.trained.parameters():
        if parameter.requires_grad:
            parameter.add_(torch.randn(parameter.shape) * 0.3)
    after = stage.judge(rollout)
    assert torch.equal(after.raw_scores, before.raw_scores)
    assert torch.equal(after.reference_log_probs, before.reference_log_probs)
    assert not torch.allclose(after.values, before.values, atol=1e-3)
    assert not torch.allclose(after.log_probs, before.log_probs, atol=1e-3)
    scalars = reward(rollout.ids).gather(1, rollout.lengths[:, None] - 1)[:, 0]
    torch.testing.assert_close(before.raw_scores, scalars)
    if lora is None:
        assert all(parameter.requires_grad for parameter in stage.trained.parameters())
    else:
        assert_learnt_by_adapters(stage)


@torch.no_grad()
@pytest.mark.parametrize("lora", [None, LoRAConfig(rank=2, alpha=4.0)])
def test_a_critic_starts_as_the_reward_model_or_from_zero(files, tmp_path, lora):
    usual = build(files, tmp_path, lora=lora)
    stage = build(files, tmp_path, lora=lora, critic={"start": "zero"})
    rollout = stage.world.respond(stage.world.prompts(0), 1)
    copied, zero = usual.judge(rollout), stage.judge(rollout)
    assert torch.equal(zero.raw_scores, copied.raw_scores)
    assert torch.equal(zero.values, torch.zeros_like(zero.values))
    reward = load_scalar_model(find_checkpoint(Path(files["reward"]))).model
    torch.testing.assert_close(copied.values, reward(rollout.inputs) * rollout.response_mask)
    assert all(parameter.requires_grad for parameter in stage.trained.critic.head.parameters())


@pytest.mark.parametrize("lora", [None, LoRAConfig(rank=2, alpha=4.0)])
def test_a_second_save_replaces_the_first(files, tmp_path, lora):
    stage = build(files, tmp_path, lora=lora)
    stage.save_model(tmp_path)
    first = contents(tmp_path)
    with torch.no_grad():
        for parameter in stage.trained.parameters():
            if parameter.requires_grad:
                parameter.add_(0.5)
    stage.save_model(tmp_path)
    second = contents(tmp_path)
    changed = {name for name, content in second.items() if content != first[name]}
    weights = "model.safetensors" if lora is None else "adapter_model.safetensors"
    assert changed == {weights, f"critic/{weights}"}


def contents(directory):
    return {
        str(file.relative_to(directory)): file.read_bytes()
        for file in directory.rglob("*")
        if file.is_file()
    }
