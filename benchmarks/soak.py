"""Serve a tiny model for a long time under random trouble, and check that nothing was lost.

People chat and hang up at random; the server is killed and started again; PostgreSQL is stopped and
started by `--stop-database` and `--start-database`. In the end every acknowledged message is there,
nothing is running, and the server has not grown.

    python benchmarks/soak.py --minutes 60
    python benchmarks/soak.py --minutes 60 --database postgresql://… \\
        --stop-database "pg_ctl -D data -m fast stop" --start-database "pg_ctl -D data -w start"

The last line says "passed", and the exit status is 0, or what failed and 1.
"""

import argparse
import asyncio
import random
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import torch

from fledge.checkpoint.model_files import save_language_model
from fledge.database import open_database
from fledge.model.config import GPTConfig
from fledge.model.gpt import GPT
from fledge.text.chat import ChatTemplate
from fledge.text.tokenizer import Tokenizer
from serving import free_port

SETTLE_SECONDS = 40
"""Seconds after which what was interrupted is marked."""
MOST_GROWTH = 1.25
MiB = 2**20


@dataclass
class Size:
    """Resources of the server's process."""

    memory: int
    files: int
    threads: int


@dataclass
class Tally:
    """Counts of what happened; `said` are acknowledged messages by chat."""

    said: dict[str, list[str]] = field(default_factory=dict)
    streams: int = 0
    hung_up: int = 0
    refused: int = 0
    kills: int = 0
    outages: int = 0
    sizes: list[Size] = field(default_factory=list)


def make_checkpoint(directory: Path) -> None:
    tokenizer = Tokenizer.train(["The tide comes in twice a day, for the moon pulls. " * 20], 300)
    model = GPT(GPTConfig.sized(tokenizer.vocabulary_size, 256, width=32, num_layers=2))
    model.initialise(torch.Generator().manual_seed(0))
    save_language_model(directory, model, tokenizer, ChatTemplate())


class Server:
    """`fledge serve` in a process of its own, which is started again whenever it is killed."""

    def __init__(self, checkpoint: Path, database: str, log: Path) -> None:
        self._port = free_port()
        self._command = [
            *(sys.executable, "-m", "fledge", "serve", f"m={checkpoint}", "--no-login"),
            *("--host", "127.0.0.1", "--port", str(self._port), "--database", database),
        ]
        self._log = log
        self.url = f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        with self._log.open("ab") as output:
            self.process = subprocess.Popen(self._command, stdout=output, stderr=output)
        async with httpx.AsyncClient(base_url=self.url) as client:
            for _ in range(600):
                with suppress(httpx.HTTPError):
                    if (await client.get("/health")).status_code == 200:
                        return
                if self.process.poll() is not None:
                    raise SystemExit(f"the server ended: {self._log.read_text()[-2000:]}")
                await asyncio.sleep(0.2)
        raise SystemExit("the server did not start in two minutes")

    async def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        await self.start()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)

    def size(self) -> Size:
        root = Path("/proc") / str(self.process.pid)
        lines = (line.split() for line in (root / "status").read_text().splitlines())
        values = {name: rest for name, *rest in lines}
        return Size(
            int(values["VmRSS:"][0]) * 1024,
            len(list((root / "fd").iterdir())),
            int(values["Threads:"][0]),
        )


async def person(url: str, until: float, tally: Tally, chance: random.Random) -> None:
    """Chat until the time is over; hang up on half of the answers, at any moment."""
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        while time.monotonic() < until:
            try:
                await one_chat(client, tally, chance)
            except httpx.HTTPError:
                await asyncio.sleep(0.5)


async def one_chat(client: httpx.AsyncClient, tally: Tally, chance: random.Random) -> None:
    reply = await client.post("/api/conversations", json={})
    if reply.status_code != 201:
        tally.refused += 1
        await asyncio.sleep(chance.uniform(0.2, 1.0))
        return
    chat, parent = reply.json()["id"], None
    for _ in range(chance.randint(1, 4)):
        body = {"parent_id": parent, "content": f"Why {chance.random()}?", "models": ["m"]}
        reply = await client.post(f"/api/conversations/{chat}/messages", json=body)
        if reply.status_code != 201:
            tally.refused += 1
            return
        asked, answer = reply.json()["messages"]
        tally.said.setdefault(chat, []).append(asked["content"])
        parent = answer["id"]
        tally.streams += 1
        await follow(client, answer["run_id"], tally, chance)


async def follow(
    client: httpx.AsyncClient, run_id: str, tally: Tally, chance: random.Random
) -> None:
    leaves = chance.uniform(0.0, 2.0) if chance.random() < 0.5 else 20.0
    try:
        async with asyncio.timeout(leaves):
            async with client.stream("GET", f"/api/runs/{run_id}/events") as stream:
                async for _ in stream.aiter_lines():
                    pass
    except TimeoutError:
        tally.hung_up += 1
        if chance.random() < 0.3:
            await client.post(f"/api/runs/{run_id}/cancel")


async def trouble(
    server: Server, options: argparse.Namespace, until: float, tally: Tally, chance: random.Random
) -> None:
    while time.monotonic() < until:
        await asyncio.sleep(min(chance.uniform(20, 60), max(0.0, until - time.monotonic())))
        if time.monotonic() >= until:
            return
        if options.stop_database and chance.random() < 0.5:
            tally.outages += 1
            await command(options.stop_database)
            await asyncio.sleep(chance.uniform(1, 15))
            await command(options.start_database)
        else:
            tally.kills += 1
            await server.kill()


async def command(line: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *shlex.split(line), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    await process.wait()


async def steady(server: Server, seconds: float, options: argparse.Namespace) -> Tally:
    """Load without trouble; its sizes show whether the server grows."""
    tally, until = Tally(), time.monotonic() + seconds
    people = [
        asyncio.create_task(person(server.url, until, tally, random.Random(1000 + seed)))
        for seed in range(options.people)
    ]
    while time.monotonic() < until:
        await asyncio.sleep(seconds / 8)
        tally.sizes.append(server.size())
    await asyncio.gather(*people)
    return tally


def lost(database: str, said: dict[str, list[str]]) -> list[str]:
    """Return what is wrong with the chats that the database has in the end."""
    opened = open_database(database)
    owner = opened.accounts.owner()
    assert owner is not None
    problems = []
    for chat, contents in said.items():
        tree = opened.messages.tree(owner.id, chat)
        kept = [turn.content for turn in tree if turn.role == "user"]
        problems += [f"{chat}: lost {text!r}" for text in contents if text not in kept]
        problems += [f"{chat}: {turn.id} is running" for turn in tree if turn.status == "running"]
    opened.close()
    return problems


def grown(sizes: list[Size]) -> list[str]:
    """Compare the second half with the moment when all was warm."""
    warm, last = sizes[len(sizes) // 3], sizes[-1]
    problems = []
    if last.memory > warm.memory * MOST_GROWTH + 32 * MiB:
        problems.append(f"memory grew from {warm.memory // MiB} to {last.memory // MiB} MiB")
    if last.files > warm.files + 20:
        problems.append(f"open files grew from {warm.files} to {last.files}")
    if last.threads > warm.threads + 20:
        problems.append(f"threads grew from {warm.threads} to {last.threads}")
    return problems


async def soak(options: argparse.Namespace, folder: Path) -> list[str]:
    database = options.database or str(folder / "fledge.db")
    make_checkpoint(folder / "tiny")
    server = Server(folder / "tiny", database, folder / "log")
    await server.start()
    chance, seconds = random.Random(options.seed), options.minutes * 60
    tally, until = Tally(), time.monotonic() + seconds * 0.6
    await asyncio.gather(
        trouble(server, options, until, tally, chance),
        *(person(server.url, until, tally, random.Random(seed)) for seed in range(options.people)),
    )
    calm = await steady(server, seconds * 0.4, options)
    await asyncio.sleep(SETTLE_SECONDS)
    said = {**tally.said, **calm.said}
    print(
        f"{sum(map(len, said.values())):,} messages in {len(said):,} chats, "
        f"{tally.streams + calm.streams:,} streams, {tally.hung_up + calm.hung_up:,} hung up, "
        f"{tally.refused + calm.refused:,} refused, {tally.kills} kills, {tally.outages} outages"
    )
    for size in calm.sizes:
        print(f"  {size.memory // MiB:>5} MiB {size.files:>4} files {size.threads:>3} threads")
    problems = [*lost(database, said), *grown(calm.sizes)]
    server.stop()
    return problems


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--people", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--database", help="postgresql://…; a temporary SQLite file if not given")
    parser.add_argument("--stop-database", default="")
    parser.add_argument("--start-database", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        problems = asyncio.run(soak(options, Path(folder)))
    print("\n".join(problems) or "passed")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
