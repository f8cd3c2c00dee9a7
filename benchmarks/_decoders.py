"""Programs that decode: fledge and its peers, each in a process that works for `decoding`.

Nothing here imports more than its own program: a peer's interpreter need not have the others.
"""

import json
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch


@dataclass(frozen=True)
class Task:
    """A prompt length, and the tokens wanted of each answer; the first comes from the prompt."""

    prompt: int
    lengths: tuple[int, ...]

    def prompts(self, vocabulary: int) -> list[list[int]]:
        dice = random.Random(7)
        return [[dice.randrange(100, vocabulary) for _ in range(self.prompt)] for _ in self.lengths]


TASKS = {
    "1 row": Task(64, (64,)),
    "16 rows": Task(64, (64,) * 16),
    "64 rows": Task(64, (64,) * 64),
    "64 rows of 1-128 tokens": Task(64, tuple(random.Random(0).choices(range(1, 129), k=64))),
    "first token after 2,000": Task(2000, (1,)),
}
Run = Callable[[Task], object]


def fledge(folder: Path, weights: str) -> Run:
    from fledge.checkpoint.inference import open_language_model
    from fledge.generate import Request, SamplingParams
    from fledge.generate.engine import Engine

    model = open_language_model(folder / "fledge", weights).model

    def run(task: Task) -> None:
        texts = zip(task.prompts(model.config.vocabulary_size), task.lengths, strict=True)
        requests = [
            Request(str(i), tuple(ids), SamplingParams(temperature=0.0, max_new_tokens=n))
            for i, (ids, n) in enumerate(texts)
        ]
        Engine(model, max_batch=64).generate(requests)

    return run


def transformers(folder: Path, weights: str) -> Run:
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.set_verbosity_error()
    dtype = getattr(torch, weights)
    model = AutoModelForCausalLM.from_pretrained(folder / "huggingface", dtype=dtype).eval()

    def run(task: Task) -> None:
        ids = torch.tensor(task.prompts(model.config.vocab_size))
        new = max(task.lengths)
        model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            max_new_tokens=new,
            min_new_tokens=new,
            pad_token_id=0,
        )

    return run


def ctranslate2(folder: Path, weights: str) -> Run:
    import ctranslate2

    target = folder / f"ctranslate2-{weights}"
    converter = ctranslate2.converters.TransformersConverter(str(folder / "huggingface"))
    converter.convert(str(target), quantization=weights)
    names = json.loads((target / "vocabulary.json").read_text())
    threads = torch.get_num_threads()
    generator = ctranslate2.Generator(
        str(target), compute_type=weights, intra_threads=threads, inter_threads=1
    )

    def run(task: Task) -> None:
        new = max(task.lengths)
        generator.generate_batch(
            [[names[token] for token in ids] for ids in task.prompts(len(names))],
            max_length=new,
            min_length=new,
            sampling_topk=1,
            include_prompt_in_result=False,
            max_batch_size=len(task.lengths),
        )

    return run


def llama_cpp(folder: Path, weights: str) -> Run:
    import llama_cpp

    threads = torch.get_num_threads()
    model = llama_cpp.Llama(
        str(folder / f"{weights}.gguf"),
        n_ctx=2304,
        n_threads=threads,
        n_threads_batch=threads,
        verbose=False,
    )

    def run(task: Task) -> None:
        (ids,), (new,) = task.prompts(model.n_vocab()), task.lengths
        model.reset()
        model.eval(ids)
        for _ in range(new - 1):
            model.eval([model.sample(temp=0.0, repeat_penalty=1.0)])
        model.sample(temp=0.0, repeat_penalty=1.0)

    return run


MAKERS = {
    "fledge": fledge,
    "transformers": transformers,
    "CTranslate2": ctranslate2,
    "llama.cpp": llama_cpp,
}


def work(program: str, folder: Path) -> None:
    """Run a task for each of its names that arrives on standard input."""
    name, weights = program.split(" ")
    run = MAKERS[name](folder, weights)
    print("ready", flush=True)
    for line in sys.stdin:
        run(TASKS[line.strip()])
        print("done", flush=True)


if __name__ == "__main__":
    work(sys.argv[1], Path(sys.argv[2]))
