"""Hang up on many streams at once, round after round, and watch the server's memory.

    python benchmarks/disconnects.py --rounds 8 --streams 100

Half of the streams are those of the API, half those of the chat page; each is hung up on after a
random time, many of them before the first word. The table has the resident memory after each round,
once nothing is written any more. The last line says "passed", and the exit status is 0, or by how
much the memory grew after the first half of the rounds, and 1.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import httpx
from soak import MiB, Server, Size

from serving import make_checkpoint

LONGEST_SECONDS = 3.0
"""Seconds after which the most patient hangs up."""
PAUSE_SECONDS = 2.0
MOST_GROWTH = 16 * MiB
"""Growth after the first half of the rounds that is not yet a leak."""


async def hang_up(url: str, number: int, chance: random.Random) -> None:
    """Ask for a long answer, by the API or as the chat page does, and leave at any moment."""
    client = httpx.AsyncClient(base_url=url, timeout=60, headers={"authorization": "Bearer any"})
    question = f"I am person {number}: {'how do I read a file? ' * chance.randint(1, 8)}"
    asking = by_api(client, question) if number % 2 else by_page(client, question)
    async with client:
        with suppress(TimeoutError, httpx.HTTPError):
            async with asyncio.timeout(chance.uniform(0.0, LONGEST_SECONDS)):
                await asking


async def by_api(client: httpx.AsyncClient, question: str) -> None:
    body = {
        "model": "m",
        "messages": [{"role": "user", "content": question}],
        "stream": True,
    }
    async with client.stream("POST", "/v1/chat/completions", json=body) as stream:
        async for _ in stream.aiter_lines():
            pass


async def by_page(client: httpx.AsyncClient, question: str) -> None:
    chat = (await client.post("/api/conversations", json={})).json()["id"]
    body = {"parent_id": None, "content": question, "models": ["m"]}
    reply = await client.post(f"/api/conversations/{chat}/messages", json=body)
    run = reply.json()["messages"][1]["run_id"]
    async with client.stream("GET", f"/api/runs/{run}/events") as stream:
        async for _ in stream.aiter_lines():
            pass


async def quiet(url: str) -> None:
    """Wait until the server writes nothing."""
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        while (await client.get("/health")).json()["pending"]:
            await asyncio.sleep(0.2)


async def measure(options: argparse.Namespace, folder: Path) -> list[Size]:
    checkpoint = options.checkpoint
    if checkpoint is None:
        checkpoint = folder / "demo-sized"
        make_checkpoint(checkpoint)
    server = Server(checkpoint, str(folder / "fledge.db"), folder / "log")
    await server.start()
    chance, sizes = random.Random(options.seed), [server.size()]
    try:
        for number in range(options.rounds):
            began = time.monotonic()
            streams = [hang_up(server.url, each, chance) for each in range(options.streams)]
            await asyncio.gather(*streams)
            await quiet(server.url)
            await asyncio.sleep(PAUSE_SECONDS)
            sizes.append(size := server.size())
            print(
                f"round {number + 1:>2} {time.monotonic() - began:6.1f} s "
                f"{size.memory / MiB:8.1f} MiB {size.files:>4} files {size.threads:>3} threads",
                flush=True,
            )
    finally:
        server.stop()
    return sizes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--streams", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--checkpoint", type=Path, help="of 1.9M random weights if not given")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sizes = asyncio.run(measure(options, Path(folder)))
    before, *after = [size.memory for size in sizes]
    grown = after[-1] - after[len(after) // 2 - 1]
    print(f"{before / MiB:.1f} MiB before the first round")
    print(f"grew by {grown / MiB:.1f} MiB" if grown > MOST_GROWTH else "passed")
    sys.exit(grown > MOST_GROWTH)


if __name__ == "__main__":
    main()
