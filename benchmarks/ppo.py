"""Seconds of one PPO iteration, fledge beside `trl==1.12.0`: 64 prompts of 64 tokens, answers of
64, four epochs of four minibatches; policy, reference, reward and value model of one size."""

import copy
import os
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from _measure import Row, arguments, interleaved_workers, print_table, serve, wait_for_go

from fledge.data.batch import PromptBatch
from fledge.generate import SamplingParams
from fledge.generate.engine import Engine
from fledge.generate.respond import respond
from fledge.model.config import GPTConfig
from fledge.model.gpt import GPT
from fledge.model.scalar import ScalarModel
from fledge.runtime import Runtime, RuntimeConfig
from fledge.stages.ppo.actor_critic import ActorCritic, Reference
from fledge.stages.ppo.config import PPOConfig
from fledge.stages.ppo.reward_functions import ModelScore
from fledge.stages.ppo.rollout import Rollout
from fledge.stages.ppo.stage import PPO
from fledge.stages.ppo.world import World
from fledge.train.loop import train_step
from fledge.train.optimizer import Optimizer, OptimizerConfig
from fledge.train.plan import Plan
from fledge.train.stage import BatchConfig

SIZES = {"toy": (64, 2, 512), "15M": (384, 8, 8192)}
"""Width, layers, vocabulary; heads are 64 wide."""
PROGRAMS = ["trl fp32", "trl bf16 autocast", "trl all bf16", "fledge uncompiled", "fledge"]
EPOCHS = MINIBATCHES = 4


def random_prompts(vocabulary: int, examples: int, length: int) -> list[list[int]]:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(1, vocabulary - 1, (examples, length), generator=generator).tolist()


def fledge_iteration(size: str, examples: int, length: int, compiled: bool) -> Callable[[], None]:
    width, layers, vocabulary = SIZES[size]
    runtime = Runtime.start(RuntimeConfig(device="cpu", compile=compiled))
    generator = torch.Generator().manual_seed(0)
    policy = GPT(GPTConfig.sized(vocabulary, 2 * length, width, layers))
    policy.initialise(generator)
    trained = ActorCritic(policy, ScalarModel.from_language_model(policy, generator), 1.0, ())
    reference = Reference(copy.deepcopy(policy), 1.0, ())
    reward = ScalarModel.from_language_model(policy, generator)
    for module in (reference, reward):
        runtime.prepare(module)
    runtime.prepare(trained, examples * 2 * length, steps=1000)
    prompts = PromptBatch(tuple(map(tuple, random_prompts(vocabulary, examples, length))))
    sampling = SamplingParams(max_new_tokens=length)

    def answer(prompts: PromptBatch, seed: int) -> Rollout:
        engine = Engine(policy, max_batch=examples)
        seeds = range(seed, seed + len(prompts.prompts))
        answers = respond(engine, prompts.prompts, sampling, seeds, stop_ids=(), banned_ids=())
        return Rollout.join(prompts.prompts, answers, pad_id=0)

    minibatch = examples // MINIBATCHES
    world = World(
        respond=answer,
        score=ModelScore(reward),
        prompts=lambda _: prompts,
        stop_ids=(),
        minibatch=minibatch,
        save=lambda *_: None,
        rows_per_forward=examples,
    )
    config = PPOConfig.model_validate(
        {
            "policy": "unused",
            "reward": "unused",
            "prompts": ["unused"],
            "epochs": EPOCHS,
            "rollout": {"examples": examples, "max_new_tokens": length},
            "score": {"missing_end": "ignore"},
            "kl": {"maximum": None, "maximum_clip_fraction": None},
        }
    )
    stage = PPO(config, trained, reference, world)
    plan = Plan(output=Path("unused"), batch=BatchConfig(examples=minibatch))
    optimizer = Optimizer(trained, OptimizerConfig(learning_rate=1e-6), steps=100_000)
    batches = stage.batches()

    def iteration() -> None:
        for _ in range(EPOCHS * MINIBATCHES):
            with runtime.autocast():
                batch = next(batches)
            train_step(stage, batch, plan, runtime, optimizer)

    return iteration


def trl_tokenizer(vocabulary: int):
    """Make the tokenizer that TRL requires; the last id pads, id 0 ends."""
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    words = {f"w{i}": i for i in range(vocabulary)}
    backend = Tokenizer(models.WordLevel(words, unk_token="w0"))
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token=f"w{vocabulary - 1}", eos_token="w0"
    )


def trl_models(size: str, length: int, dtype: torch.dtype) -> dict[str, torch.nn.Module]:
    """Make four models of fledge's architecture."""
    from transformers import (
        AutoModelForCausalLM,
        AutoModelForSequenceClassification,
        Qwen3Config,
    )

    width, layers, vocabulary = SIZES[size]
    config = Qwen3Config(
        vocab_size=vocabulary,
        hidden_size=width,
        intermediate_size=round(width * 8 / 3 / 32) * 32,
        num_hidden_layers=layers,
        num_attention_heads=width // 64,
        num_key_value_heads=width // 64,
        head_dim=64,
        max_position_embeddings=2 * length,
        tie_word_embeddings=True,
        num_labels=1,
        pad_token_id=vocabulary - 1,
        eos_token_id=0,
    )
    policy = AutoModelForCausalLM.from_config(config, dtype=dtype)
    reward, value = (
        AutoModelForSequenceClassification.from_config(config, dtype=dtype) for _ in range(2)
    )
    reference = copy.deepcopy(policy)
    return {
        "model": policy,
        "ref_model": reference,
        "reward_model": reward,
        "value_model": value,
    }


def trl_settings(directory: str, examples: int, length: int, autocast: bool):
    from trl.experimental.ppo import PPOConfig as TrlConfig

    return TrlConfig(
        output_dir=directory,
        per_device_train_batch_size=examples // MINIBATCHES,
        gradient_accumulation_steps=MINIBATCHES,
        num_mini_batches=MINIBATCHES,
        num_ppo_epochs=EPOCHS,
        total_episodes=examples * 1000,
        response_length=length,
        local_rollout_forward_batch_size=examples,
        temperature=1.0,
        learning_rate=1e-6,
        missing_eos_penalty=None,
        num_sample_generations=0,
        bf16=autocast,
        use_cpu=True,
        report_to="none",
        save_strategy="no",
        disable_tqdm=True,
    )


def serve_trl(size: str, examples: int, length: int, precision: str) -> None:
    """Run TRL, which owns its loop; a callback waits between iterations."""
    os.environ["TRL_EXPERIMENTAL_SILENCE"] = "1"
    from datasets import Dataset
    from transformers import TrainerCallback
    from trl.experimental.ppo import PPOTrainer

    class Paced(TrainerCallback):
        """Reports the end of an iteration, and waits for the next request."""

        def on_step_end(self, args, state, control, **rest):
            print("done", flush=True)
            wait_for_go()

    vocabulary = SIZES[size][2]
    dtype = torch.bfloat16 if precision == "all bf16" else torch.float32
    prompts = random_prompts(vocabulary, examples, length)
    with tempfile.TemporaryDirectory() as directory:
        trainer = PPOTrainer(
            args=trl_settings(directory, examples, length, precision == "bf16 autocast"),
            processing_class=trl_tokenizer(vocabulary),
            train_dataset=Dataset.from_dict({"input_ids": prompts}),
            callbacks=[Paced()],
            **trl_models(size, length, dtype),
        )
        wait_for_go()
        trainer.train()


def main() -> None:
    chosen = arguments(__doc__)
    warnings.simplefilter("ignore")
    examples, length = (16, 16) if chosen.quick else (64, 64)
    size = "toy" if chosen.quick else "15M"
    if chosen.worker and chosen.worker.startswith("trl"):
        serve_trl(size, examples, length, chosen.worker.removeprefix("trl "))
    elif chosen.worker:
        compiled = chosen.worker == "fledge"
        serve(fledge_iteration(size, examples, length, compiled))
    else:
        options = ["--quick"] if chosen.quick else []
        task = f"{size}, {examples} answers"
        rows: list[Row] = interleaved_workers(
            task, __file__, PROGRAMS, options, units=1, rounds=chosen.rounds
        )
        print_table(rows, "iterations", {task: "trl bf16 autocast"})
        print("\nratio: to trl with bf16 autocast. All bf16 keeps no fp32 weights.")


if __name__ == "__main__":
    main()
