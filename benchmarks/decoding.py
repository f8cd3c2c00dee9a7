"""Tokens per second of an imported model beside transformers, CTranslate2 and llama.cpp.

    python benchmarks/decoding.py CHECKPOINT --peers PYTHON --text FILE

PYTHON is an interpreter with `transformers`, `ctranslate2` and `llama_cpp`, or with some of them.
Every program has a process and the same threads, and they take turns. The machine's limits, bytes
and products per second, are measured in the same run, and so is how busy others keep it. Without a
checkpoint a random model of 17M parameters is measured.
"""

import argparse
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import torch
from _decoders import TASKS
from _measure import machine

PEERS = {
    "transformers bfloat16": "transformers",
    "CTranslate2 float32": "ctranslate2",
    "CTranslate2 int8": "ctranslate2",
    "llama.cpp F16": "llama_cpp",
    "llama.cpp Q8_0": "llama_cpp",
}
ONE_ROW_ONLY = "llama.cpp"
"""Its Python binding evaluates one text at a time."""
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


@contextmanager
def started(python: str, program: str, folder: Path) -> Iterator[Callable[[str], float]]:
    """Start a worker; the yielded function runs a task there and returns its seconds."""
    script = Path(__file__).with_name("_decoders.py")
    command = [python, str(script), program, str(folder)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin is not None and process.stdout is not None

        def wait_for(word: str) -> None:
            for line in process.stdout:
                if line == f"{word}\n":
                    return
            raise RuntimeError(f"{program} ended early")

        def run(task: str) -> float:
            start = time.perf_counter()
            print(task, file=process.stdin, flush=True)
            wait_for("done")
            return time.perf_counter() - start

        wait_for("ready")
        try:
            yield run
        finally:
            process.kill()


def available(python: str | None) -> list[str]:
    """Return the peers whose package the interpreter has."""
    if python is None:
        return []
    code = "import importlib.util as u, sys; print(u.find_spec(sys.argv[1]) is not None)"
    checks = {
        package: subprocess.run([python, "-c", code, package], capture_output=True, text=True)
        for package in set(PEERS.values())
    }
    return [name for name, package in PEERS.items() if checks[package].stdout == "True\n"]


def best(function: Callable[[], object], times: int = 20) -> float:
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def bytes_per_second() -> float:
    """Read 256 MiB, far more than the caches hold."""
    numbers = torch.ones(2**26)
    return numbers.nbytes / best(numbers.sum)


def products_per_second(width: int, outputs: int) -> float:
    """Multiply bfloat16 matrices of the model's sizes; multiplying and adding count as two."""
    x, weight = torch.ones(2000, width).bfloat16(), torch.ones(outputs, width).bfloat16()
    return 2.0 * 2000 * width * outputs / best(lambda: x @ weight.T)


def busy_cores(seconds: float = 2.0) -> float:
    """Return how many cores others keep busy while this process sleeps."""
    idle = _idle_seconds()
    time.sleep(seconds)
    return max(0.0, (os.cpu_count() or 1) - (_idle_seconds() - idle) / seconds)


def _idle_seconds() -> float:
    fields = Path("/proc/stat").read_text().split("\n")[0].split()[1:]
    return (int(fields[3]) + int(fields[4])) / os.sysconf("SC_CLK_TCK")


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


def random_checkpoint(folder: Path) -> Path:
    from fledge.checkpoint.model_files import save_language_model
    from fledge.model.config import GPTConfig
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
    programs: dict[str, str], folder: Path, tasks: list[str], rounds: int
) -> dict[str, dict[str, list[float]]]:
    """Return the seconds of each task and program; `programs` have their interpreters."""
    found: dict[str, dict[str, list[float]]] = {task: {} for task in tasks}
    with ExitStack() as stack:
        runs = {
            name: stack.enter_context(started(python, name, folder))
            for name, python in programs.items()
        }
        for task in tasks:
            taking_part = {
                name: run
                for name, run in runs.items()
                if len(TASKS[task].lengths) == 1 or not name.startswith(ONE_ROW_ONLY)
            }
            for run in taking_part.values():
                run(task)
            for _ in range(rounds):
                for name, run in taking_part.items():
                    found[task].setdefault(name, []).append(run(task))
    return found


def report(seconds: dict[str, dict[str, list[float]]], checkpoint: Path) -> None:
    from fledge.checkpoint.inference import settings_of
    from fledge.checkpoint.resolved import resolve
    from fledge.model.counting import parameters

    config = settings_of(resolve(checkpoint))
    bandwidth, products = (
        bytes_per_second(),
        products_per_second(config.width, 2 * config.feed_forward_width),
    )
    matrices = parameters(config) - config.vocabulary_size * config.width
    task = TASKS[PROMPT]
    attention = 2 * config.num_layers * config.num_heads * config.head_width * task.prompt**2
    bound = (2.0 * matrices * task.prompt + attention) / products
    print(
        f"\n{machine()}; {bandwidth / 1e9:.1f} GB/s read, {products / 1e9:,.0f} GFLOP/s bfloat16\n"
    )
    print("| task | program | median s | best s | tokens/s | of the bytes read |")
    print("|---|---|---|---|---|---|")
    widths = {"float32": 4, "bfloat16": 2, "F16": 2, "int8": 1, "Q8_0": 1.0625}
    for name, of_programs in seconds.items():
        wanted = sum(TASKS[name].lengths)
        for program, each in of_programs.items():
            median = statistics.median(each)
            read = parameters(config) * widths[program.split(" ")[1]] * max(TASKS[name].lengths)
            print(
                f"| {name} | {program} | {median:.3f} | {min(each):.3f} | {wanted / median:,.0f} "
                f"| {read / median / bandwidth:.0%} |"
            )
    print("\n| task | program | peer | ratio | wanted |\n|---|---|---|---|---|")
    for name, program, peer, wanted_ratio in TARGETS:
        if peer in seconds.get(name, {}):
            medians = [statistics.median(seconds[name][each]) for each in (peer, program)]
            print(
                f"| {name} | {program} | {peer} | {medians[0] / medians[1]:.2f} | {wanted_ratio} |"
            )
    if PROMPT in seconds:
        first = statistics.median(seconds[PROMPT]["fledge bfloat16"])
        print(
            f"\n{PROMPT}: {first:.2f} s, {first / bound:.2f} times its products at that rate "
            f"({bound:.2f} s; wanted {PROMPT_TARGET})"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("checkpoint", nargs="?", type=Path)
    parser.add_argument("--peers", help="Python with the peers' packages")
    parser.add_argument("--text", type=Path, help="text for perplexity")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, help="some of the tasks")
    parser.add_argument("--quick", action="store_true", help="one round: does it run at all?")
    chosen = parser.parse_args()
    tasks = chosen.tasks or list(TASKS)
    print(f"others keep {busy_cores():.2f} cores busy before")
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        checkpoint = chosen.checkpoint or random_checkpoint(at / "random")
        prepare(checkpoint, at)
        programs = {f"fledge {weights}": sys.executable for weights in ("bfloat16", "int8")}
        programs |= dict.fromkeys(available(chosen.peers), chosen.peers)
        report(measure(programs, at, tasks, 1 if chosen.quick else chosen.rounds), checkpoint)
        if chosen.text:
            formats = ("bfloat16", "int8")
            exact, rounded = (perplexity(at, weights, chosen.text) for weights in formats)
            print(
                f"\nperplexity: {exact:.3f}, in 8 bits {rounded:.3f} ({rounded / exact - 1:+.2%})"
            )
    print(f"others keep {busy_cores():.2f} cores busy after")


if __name__ == "__main__":
    main()
