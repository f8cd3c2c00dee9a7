"""Tokens per second of the engine beside `transformers.generate`, prompts of 64 tokens included."""

import copy
import random
import warnings
from collections.abc import Callable

import torch
from _measure import Row, arguments, interleaved, print_table
from transformers import AutoModelForCausalLM, Qwen3Config
from transformers.utils import logging

from fledge.generate import Request, SamplingParams
from fledge.generate.engine import Engine
from fledge.model.config import GPTConfig
from fledge.model.gpt import GPT
from fledge.model.huggingface import to_huggingface

PROMPT = 64
NEW = 64


def models(quick: bool) -> tuple[GPT, torch.nn.Module]:
    """Make one random model of 17M parameters, as fledge's and as transformers'."""
    width, layers, vocabulary = (64, 2, 512) if quick else (384, 8, 8192)
    ours = GPT(GPTConfig.sized(vocabulary, 256, width, layers))
    ours.initialise(torch.Generator().manual_seed(0))
    config, tensors = to_huggingface(ours.config, ours.state_dict())
    theirs = AutoModelForCausalLM.from_config(Qwen3Config(**config))
    theirs.load_state_dict(tensors, strict=False)
    theirs.tie_weights()
    return ours.eval(), theirs.eval()


def fledge(model: GPT, prompts: torch.Tensor, lengths: list[int], **sampling) -> Callable:
    requests = [
        Request(str(i), tuple(ids), SamplingParams(max_new_tokens=n, seed=i, **sampling))
        for i, (ids, n) in enumerate(zip(prompts.tolist(), lengths, strict=True))
    ]
    engine = Engine(model, max_batch=min(64, len(requests)))
    return lambda: engine.generate(requests)


def transformers(
    model: torch.nn.Module, prompts: torch.Tensor, lengths: list[int], **options
) -> Callable:
    """Generate in batches of 64; each takes as long as its longest answer."""

    def run() -> None:
        for part, wanted in zip(prompts.split(64), torch.tensor(lengths).split(64), strict=True):
            model.generate(
                part,
                attention_mask=torch.ones_like(part),
                max_new_tokens=int(wanted.max()),
                min_new_tokens=int(wanted.max()),
                pad_token_id=0,
                **options,
            )

    return run


def compare(task: str, ours: GPT, theirs, prompts, lengths, rounds, greedy: bool) -> list[Row]:
    sampling = {"temperature": 0.0} if greedy else {"temperature": 1.0}
    options = {"do_sample": not greedy} | ({} if greedy else {"top_k": 0, "top_p": 1.0})
    half = copy.deepcopy(ours).bfloat16(), copy.deepcopy(theirs).bfloat16()
    programs = {
        "fledge fp32": fledge(ours, prompts, lengths, **sampling),
        "transformers fp32": transformers(theirs, prompts, lengths, **options),
        "fledge bf16": fledge(half[0], prompts, lengths, **sampling),
        "transformers bf16": transformers(half[1], prompts, lengths, **options),
    }
    return interleaved(task, programs, sum(lengths), rounds)


def main() -> None:
    chosen = arguments(__doc__)
    warnings.simplefilter("ignore")
    logging.set_verbosity_error()
    ours, theirs = models(chosen.quick)
    new = 8 if chosen.quick else NEW
    dice = random.Random(0)
    uneven = [dice.randint(1, new) for _ in range(16 if chosen.quick else 192)]
    tasks = {
        "1 greedy": ([new], True),
        "8 greedy": ([new] * 8, True),
        "64 greedy": ([new] * (16 if chosen.quick else 64), True),
        "64 sampled": ([new] * (16 if chosen.quick else 64), False),
        "192 of 1-64 tokens": (uneven, True),
    }
    rows, generator = [], torch.Generator().manual_seed(1)
    for task, (lengths, greedy) in tasks.items():
        size = (len(lengths), PROMPT)
        prompts = torch.randint(ours.config.vocabulary_size, size, generator=generator)
        rows += compare(task, ours, theirs, prompts, lengths, chosen.rounds, greedy)
    fastest = {
        task: min(
            (row for row in rows if row.task == task and row.name.startswith("transformers")),
            key=lambda row: row.median,
        ).name
        for task in tasks
    }
    print_table(rows, "tokens", fastest)
    print("\nratio: to the faster of transformers' two; prompts of 64 tokens are read in the time.")


if __name__ == "__main__":
    main()
