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
from _frame import Measurement, Table, parse
from _measure import Row, interleaved_workers, serve, wait_for_go
from _steps import (
    LONG_RUN,
    NOWHERE,
    SMALL_RATE,
    Iterations,
    Shape,
    Training,
    Windows,
    answering,
    random_prompts,
    window_batch,
)
from decoding import random_checkpoint
from ppo import trl_tokenizer

from fledge.checkpoint.model_files import load_language_model
from fledge.data.batch import PromptBatch
from fledge.model.lora import LoRAConfig, adapt, without_adapters
from fledge.model.scalar import ScalarModel
from fledge.runtime import Runtime, RuntimeConfig
from fledge.stages.ppo.actor_critic import ActorCritic, Reference
from fledge.stages.ppo.reward_functions import ModelScore
from fledge.stages.ppo.rollout import Rollout
from fledge.stages.ppo.stage import PPO
from fledge.stages.ppo.world import World
from fledge.train.optimizer import Optimizer, OptimizerConfig
from fledge.train.plan import Plan
from fledge.train.stage import BatchConfig

RANK, ALPHA = 16, 32
ROWS, LENGTH = 4, 256
SHAPE = Shape(prompts=16, prompt=128, answer=48, epochs=1)
TASKS = ("SFT", "PPO")


def fledge_sft(checkpoint: Path) -> Callable[[], object]:
    runtime = Runtime.start(RuntimeConfig(device="cpu", compile=False))
    model = load_language_model(checkpoint).model
    vocabulary, generator = model.config.vocabulary_size, torch.Generator().manual_seed(0)
    adapt(model, LoRAConfig(rank=RANK, alpha=ALPHA), generator, runtime.dtype)
    training = Training.of(Windows(model), runtime, ROWS, LENGTH)
    return lambda: training.step(window_batch(vocabulary, ROWS, LENGTH))


def fledge_ppo(checkpoint: Path) -> Callable[[], object]:
    runtime = Runtime.start(RuntimeConfig(device="cpu", compile=False))
    generator = torch.Generator().manual_seed(0)
    policy = load_language_model(checkpoint).model
    prompts = random_prompts(policy.config.vocabulary_size, SHAPE.prompts, SHAPE.prompt)
    critic = ScalarModel.from_language_model(policy, generator)
    reward = ModelScore(ScalarModel(critic.trunk))
    reference = Reference(policy, 1.0, ())
    for trunk in (policy, critic.trunk):
        adapt(trunk, LoRAConfig(rank=RANK, alpha=ALPHA), generator, runtime.dtype)
    trained = ActorCritic(policy, critic, 1.0, ())
    runtime.prepare(trained, SHAPE.prompts * (SHAPE.prompt + SHAPE.answer), steps=LONG_RUN)

    def score(rollout: Rollout) -> torch.Tensor:
        with without_adapters(critic.trunk):
            return reward(rollout)

    world = World(
        respond=answering(policy, runtime, SHAPE),
        score=score,
        prompts=lambda _: PromptBatch(tuple(map(tuple, prompts))),
        stop_ids=(),
        minibatch=SHAPE.minibatch,
        save=lambda *_: None,
        rows_per_forward=SHAPE.minibatch,
    )
    stage = PPO(SHAPE.config(), trained, reference, world)
    plan = Plan(output=NOWHERE, batch=BatchConfig(examples=SHAPE.minibatch))
    optimizer = Optimizer(trained, OptimizerConfig(learning_rate=SMALL_RATE), steps=100 * LONG_RUN)
    return Iterations(stage, plan, runtime, optimizer, stage.batches(), SHAPE.updates).iterate


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
    # PPOTrainer adapts its policy alone, and would train the value model whole.
    value = inject_adapter_in_model(peft_config(), judge())
    value.score.requires_grad_(True)
    prompts = random_prompts(vocabulary, SHAPE.prompts, SHAPE.prompt)
    with tempfile.TemporaryDirectory() as directory:
        trainer = PPOTrainer(
            args=TrlConfig(
                per_device_train_batch_size=SHAPE.minibatch,
                gradient_accumulation_steps=SHAPE.minibatches,
                num_mini_batches=SHAPE.minibatches,
                num_ppo_epochs=SHAPE.epochs,
                total_episodes=SHAPE.prompts * LONG_RUN,
                response_length=SHAPE.answer,
                local_rollout_forward_batch_size=SHAPE.prompts,
                temperature=1.0,
                learning_rate=SMALL_RATE,
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


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("checkpoint", nargs="?", type=Path, help="SmolLM2, imported; else random")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parse(parser)


def main() -> None:
    chosen = arguments()
    warnings.simplefilter("ignore")
    if chosen.worker:
        work(chosen.worker, chosen.checkpoint, chosen.folder)
        return
    with tempfile.TemporaryDirectory() as directory:
        checkpoint = chosen.checkpoint or random_checkpoint(Path(directory) / "random")
        folder = Path(directory) / "huggingface"
        export = [sys.executable, "-m", "fledge", "export", str(checkpoint), str(folder)]
        subprocess.run(export, check=True, stdout=subprocess.DEVNULL)
        measured = Measurement(
            "lora", quick=chosen.quick, record=chosen.record, settings={"model": checkpoint.name}
        )
        rows: list[Row] = []
        for task in chosen.tasks:
            names = [f"{program} {task}" for program in ("trl", "fledge")]
            units = ROWS if task == "SFT" else SHAPE.prompts
            options = [str(checkpoint), "--folder", str(folder)]
            rounds = 1 if chosen.quick else chosen.rounds
            rows += interleaved_workers(
                task, __file__, names, options, units, rounds, measured.look
            )
        measured.finish([Table(rows, "rows", {task: f"trl {task}" for task in chosen.tasks})])


if __name__ == "__main__":
    main()
