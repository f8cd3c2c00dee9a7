"""Tokens per second of an imported model beside transformers, CTranslate2 and llama.cpp.

    python benchmarks/decoding.py CHECKPOINT --peers PYTHON --text FILE

PYTHON is an interpreter with `transformers`, `ctranslate2` and `llama_cpp`, or with some of them.
Every program has a process and the same threads, and they take turns. The share is that of the
bytes that the machine could have read meanwhile, for all weights once a step; for a long prompt, of
the products that it could have computed. Without a checkpoint a random model of 17M parameters is
measured.
"""

import argparse
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import final

import torch
from _decoders import TASKS
from _frame import Measurement, Table, parse
from _measure import Row, peak_resident
from _work import Work, trunk, weight_bytes

from fledge.model.config import GPTConfig

PEERS = {
    "transformers bfloat16": "transformers",
    "CTranslate2 float32": "ctranslate2",
    "CTranslate2 int8": "ctranslate2",
    "llama.cpp F16": "llama-cpp-python",
    "llama.cpp Q8_0": "llama-cpp-python",
}
ONE_ROW_ONLY = "llama.cpp"
"""Its Python binding evaluates one text at a time."""
WIDTHS = {"float32": 4, "bfloat16": 2, "F16": 2, "int8": 1, "Q8_0": 1.0625}
"""Bytes of a weight in each format."""
TARGETS = [
    ("1 row", "fledge bfloat16", "llama.cpp F16", 0.9),
    ("1 row", "fledge int8", "llama.cpp Q8_0", 0.9),
    ("16 rows", "fledge bfloat16", "transformers bfloat16", 2.0),
    ("16 rows", "fledge int8", "CTranslate2 int8", 1.0),
    ("64 rows", "fledge bfloat16", "transformers bfloat16", 1.0),
    ("64 rows of 1-128 tokens", "fledge bfloat16", "transformers bfloat16", 2.0),
]
PROMPT, PROMPT_TARGET = "first token after 2,000", 1.2
WINDOW, WINDOWS = 512, 16
"""Tokens of the text that perplexity is measured on: windows of this length, and their number."""


@final
class Decoder:
    """A program in a process of its own; a call runs a task there and returns its seconds."""

    def __init__(self, process: subprocess.Popen[str], program: str) -> None:
        self._process = process
        self._program = program

    def __call__(self, task: str) -> float:
        start = time.perf_counter()
        print(task, file=self._process.stdin, flush=True)
        self.wait_for("done")
        return time.perf_counter() - start

    def wait_for(self, word: str) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line == f"{word}\n":
                return
        raise RuntimeError(f"{self._program} ended early")

    def memory(self) -> int | None:
        """Return the largest resident bytes so far."""
        return peak_resident(self._process.pid)


@contextmanager
def started(python: str, program: str, folder: Path) -> Iterator[Decoder]:
    """Start a program, and yield it once it has loaded the model."""
    script = Path(__file__).with_name("_decoders.py")
    command = [python, str(script), program, str(folder)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        decoder = Decoder(process, program)
        decoder.wait_for("ready")
        try:
            yield decoder
        finally:
            process.kill()


def available(python: str | None) -> dict[str, str]:
    """Return the versions of the peers' packages that the interpreter has."""
    if python is None:
        return {}
    code = "import importlib.metadata as m, sys; print(m.version(sys.argv[1]))"
    checks = {
        package: subprocess.run([python, "-c", code, package], capture_output=True, text=True)
        for package in sorted(set(PEERS.values()))
    }
    return {name: done.stdout.strip() for name, done in checks.items() if done.returncode == 0}


def perplexity(folder: Path, weights: str, text: Path) -> float:
    from fledge.checkpoint.inference import open_language_model

    loaded = open_language_model(folder / "fledge", weights)
    ids = loaded.tokenizer.encode_document(text.read_text(encoding="utf-8"))
    # From the middle: beginnings of books are licences.
    ids = ids[len(ids) // 2 :][: WINDOW * WINDOWS + 1]
    nats = []
    for start in range(0, len(ids) - WINDOW, WINDOW):
        window = torch.tensor(ids[start : start + WINDOW + 1])
        with torch.inference_mode():
            logits = loaded.model(window[None, :-1])[0]
        nats.append(float(torch.nn.functional.cross_entropy(logits, window[1:])))
    return math.exp(statistics.fmean(nats))


def print_perplexity(folder: Path, text: Path) -> None:
    exact, rounded = (perplexity(folder, weights, text) for weights in ("bfloat16", "int8"))
    print(f"\nperplexity: {exact:.3f}, in 8 bits {rounded:.3f} ({rounded / exact - 1:+.2%})")


def sizes(checkpoint: Path) -> GPTConfig:
    from fledge.checkpoint.inference import settings_of
    from fledge.checkpoint.resolved import resolve

    return settings_of(resolve(checkpoint))


def random_checkpoint(folder: Path) -> Path:
    from fledge.checkpoint.model_files import save_language_model
    from fledge.model.gpt import GPT
    from fledge.text.chat import ChatTemplate
    from fledge.text.tokenizer import Tokenizer

    tokenizer = Tokenizer.train(["The tide comes in twice a day. "], 400)
    config = GPTConfig.sized(tokenizer.vocabulary_size, 2304, 384, 8, family="llama")
    model = GPT(config)
    model.initialise(torch.Generator().manual_seed(0))
    save_language_model(folder, model, tokenizer, ChatTemplate())
    return folder


def prepare(checkpoint: Path, folder: Path) -> None:
    """Write the model in the formats of the peers."""
    (folder / "fledge").symlink_to(checkpoint.resolve())
    for target, options in {
        "huggingface": ["--format", "huggingface"],
        "F16.gguf": ["--dtype", "float16"],
        "Q8_0.gguf": ["--dtype", "q8_0"],
    }.items():
        command = [sys.executable, "-m", "fledge", "export", str(checkpoint), str(folder / target)]
        subprocess.run([*command, *options], check=True, stdout=subprocess.DEVNULL)


def measure(
    programs: dict[str, str],
    folder: Path,
    tasks: list[str],
    rounds: int,
    look: Callable[[], None],
) -> list[Row]:
    """Return the seconds of each task and program; `programs` have their interpreters."""
    rows: list[Row] = []
    with ExitStack() as stack:
        runs = {
            name: stack.enter_context(started(python, name, folder))
            for name, python in programs.items()
        }
        for task in tasks:
            rows += turns(task, runs, rounds, look)
        return rows


def turns(task: str, runs: dict[str, Decoder], rounds: int, look: Callable[[], None]) -> list[Row]:
    """Run a task once to warm up, then in turns."""
    lengths = TASKS[task].lengths
    rows = [
        Row(task, name, [], sum(lengths))
        for name in runs
        if len(lengths) == 1 or not name.startswith(ONE_ROW_ONLY)
    ]
    for row in rows:
        runs[row.name](task)
    for _ in range(rounds):
        look()
        for row in rows:
            row.seconds.append(runs[row.name](task))
    return [replace(row, memory=runs[row.name].memory()) for row in rows]


def with_work(row: Row, config: GPTConfig) -> Row:
    """Add the weights that are read, once for every token of the longest answer.

    A long prompt is bounded by products instead, in the formats whose ceiling is measured.
    """
    weights = row.name.split(" ")[1]
    if row.task != PROMPT:
        read = max(TASKS[row.task].lengths) * weight_bytes(config, WIDTHS[weights])
        return replace(row, work=Work(read, "read"))
    if weights not in ("float32", "bfloat16"):
        return row
    return replace(row, work=Work(trunk(config, TASKS[PROMPT].prompt), weights))


def print_targets(rows: list[Row], config: GPTConfig, measured: Measurement) -> None:
    """Print how fledge stands to its peers, and the first token to the prompt's own products."""
    medians = {(row.task, row.name): row.median for row in rows}
    reached = [each for each in TARGETS if (each[0], each[2]) in medians]
    if reached:
        print("\n| task | program | peer | ratio | wanted |\n|---|---|---|---|---|")
    for task, program, peer, wanted in reached:
        ratio = medians[task, peer] / medians[task, program]
        print(f"| {task} | {program} | {peer} | {ratio:.2f} | {wanted} |")
    if (PROMPT, "fledge bfloat16") in medians:
        first = medians[PROMPT, "fledge bfloat16"]
        products = measured.ceilings.best("bfloat16", measured.machine.threads)
        bound = trunk(config, TASKS[PROMPT].prompt) / products
        print(
            f"\n{PROMPT}: {first:.2f} s, {first / bound:.2f} times its products at the ceiling "
            f"({bound:.2f} s; wanted {PROMPT_TARGET})"
        )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("checkpoint", nargs="?", type=Path)
    parser.add_argument("--peers", help="Python with the peers' packages")
    parser.add_argument("--text", type=Path, help="text for perplexity")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, help="some of the tasks")
    return parse(parser)


def main() -> None:
    chosen = arguments()
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        checkpoint = chosen.checkpoint or random_checkpoint(at / "random")
        prepare(checkpoint, at)
        config = sizes(checkpoint)
        settings = config.model_dump(include={"width", "num_layers", "vocabulary_size"})
        peers = available(chosen.peers)
        measured = Measurement(
            "decoding", quick=chosen.quick, record=chosen.record, settings=settings, peers=peers
        )
        programs = {f"fledge {weights}": sys.executable for weights in ("bfloat16", "int8")}
        programs |= {name: chosen.peers for name, package in PEERS.items() if package in peers}
        rounds = 1 if chosen.quick else chosen.rounds
        rows = measure(programs, at, chosen.tasks or list(TASKS), rounds, measured.look)
        rows = [with_work(row, config) for row in rows]
        measured.finish([Table(rows, "tokens", {})])
        print_targets(rows, config, measured)
        if chosen.text:
            print_perplexity(at, chosen.text)


if __name__ == "__main__":
    main()
