"""Stream many chats at once from `fledge serve`, beside `transformers serve`.

The server runs in a process of its own; this process is all of its users. The report has errors,
answers that differ from those to the same request alone, time to first token, gaps between tokens,
tokens per second of time and of the server's processor, the tokens of the luckiest user over those
of the unluckiest, and the server's memory.

`--model CHECKPOINT` measures instead what one model costs: seconds until a chat shows its prompt
and until the server is ready, memory beside the file's, and tokens per second of one reader and of
sixteen, beside those of the engine alone in turns with them.
"""

import argparse
import asyncio
import itertools
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from _load import Chat, rounds, until
from _measure import machine
from _one_model import measure_model
from _server import free_port, resident, server

from fledge.checkpoint.model_files import save_language_model
from fledge.model.config import GPTConfig
from fledge.model.gpt import GPT
from fledge.starter.corpus import documents
from fledge.text.chat import ChatTemplate
from fledge.text.tokenizer import Tokenizer

MiB = 2**20


@dataclass(frozen=True)
class Row:
    """Measurements of one server under one load."""

    server: str
    streams: int
    chats: list[Chat]
    seconds: float
    processor: float
    crossed: int | None
    fairness: float | None
    memory: list[int]
    """Bytes in memory before the load, then after every tenth of it."""


def make_checkpoint(directory: Path) -> None:
    """Save a model of the demo's size, 1.9M parameters, with random weights."""
    texts = list(itertools.islice(documents(), 300))
    tokenizer = Tokenizer.train(texts, 1536)
    config = GPTConfig.sized(tokenizer.vocabulary_size, 256, width=192, num_layers=4)
    model = GPT(config)
    model.initialise(torch.Generator().manual_seed(0))
    save_language_model(directory, model, tokenizer, ChatTemplate())


def body_of(model: str, tokens: int):
    def body(user: int, number: int) -> dict[str, object]:
        question = f"I am person {user} and this is question {number}: how do I read a file?"
        return {
            "model": model,
            "messages": [{"role": "user", "content": question}],
            "max_tokens": tokens,
            "temperature": 0.8,
            "seed": 1000 * user + number,
            "user": f"user-{user}",
            "stream_options": {"include_usage": True},
        }

    return body


def processor_seconds(process: subprocess.Popen[bytes]) -> float:
    """Return the seconds on a core so far, which other processes hardly change."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(name: str, process, url: str, streams: int, options: argparse.Namespace) -> Row:
    body = body_of("m" if name == "fledge" else str(options.checkpoint), options.tokens)
    asyncio.run(rounds(url, body, min(streams, 8), 1))  # warm
    before, used = resident(process), processor_seconds(process)
    start = time.perf_counter()
    chats = asyncio.run(rounds(url, body, streams, options.rounds))
    seconds, used = time.perf_counter() - start, processor_seconds(process) - used
    crossed = fairness = None
    memory = [before, resident(process)]
    if name == "fledge":
        alone = asyncio.run(alone_again(url, body, chats))
        crossed = sum(chat.text != alone[chat.user, chat.number] for chat in chats)
        fairness, memory[1:] = asyncio.run(long_load(process, url, body, streams, options.seconds))
    return Row(name, streams, chats, seconds, used, crossed, fairness, memory)


async def long_load(
    process: subprocess.Popen[bytes], url: str, body, streams: int, seconds: float
) -> tuple[float, list[int]]:
    """Measure the luckiest user's tokens over the unluckiest's, and memory as time goes by."""
    memory = []

    async def watch() -> None:
        for _ in range(10):
            await asyncio.sleep(seconds / 10)
            memory.append(resident(process))

    got, _ = await asyncio.gather(until(url, body, streams, seconds), watch())
    return max(got) / max(1, min(got)), memory


async def alone_again(url: str, body, chats: list[Chat]) -> dict[tuple[int, int], str]:
    """Return the answers to the same requests when nothing else runs."""
    texts = {}
    for chat in chats:
        (again,) = await rounds(url, lambda _, __, chat=chat: body(chat.user, chat.number), 1, 1)
        texts[chat.user, chat.number] = again.text
    return texts


def percentile(values: list[float], share: float) -> float:
    return (
        sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else float("nan")
    )


def print_table(rows: list[Row]) -> None:
    print(f"\n{machine()}, {len(os.sched_getaffinity(0))} core(s) for server and people\n")
    print(
        "| server | streams | answers | errors | not as alone | first token p50 / p99 ms "
        "| gap p50 / p99 ms | tokens/s | tokens per processor second | luckiest / unluckiest "
        "| memory before, then over time, MiB |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for row in rows:
        sound = [chat for chat in row.chats if not chat.error]
        first = [1000 * chat.times[0] for chat in sound if chat.times]
        gaps = [
            1000 * (b - a)
            for chat in sound
            for a, b in zip(chat.times, chat.times[1:], strict=False)
        ]
        tokens = sum(chat.tokens or len(chat.times) for chat in sound)
        fairness = "–" if row.fairness is None else f"{row.fairness:.2f}"
        crossed = "–" if row.crossed is None else str(row.crossed)
        print(
            f"| {row.server} | {row.streams} | {len(row.chats)} | {len(row.chats) - len(sound)} "
            f"| {crossed} | {percentile(first, 0.5):,.0f} / {percentile(first, 0.99):,.0f} "
            f"| {percentile(gaps, 0.5):,.1f} / {percentile(gaps, 0.99):,.1f} "
            f"| {tokens / row.seconds:,.0f} | {tokens / row.processor:,.0f} | {fairness} "
            f"| {' '.join(f'{held / MiB:,.0f}' for held in row.memory)} |"
        )
    for error in sorted({chat.error for row in rows for chat in row.chats if chat.error}):
        print(f"\nerror: {error}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="toy sizes: does it run at all?")
    parser.add_argument("--checkpoint", type=Path, help="serve this instead of random weights")
    parser.add_argument("--model", type=Path, help="measure what this one checkpoint costs")
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 50, 200])
    parser.add_argument("--rounds", type=int, default=3, help="chats of each user")
    parser.add_argument("--tokens", type=int, default=64, help="the longest answer")
    parser.add_argument("--seconds", type=float, default=30, help="over which fairness is seen")
    parser.add_argument("--servers", nargs="+", default=["fledge", "transformers"])
    options = parser.parse_args()
    if options.quick:
        options.streams, options.rounds, options.tokens, options.seconds = [1, 4], 1, 8, 1
        options.servers = ["fledge"]
    return options


def main() -> None:
    options = arguments()
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        random = Path(scratch) / "model"
        if options.model is not None or options.checkpoint is None:
            make_checkpoint(random)
        if options.model is not None:
            measure_model(options.model.resolve(), random, options.quick)
            return
        options.checkpoint = options.checkpoint or random
        for name in options.servers:
            port = free_port()
            with server(name, options.checkpoint, port) as process:
                url = f"http://127.0.0.1:{port}/v1"
                rows += [measure(name, process, url, n, options) for n in options.streams]
    print_table(rows)


if __name__ == "__main__":
    main()
