"""Costs of serving one model: seconds to start, memory beside the file, tokens per second."""

import asyncio
import os
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from _baselines import Result
from _frame import Measurement, share_cell
from _load import Chat, rounds
from _measure import in_row
from _server import free_port, resident, server
from _work import weight_bytes

from fledge.checkpoint.inference import open_language_model, settings_of
from fledge.checkpoint.resolved import resolve
from fledge.generate import Request, SamplingParams
from fledge.generate.engine import Engine
from fledge.model.counting import parameters
from fledge.text.conversation import Conversation, Message

ROUNDS = 5
READERS = (1, 16)
TOKENS = 64
WIDTHS = {"float32": 4, "bfloat16": 2, "int8": 1}
MiB = 2**20


def measure_model(checkpoint: Path, tiny: Path, quick: bool, record: bool) -> None:
    """Print the tables of one checkpoint; a server of the `tiny` one is the program alone."""
    times, tokens = (1, 8) if quick else (ROUNDS, TOKENS)
    config = settings_of(resolve(checkpoint))
    settings = {"parameters": parameters(config), "tokens": tokens}
    measured = Measurement("serving-one-model", quick=quick, record=record, settings=settings)
    chats = [seconds_of_chat(checkpoint) for _ in range(2 if quick else 4)]
    loaded = open_language_model(checkpoint)
    size = sum(file.stat().st_size for file in resolve(checkpoint).files)
    bare, *_ = serve_one(tiny)
    measured.look()
    first, ready, speeds = serve_one(checkpoint, lambda url: speeds_of(loaded, url, tokens, times))
    measured.look_again()
    print(f"\nweights in {loaded.weights}\n\n| measured | value |\n|---|---|")
    print(f"| `fledge chat` until its prompt, best but the first, s | {min(chats[1:]):.2f} |")
    print(f"| `fledge serve` until it answers, s | {ready:.2f} |")
    print(f"| file, MiB | {size / MiB:,.0f} |")
    print(f"| memory after the first answer, MiB | {first / MiB:,.0f} |")
    print(f"| the same with a model of 2M parameters, MiB | {bare / MiB:,.0f} |")
    print(f"| difference over the file | {(first - bare) / size:.2f} |")
    weights = weight_bytes(config, WIDTHS[str(loaded.weights)])
    print_speeds(speeds, weights, first, measured)


def print_speeds(
    speeds: list[tuple[float, float]], weights: float, memory: int, measured: Measurement
) -> None:
    """Print tokens a second; the share is that of bandwidth, for all weights once a step."""
    bandwidth = measured.ceilings.best("read", measured.machine.threads)
    found = [
        Result(
            task=f"{readers} readers",
            program=program,
            unit="tokens",
            per_second=speed,
            share=speed / readers * weights / bandwidth,
            bound="read",
            memory_bytes=memory if program == "served" else None,
        )
        for readers, pair in zip(READERS, speeds, strict=True)
        for program, speed in zip(("engine alone", "served"), pair, strict=True)
    ]
    mark = " (DOES NOT COUNT)" if measured.objection() else ""
    head = [f"readers{mark}", "engine alone, tokens/s", "share", "served, tokens/s", "share"]
    print(f"\n{in_row([*head, 'served / alone'])}\n{'|---' * 6}|")
    for readers, alone, served in zip(READERS, found[::2], found[1::2], strict=True):
        cells = [str(readers), f"{alone.per_second:,.1f}", share_cell(alone)]
        cells += [f"{served.per_second:,.1f}", share_cell(served)]
        print(in_row([*cells, f"{served.per_second / alone.per_second:.2f}"]))
    measured.conclude(found)


def serve_one(
    checkpoint: Path, then: Callable[[str], list[tuple[float, float]]] = lambda url: []
) -> tuple[int, float, list[tuple[float, float]]]:
    """Return the server's bytes after one answer, its seconds until ready, and what `then` gave."""
    port, start = free_port(), time.perf_counter()
    url = f"http://127.0.0.1:{port}/v1"
    with server("fledge", checkpoint, port) as process:
        # It listens before its model is in memory: the first reply tells that it is.
        with urllib.request.urlopen(f"{url}/models", timeout=60):
            ready = time.perf_counter() - start
        served_in_turn(url, 1, 16, -1)
        return resident(process), ready, then(url)


def speeds_of(loaded, url: str, tokens: int, times: int) -> list[tuple[float, float]]:
    return [one_load(loaded, url, readers, tokens, times) for readers in READERS]


def seconds_of_chat(checkpoint: Path) -> float:
    """Return the seconds until `fledge chat` shows its prompt."""
    command = [sys.executable, "-m", "fledge", "chat", str(checkpoint)]
    start = time.perf_counter()
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as chat:
        assert chat.stdout is not None
        shown = b""
        while not shown.endswith(b"you> "):
            read = os.read(chat.stdout.fileno(), 4096)
            if not read:
                raise SystemExit(f"fledge chat ended early: {shown.decode()}")
            shown += read
        seconds = time.perf_counter() - start
        chat.communicate(b"/quit\n")
    return seconds


def one_load(loaded, url: str, readers: int, tokens: int, times: int) -> tuple[float, float]:
    """Return tokens per second of the engine alone and of the server, medians of turns.

    Both answer the same questions with the same settings, prompts included.
    """
    served_in_turn(url, readers, tokens, -1)  # warm
    alone, served = [], []
    for turn in range(times):
        alone.append(alone_in_turn(loaded, readers, tokens, turn))
        served.append(served_in_turn(url, readers, tokens, turn))
    return statistics.median(alone), statistics.median(served)


def question(reader: int, turn: int) -> str:
    return f"I am person {reader} and this is question {turn}: how do I read a file in Python?"


def alone_in_turn(loaded, readers: int, tokens: int, turn: int) -> float:
    sampling = [
        SamplingParams(temperature=0.8, seed=100 * turn + i + 100, max_new_tokens=tokens)
        for i in range(readers)
    ]
    requests = []
    for reader in range(readers):
        asked = Conversation((Message("user", question(reader, turn)),))
        ids = loaded.template.render(asked, loaded.tokenizer, generation_prompt=True).ids
        requests.append(
            Request(
                str(reader),
                tuple(ids),
                sampling[reader],
                stop_ids=loaded.tokenizer.stop_ids,
                banned_ids=loaded.banned_ids,
            )
        )
    engine = Engine(loaded.model, max_batch=readers)
    start = time.perf_counter()
    answers = engine.generate(requests)
    return sum(len(answer.ids) for answer in answers) / (time.perf_counter() - start)


def served_in_turn(url: str, readers: int, tokens: int, turn: int) -> float:
    def body(reader: int, _: int) -> dict[str, object]:
        return {
            "model": "m",
            "messages": [{"role": "user", "content": question(reader, turn)}],
            "max_tokens": tokens,
            "temperature": 0.8,
            "top_p": 1.0,
            "seed": 100 * turn + reader + 100,
            "user": f"reader-{reader}",
            "stream_options": {"include_usage": True},
        }

    start = time.perf_counter()
    chats: list[Chat] = asyncio.run(rounds(url, body, readers, 1))
    seconds = time.perf_counter() - start
    errors = {chat.error for chat in chats if chat.error}
    if errors:
        raise SystemExit(f"the server failed: {errors}")
    return sum(chat.tokens for chat in chats) / seconds
