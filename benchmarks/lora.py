"""Seconds of a LoRA step of SFT and of PPO, fledge beside `trl==1.12.0` with `peft`.

    python benchmarks/lora.py checkpoints/smollm2

SFT: 4 rows of 256 tokens. PPO: 16 prompts of 128 tokens, answers of 48, one epoch of 4 minibatches;
the reference is the policy without its adapters. Adapters of rank 16 in fp32 on every matrix of a
layer, frozen weights in bfloat16, products in bfloat16, nothing compiled.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from _measure import Row, interleaved_workers, print_table, serve, wait_for_go
from decoding import random_checkpoint
from ppo import random_prompts, trl_tokenizer
from training import Windows

from fledge.checkpoint.model_files import load_language_model
from fledge.data.batch import PromptBatch, TokenBatch
from fledge.generate import SamplingParams
from fledge.generate.engine import Engine
from fledge.generate.respond import respond
from fledge.model.lora import LoRAConfig, adapt, without_adapters
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

RANK, ALPHA = 16, 32
ROWS, LENGTH = 4, 256
PROMPTS, PROMPT, ANSWER, MINIBATCHES = 16, 128, 48, 4
TASKS = {"SFT": "rows", "PPO": "answers"}
Step = Callable[[], None]


def plan_of(examples: int) -> Plan:
    return Plan(output=Path("unused"), batch=BatchConfig(examples=examples))


def fledge_sft(checkpoint: Path) -> Step:
    runtime = Runtime.start(RuntimeConfig(device="cpu", compile=False))
    model = load_language_model(checkpoint).model
    vocabulary = model.config.vocabulary_size
    adapt(
        model, LoRAConfig(rank=RANK, alpha=ALPHA), torch.Generator().manual_seed(0), runtime.dtype
    )
    stage = Windows(model)
    runtime.prepare(stage.trained, ROWS * LENGTH, steps=1000)
    optimizer = Optimizer(stage.trained, OptimizerConfig(), steps=100_000)

    def step() -> None:
        ids = torch.randint(vocabulary, (ROWS, LENGTH + 1))
        ones = torch.ones_like(ids[:, 1:])
        positions = torch.arange(LENGTH).expand_as(ones)
        batch = TokenBatch(ids[:, :-1], ids[:, 1:], ones.bool(), ones, positions)
        train_step(stage, batch, plan_of(ROWS), runtime, optimizer)

    return step


def fledge_ppo(checkpoint: Path) -> Step:
    runtime = Runtime.start(RuntimeConfig(device="cpu", compile=False))
    generator = torch.Generator().manual_seed(0)
    policy = load_language_model(checkpoint).model
    vocabulary = policy.config.vocabulary_size
    critic = ScalarModel.from_language_model(policy, generator)
    reward = ModelScore(ScalarModel(critic.trunk))
    reference = Reference(policy, 1.0, ())
    for trunk in (policy, critic.trunk):
        adapt(trunk, LoRAConfig(rank=RANK, alpha=ALPHA), generator, runtime.dtype)
    trained = ActorCritic(policy, critic, 1.0, ())
    runtime.prepare(trained, PROMPTS * (PROMPT + ANSWER), steps=1000)
    prompts = PromptBatch(tuple(map(tuple, random_prompts(vocabulary, PROMPTS, PROMPT))))
    sampling = SamplingParams(max_new_tokens=ANSWER)

    def answer(prompts: PromptBatch, seed: int) -> Rollout:
        engine = Engine(policy, max_batch=PROMPTS, max_length=PROMPT + ANSWER, native=False)
        seeds = range(seed, seed + len(prompts.prompts))
        answers = respond(engine, prompts.prompts, sampling, seeds, stop_ids=(), banned_ids=())
        return Rollout.join(prompts.prompts, answers, pad_id=0)

    def score(rollout: Rollout) -> torch.Tensor:
        with without_adapters(critic.trunk):
            return reward(rollout)

    minibatch = PROMPTS // MINIBATCHES
    world = World(
        respond=answer,
        score=score,
        prompts=lambda _: prompts,
        stop_ids=(),
        minibatch=minibatch,
        save=lambda *_: None,
        rows_per_forward=PROMPTS,
    )
    config = PPOConfig.model_validate(
        {
            "policy": "unused",
            "reward": "unused",
            "prompts": ["unused"],
            "epochs": 1,
            "rollout": {"examples": PROMPTS, "max_new_tokens": ANSWER},
            "score": {"missing_end": "ignore"},
            "kl": {"maximum": None, "maximum_clip_fraction": None},
        }
    )
    stage = PPO(config, trained, reference, world)
    optimizer = Optimizer(trained, OptimizerConfig(learning_rate=1e-6), steps=100_000)
    batches = stage.batches()

    def iteration() -> None:
        for _ in range(MINIBATCHES):
            with runtime.autocast():
                batch = next(batches)
            train_step(stage, batch, plan_of(minibatch), runtime, optimizer)

    return iteration


def peft_config():
    from peft import LoraConfig

    names = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    return LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=names)


def common(directory: str) -> dict[str, object]:
    return {
        "output_dir": directory,
        "bf16": True,
        "use_cpu": True,
        "report_to": "none",
        "save_strategy": "no",
        "disable_tqdm": True,
        "logging_strategy": "no",
    }


def paced():
    """Make a callback that reports the end of a step, and waits for the next request."""
    from transformers import TrainerCallback

    class Paced(TrainerCallback):
        def on_step_end(self, args, state, control, **rest):
            print("done", flush=True)
            wait_for_go()

    return Paced()


def serve_trl_sft(folder: Path) -> None:
    from datasets import Dataset
    from transformers import AutoModelForCausalLM
    from trl import SFTConfig, SFTTrainer

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16)
    vocabulary = model.config.vocab_size
    rows = torch.randint(vocabulary, (4000, LENGTH)).tolist()
    with tempfile.TemporaryDirectory() as directory:
        trainer = SFTTrainer(
            model=model,
            args=SFTConfig(
                per_device_train_batch_size=ROWS,
                max_length=LENGTH,
                gradient_checkpointing=False,
                **common(directory),
            ),
            processing_class=trl_tokenizer(vocabulary),
            train_dataset=Dataset.from_dict({"input_ids": rows}),
            peft_config=peft_config(),
            callbacks=[paced()],
        )
        wait_for_go()
        trainer.train()


def serve_trl_ppo(folder: Path) -> None:
    os.environ["TRL_EXPERIMENTAL_SILENCE"] = "1"
    from datasets import Dataset
    from peft import inject_adapter_in_model
    from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification
    from trl.experimental.ppo import PPOConfig as TrlConfig
    from trl.experimental.ppo import PPOTrainer

    def judge():
        return AutoModelForSequenceClassification.from_pretrained(
            folder, dtype=torch.bfloat16, num_labels=1
        )

    policy = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16)
    vocabulary = policy.config.vocab_size
    value = inject_adapter_in_model(peft_config(), judge())
    value.score.requires_grad_(True)
    prompts = random_prompts(vocabulary, PROMPTS, PROMPT)
    with tempfile.TemporaryDirectory() as directory:
        trainer = PPOTrainer(
            args=TrlConfig(
                per_device_train_batch_size=PROMPTS // MINIBATCHES,
                gradient_accumulation_steps=MINIBATCHES,
                num_mini_batches=MINIBATCHES,
                num_ppo_epochs=1,
                total_episodes=PROMPTS * 1000,
                response_length=ANSWER,
                local_rollout_forward_batch_size=PROMPTS,
                temperature=1.0,
                learning_rate=1e-6,
                missing_eos_penalty=None,
                num_sample_generations=0,
                **common(directory),
            ),
            processing_class=trl_tokenizer(vocabulary),
            model=policy,
            ref_model=None,
            reward_model=judge(),
            value_model=value,
            train_dataset=Dataset.from_dict({"input_ids": prompts}),
            peft_config=peft_config(),
            callbacks=[paced()],
        )
        wait_for_go()
        trainer.train()


def work(worker: str, checkpoint: Path, folder: Path) -> None:
    program, task = worker.split(" ")
    if program == "trl":
        {"SFT": serve_trl_sft, "PPO": serve_trl_ppo}[task](folder)
    else:
        serve({"SFT": fledge_sft, "PPO": fledge_ppo}[task](checkpoint))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", nargs="?", type=Path, help="SmolLM2, imported; else random")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="one round: does it run at all?")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    if chosen.worker:
        work(chosen.worker, chosen.checkpoint, chosen.folder)
        return
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory) / "huggingface"
        checkpoint = chosen.checkpoint or random_checkpoint(Path(directory) / "random")
        export = [sys.executable, "-m", "fledge", "export", str(checkpoint), str(folder)]
        subprocess.run(export, check=True, stdout=subprocess.DEVNULL)
        rows: list[Row] = []
        for task in chosen.tasks:
            names = [f"{program} {task}" for program in ("trl", "fledge")]
            units = ROWS if task == "SFT" else PROMPTS
            options = [str(checkpoint), "--folder", str(folder)]
            rounds = 1 if chosen.quick else chosen.rounds
            rows += interleaved_workers(task, __file__, names, options, units, rounds)
        print_table(rows, "rows", {task: f"trl {task}" for task in chosen.tasks})


if __name__ == "__main__":
    main()
