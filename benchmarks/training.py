"""Tokens per second of one training step: fledge, a loop in nanoGPT's manner, transformers.

The share is that of the best matrix product of the same run, in the program's number format.
"""

import warnings
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

import torch
import torch.nn.functional as F
from _frame import Measurement, Table, arguments
from _measure import Row, interleaved_workers, serve
from _steps import Training, Windows, random_model, window_batch
from _work import TRAINING, Work, training_step
from torch import nn
from transformers import AutoModelForCausalLM, LlamaConfig

from fledge.model.config import GPTConfig
from fledge.runtime import Runtime, RuntimeConfig
from fledge.runtime.device import multiplies_bfloat16_fast

SIZES = {"toy": (64, 2, 512), "5M": (256, 6, 4096), "15M": (384, 8, 8192)}
"""Width, layers, vocabulary; heads are 64 wide, matrices in and out tied."""
PROGRAMS = [
    "nanoGPT-like, fp32",
    "nanoGPT-like, autocast",
    "nanoGPT-like, autocast + compile",
    "transformers Llama, autocast",
    "transformers Llama, autocast + compile",
    "fledge, uncompiled",
    "fledge",
]
LENGTH = 256
ROWS = 32
WARM_UP = 2
BFLOAT16 = multiplies_bfloat16_fast(torch.device("cpu"))
"""Whether fledge takes bfloat16 here by itself."""


class NanoBlock(nn.Module):
    """GPT-2's layer, written as in a plain training script."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.num_heads = width // 64
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.projection = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        heads = self.qkv(self.norm_1(x)).unflatten(-1, (3, self.num_heads, 64))
        q, k, v = heads.permute(2, 0, 3, 1, 4)  # B T 3 H d → 3 B H T d
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.projection(y.transpose(1, 2).flatten(2))
        return x + self.down(F.gelu(self.up(self.norm_2(x))))


class Nano(nn.Module):
    """A GPT-2 whose forward pass returns the mean loss."""

    def __init__(self, width: int, layers: int, vocabulary: int) -> None:
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocabulary, width), nn.Embedding(LENGTH, width)
        self.blocks = nn.Sequential(*(NanoBlock(width) for _ in range(layers)))
        self.norm = nn.LayerNorm(width)
        for parameter in self.parameters():
            if parameter.ndim > 1:
                nn.init.normal_(parameter, std=0.02)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        inputs, targets = ids[:, :-1], ids[:, 1:]
        x = self.tokens(inputs) + self.positions(torch.arange(inputs.shape[1]))
        logits = F.linear(self.norm(self.blocks(x)), self.tokens.weight)
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def random_ids(vocabulary: int, rows: int) -> torch.Tensor:
    return torch.randint(vocabulary, (rows, LENGTH + 1))


def plain_step(
    loss_of: Callable[[torch.Tensor], torch.Tensor],
    model: nn.Module,
    autocast: bool,
    draw: Callable[[], torch.Tensor],
) -> Callable[[], None]:
    """Step of a plain training script: zero, forward, backward, clip, AdamW."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95))

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16) if autocast else nullcontext():
            loss = loss_of(draw())
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step


def fledge_step(size: str, rows: int, compiled: bool) -> Callable[[], object]:
    width, layers, vocabulary = SIZES[size]
    runtime = Runtime.start(RuntimeConfig(device="cpu", compile=compiled))
    config = GPTConfig.sized(vocabulary, LENGTH, width, layers)
    training = Training.of(Windows(random_model(config)), runtime, rows, LENGTH)
    return lambda: training.step(window_batch(vocabulary, rows, LENGTH))


def build(program: str, size: str, rows: int) -> Callable[[], object]:
    width, layers, vocabulary = SIZES[size]
    if program.startswith("fledge"):
        return fledge_step(size, rows, compiled="uncompiled" not in program)
    if program.startswith("nanoGPT"):
        model: nn.Module = Nano(width, layers, vocabulary)
        runnable = torch.compile(model) if "compile" in program else model
        loss_of = runnable
    else:
        config = LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=width,
            intermediate_size=round(width * 8 / 3 / 32) * 32,
            num_hidden_layers=layers,
            num_attention_heads=width // 64,
            max_position_embeddings=LENGTH,
            tie_word_embeddings=True,
        )
        model = AutoModelForCausalLM.from_config(config)
        runnable = torch.compile(model) if "compile" in program else model

        def loss_of(ids: torch.Tensor) -> torch.Tensor:
            # The model shifts labels by itself, so it needs one token more than the others.
            return runnable(input_ids=ids[:, :-1], labels=ids[:, :-1], use_cache=False).loss

    return plain_step(loss_of, model, "autocast" in program, lambda: random_ids(vocabulary, rows))


def with_work(row: Row, size: str, rows: int) -> Row:
    """Add the operations of a step: those of the program's own matrices, in its own format."""
    width, layers, vocabulary = SIZES[size]
    family = "gpt2" if row.name.startswith("nanoGPT") else "llama"
    config = GPTConfig.sized(vocabulary, LENGTH, width, layers, family=family)
    plain = "fp32" in row.name or (row.name.startswith("fledge") and not BFLOAT16)
    kind = "float32" if plain else "bfloat16"
    return replace(row, work=Work(training_step(config, rows, LENGTH), kind))


def main() -> None:
    chosen = arguments(__doc__)
    warnings.simplefilter("ignore")
    rows = 4 if chosen.quick else ROWS
    if chosen.worker:
        step = build(chosen.worker, chosen.size, rows)
        for _ in range(WARM_UP):
            step()
        serve(step)
    measured = Measurement("training", quick=chosen.quick, record=chosen.record)
    table: list[Row] = []
    sizes = ["toy"] if chosen.quick else ["5M", "15M"]
    for size in sizes:
        options = ["--size", size, *(["--quick"] if chosen.quick else [])]
        units = rows * LENGTH
        found = interleaved_workers(
            size, __file__, PROGRAMS, options, units, chosen.rounds, measured.look
        )
        table += [with_work(row, size, rows) for row in found]
    peers = dict.fromkeys(sizes, "transformers Llama, autocast + compile")
    measured.finish([Table(table, "tokens", peers)])
    print(f"ratio: to transformers, autocast and compiled. share: of operations, {TRAINING}.")


if __name__ == "__main__":
    main()
