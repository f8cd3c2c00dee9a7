"""Tokens per second of the engine beside `transformers.generate`, prompts of 64 tokens included.

The share is that of the bytes that the machine could have read meanwhile, for all weights once a
step; the steps are those of the longest answer, and more where not all rows fit at once.
"""

import copy
import random
import warnings
from collections.abc import Callable
from dataclasses import replace

import torch
from _frame import Measurement, Table, arguments
from _measure import Row, interleaved
from _work import Work, weight_bytes
from transformers import AutoModelForCausalLM, Qwen3Config
from transformers.utils import logging

from fledge.generate import Request, SamplingParams
from fledge.generate.engine import Engine
from fledge.model.config import GPTConfig
from fledge.model.gpt import GPT
from fledge.model.huggingface import to_huggingface

PROMPT = 64
NEW = 64
AT_ONCE = 64
"""Rows of a batch, at most."""


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
    engine = Engine(model, max_batch=min(AT_ONCE, len(requests)))
    return lambda: engine.generate(requests)


def transformers(
    model: torch.nn.Module, prompts: torch.Tensor, lengths: list[int], **options
) -> Callable:
    """Generate in batches of 64; each takes as long as its longest answer."""

    def run() -> None:
        for part, wanted in zip(
            prompts.split(AT_ONCE), torch.tensor(lengths).split(AT_ONCE), strict=True
        ):
            model.generate(
                part,
                attention_mask=torch.ones_like(part),
                max_new_tokens=int(wanted.max()),
                min_new_tokens=int(wanted.max()),
                pad_token_id=0,
                **options,
            )

    return run


def compare(
    task: str, ours: GPT, theirs, prompts, lengths, rounds, greedy: bool, look
) -> list[Row]:
    sampling = {"temperature": 0.0} if greedy else {"temperature": 1.0}
    options = {"do_sample": not greedy} | ({} if greedy else {"top_k": 0, "top_p": 1.0})
    half = copy.deepcopy(ours).bfloat16(), copy.deepcopy(theirs).bfloat16()
    programs = {
        "fledge fp32": fledge(ours, prompts, lengths, **sampling),
        "transformers fp32": transformers(theirs, prompts, lengths, **options),
        "fledge bf16": fledge(half[0], prompts, lengths, **sampling),
        "transformers bf16": transformers(half[1], prompts, lengths, **options),
    }
    rows = interleaved(task, programs, sum(lengths), rounds, look)
    return [with_work(row, ours.config, lengths) for row in rows]


def with_work(row: Row, config: GPTConfig, lengths: list[int]) -> Row:
    """Add the weights that have to be read, with the fewest steps in which all answers fit."""
    steps = max(max(lengths), -(-sum(lengths) // AT_ONCE))
    read = steps * weight_bytes(config, 4 if row.name.endswith("fp32") else 2)
    return replace(row, work=Work(read, "read"))


def main() -> None:
    chosen = arguments(__doc__)
    warnings.simplefilter("ignore")
    logging.set_verbosity_error()
    measured = Measurement("generation", quick=chosen.quick, record=chosen.record)
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
        rows += compare(task, ours, theirs, prompts, lengths, chosen.rounds, greedy, measured.look)
    fastest = {
        task: min(
            (row for row in rows if row.task == task and row.name.startswith("transformers")),
            key=lambda row: row.median,
        ).name
        for task in tasks
    }
    measured.finish([Table(rows, "tokens", fastest)])
    print("ratio: to the faster of transformers' two; prompts of 64 tokens are read in the time.")


if __name__ == "__main__":
    main()
