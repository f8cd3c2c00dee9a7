"""Seconds of one PPO iteration, fledge beside `trl==1.12.0`: 64 prompts of 64 tokens, answers of
64, four epochs of four minibatches; policy, reference, reward and value model of one size.

The share is that of the best matrix product of the same run, in the program's number format, for
the operations that an iteration cannot avoid (`_work.ppo_iteration`); it counts the output layer at
the answers' tokens alone.
"""

import copy
import os
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import replace

import torch
from _frame import Measurement, Table, arguments
from _measure import Row, interleaved_workers, serve, wait_for_go
from _steps import Iterations, Shape, random_prompts
from _work import Work, ppo_iteration

from fledge.model.config import GPTConfig
from fledge.runtime import Runtime, RuntimeConfig
from fledge.runtime.device import multiplies_bfloat16_fast

SIZES = {"toy": (64, 2, 512), "15M": (384, 8, 8192)}
"""Width, layers, vocabulary; heads are 64 wide."""
PROGRAMS = ["trl fp32", "trl bf16 autocast", "trl all bf16", "fledge uncompiled", "fledge"]


def fledge_iteration(size: str, shape: Shape, compiled: bool) -> Callable[[], object]:
    width, layers, vocabulary = SIZES[size]
    runtime = Runtime.start(RuntimeConfig(device="cpu", compile=compiled))
    config = GPTConfig.sized(vocabulary, shape.prompt + shape.answer, width, layers)
    return Iterations.of(config, runtime, shape).iterate


def trl_tokenizer(vocabulary: int):
    """Make the tokenizer that TRL requires; the last id pads, id 0 ends."""
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    words = {f"w{i}": i for i in range(vocabulary)}
    backend = Tokenizer(models.WordLevel(words, unk_token="w0"))
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token=f"w{vocabulary - 1}", eos_token="w0"
    )


def trl_models(size: str, shape: Shape, dtype: torch.dtype) -> dict[str, torch.nn.Module]:
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
        max_position_embeddings=shape.prompt + shape.answer,
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


def trl_settings(directory: str, shape: Shape, autocast: bool):
    from trl.experimental.ppo import PPOConfig as TrlConfig

    return TrlConfig(
        output_dir=directory,
        per_device_train_batch_size=shape.minibatch,
        gradient_accumulation_steps=shape.minibatches,
        num_mini_batches=shape.minibatches,
        num_ppo_epochs=shape.epochs,
        total_episodes=shape.prompts * 1000,
        response_length=shape.answer,
        local_rollout_forward_batch_size=shape.prompts,
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


def serve_trl(size: str, shape: Shape, precision: str) -> None:
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
    prompts = random_prompts(vocabulary, shape.prompts, shape.prompt)
    with tempfile.TemporaryDirectory() as directory:
        trainer = PPOTrainer(
            args=trl_settings(directory, shape, precision == "bf16 autocast"),
            processing_class=trl_tokenizer(vocabulary),
            train_dataset=Dataset.from_dict({"input_ids": prompts}),
            callbacks=[Paced()],
            **trl_models(size, shape, dtype),
        )
        wait_for_go()
        trainer.train()


def with_work(row: Row, size: str, shape: Shape) -> Row:
    """Add the operations of an iteration; they are the same for all programs but their format."""
    width, layers, vocabulary = SIZES[size]
    config = GPTConfig.sized(vocabulary, shape.prompt + shape.answer, width, layers)
    fast = multiplies_bfloat16_fast(torch.device("cpu"))
    plain = "fp32" in row.name or (row.name.startswith("fledge") and not fast)
    amount = ppo_iteration(config, shape.prompts, shape.prompt, shape.answer, shape.epochs)
    return replace(row, work=Work(amount, "float32" if plain else "bfloat16"))


def main() -> None:
    chosen = arguments(__doc__)
    warnings.simplefilter("ignore")
    shape = Shape(16, 16, 16) if chosen.quick else Shape(64, 64, 64)
    size = "toy" if chosen.quick else "15M"
    if chosen.worker and chosen.worker.startswith("trl"):
        serve_trl(size, shape, chosen.worker.removeprefix("trl "))
    elif chosen.worker:
        serve(fledge_iteration(size, shape, compiled=chosen.worker == "fledge"))
    else:
        measured = Measurement("ppo", quick=chosen.quick, record=chosen.record)
        options = ["--quick"] if chosen.quick else []
        task = f"{size}, {shape.prompts} answers"
        rows = interleaved_workers(
            task, __file__, PROGRAMS, options, 1, chosen.rounds, measured.look
        )
        rows = [with_work(row, size, shape) for row in rows]
        measured.finish([Table(rows, "iterations", {task: "trl bf16 autocast"})])
        print("ratio: to trl with bf16 autocast. All bf16 keeps no fp32 weights.")


if __name__ == "__main__":
    main()
