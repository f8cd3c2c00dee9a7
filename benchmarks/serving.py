"""Stream many chats at once from `fledge serve`, beside `transformers serve`.

The server runs in a process of its own; this process is all of its users. The report has errors,
answers that differ from those to the same request alone, time to first token, gaps between tokens,
tokens per second of time and of the server's processor, the tokens of the luckiest user over those
of the unluckiest, and the server's memory. The share is that of the best matrix product of the same
run, for the products of the tokens written, 2 for each number of a matrix.

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
from _baselines import Result
from _frame import Measurement, change, parse, share_cell
from _load import Chat, rounds, until
from _measure import in_row, rate
from _one_model import measure_model
from _server import free_port, resident, server
from _work import matrices, output

from fledge.checkpoint.inference import settings_of
from fledge.checkpoint.model_files import save_language_model
from fledge.checkpoint.resolved import resolve
from fledge.model.config import GPTConfig
from fledge.model.counting import parameters
from fledge.model.gpt import GPT
from fledge.runtime.weights import weight_dtype
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

    @property
    def is_fledge(self) -> bool:
        return self.server == "fledge"

    @property
    def sound(self) -> list[Chat]:
        """Chats without an error."""
        return [chat for chat in self.chats if not chat.error]

    @property
    def errors(self) -> int:
        return len(self.chats) - len(self.sound)

    @property
    def tokens(self) -> int:
        """Tokens of the sound answers; pieces where a server does not count tokens."""
        return sum(chat.tokens or len(chat.times) for chat in self.sound)


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


def results(rows: list[Row], checkpoint: Path, measured: Measurement) -> list[Result]:
    """Return what a baseline keeps of each row; the share only of fledge, whose format is known."""
    config = settings_of(resolve(checkpoint))
    dtype = weight_dtype("auto", parameters(config), torch.device("cpu"))
    kind = str(dtype).removeprefix("torch.")
    ceiling = measured.ceilings.best(kind, measured.machine.threads)
    operations = 2.0 * (matrices(config) + output(config))
    return [
        Result(
            task=f"{row.streams} streams",
            program=row.server,
            unit="tokens",
            per_second=row.tokens / row.seconds,
            share=row.tokens / row.seconds * operations / ceiling if row.is_fledge else None,
            bound=kind if row.is_fledge else None,
            memory_bytes=max(row.memory),
        )
        for row in rows
    ]


def print_table(rows: list[Row], found: list[Result], measured: Measurement) -> None:
    baseline = measured.baseline()
    server = "server (DOES NOT COUNT)" if measured.objection() else "server"
    head = [server, "streams", "answers", "errors", "not as alone", "first token p50 / p99 ms"]
    head += ["gap p50 / p99 ms", "tokens/s", "tokens per processor second", "share"]
    head += ["luckiest / unluckiest", "memory before, then over time, MiB"]
    head += [] if baseline is None else ["to baseline"]
    print(f"\n{len(os.sched_getaffinity(0))} core(s) for server and people\n")
    print(f"{in_row(head)}\n{'|---' * len(head)}|")
    for row, result in zip(rows, found, strict=True):
        cells = [row.server, str(row.streams), str(len(row.chats)), str(row.errors)]
        cells += ["–" if row.crossed is None else str(row.crossed), *waits(row)]
        cells += [rate(result.per_second), rate(row.tokens / row.processor), share_cell(result)]
        cells += ["–" if row.fairness is None else f"{row.fairness:.2f}"]
        cells += [" ".join(f"{held / MiB:,.0f}" for held in row.memory)]
        cells += [] if baseline is None else [change(result, baseline)]
        print(in_row(cells))
    for error in sorted({chat.error for row in rows for chat in row.chats if chat.error}):
        print(f"\nerror: {error}")


def waits(row: Row) -> list[str]:
    """Write median and 99th percentile of the first token's time and of the gaps, in ms."""
    first = [1000 * chat.times[0] for chat in row.sound if chat.times]
    gaps = [
        1000 * (b - a)
        for chat in row.sound
        for a, b in zip(chat.times, chat.times[1:], strict=False)
    ]
    return [
        f"{percentile(first, 0.5):,.0f} / {percentile(first, 0.99):,.0f}",
        f"{percentile(gaps, 0.5):,.1f} / {percentile(gaps, 0.99):,.1f}",
    ]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, help="serve this instead of random weights")
    parser.add_argument("--model", type=Path, help="measure what this one checkpoint costs")
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 50, 200])
    parser.add_argument("--rounds", type=int, default=3, help="chats of each user")
    parser.add_argument("--tokens", type=int, default=64, help="the longest answer")
    parser.add_argument("--seconds", type=float, default=30, help="over which fairness is seen")
    parser.add_argument("--servers", nargs="+", default=["fledge", "transformers"])
    options = parse(parser)
    if options.quick:
        options.streams, options.rounds, options.tokens, options.seconds = [1, 4], 1, 8, 1
        options.servers = ["fledge"]
    return options


def main() -> None:
    options = arguments()
    with tempfile.TemporaryDirectory() as scratch:
        random = Path(scratch) / "model"
        if options.model is not None or options.checkpoint is None:
            make_checkpoint(random)
        if options.model is not None:
            measure_model(options.model.resolve(), random, options.quick, options.record)
            return
        options.checkpoint = options.checkpoint or random
        measured = begin(options)
        rows = []
        for name in options.servers:
            port = free_port()
            with server(name, options.checkpoint, port) as process:
                url = f"http://127.0.0.1:{port}/v1"
                for streams in options.streams:
                    rows.append(measure(name, process, url, streams, options))
                    measured.look()
        measured.look_again()
        found = results(rows, options.checkpoint, measured)
        print_table(rows, found, measured)
        measured.conclude(found)


def begin(options: argparse.Namespace) -> Measurement:
    """Look at the machine; tokens and rounds change what a task means, and so does the model."""
    settings = {
        "parameters": parameters(settings_of(resolve(options.checkpoint))),
        "tokens": options.tokens,
        "rounds": options.rounds,
    }
    return Measurement("serving", quick=options.quick, record=options.record, settings=settings)


if __name__ == "__main__":
    main()
