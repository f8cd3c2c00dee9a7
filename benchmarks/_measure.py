"""Measure programs side by side: interleaved rounds, medians, one table."""

import argparse
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Row:
    """One program at one task; `seconds` has one entry per round, `units` the work of each."""

    task: str
    name: str
    seconds: list[float]
    units: int

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def arguments(description: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="toy sizes: does it run at all?")
    parser.add_argument("--rounds", type=int, help="rounds of A B A B … (default 5, quick 1)")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--size", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    chosen.rounds = chosen.rounds or (1 if chosen.quick else 5)
    return chosen


def interleaved(
    task: str, programs: dict[str, Callable[[], object]], units: int, rounds: int
) -> list[Row]:
    """Run all once to warm up, then in turns, so that a busy minute slows all of them."""
    for program in programs.values():
        program()
    rows = [Row(task, name, [], units) for name in programs]
    for _ in range(rounds):
        for row, program in zip(rows, programs.values(), strict=True):
            start = time.perf_counter()
            program()
            row.seconds.append(time.perf_counter() - start)
    return rows


@contextmanager
def worker(script: str, *arguments: str) -> Iterator[Callable[[], None]]:
    """Run a program in a process of its own, so that its allocator settings help no other.

    The process calls `serve` with its step. Each call of the yielded function makes it take one.
    """
    command = [sys.executable, script, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as it:
        assert it.stdin is not None and it.stdout is not None

        def step() -> None:
            print("go", file=it.stdin, flush=True)
            for line in it.stdout:
                if line == "done\n":
                    return
            raise RuntimeError(f"{' '.join(command)}: ended early")

        try:
            yield step
        finally:
            it.kill()


def wait_for_go() -> None:
    """Report a step as done, in a worker; return when the next is wanted, exit if none is."""
    if not sys.stdin.readline():
        sys.exit()


def serve(step: Callable[[], object]) -> None:
    """Take one step for every line that arrives, in a worker."""
    while True:
        wait_for_go()
        step()
        print("done", flush=True)


def interleaved_workers(
    task: str, script: str, programs: list[str], options: list[str], units: int, rounds: int
) -> list[Row]:
    """Measure as `interleaved`; each program is `script --worker PROGRAM` with these options."""
    with ExitStack() as stack:
        steps = {
            name: stack.enter_context(worker(script, "--worker", name, *options))
            for name in programs
        }
        return interleaved(task, steps, units, rounds)


def print_table(rows: list[Row], unit: str, baselines: dict[str, str]) -> None:
    """Print a Markdown table; `baselines` names for each task the program that counts as 1."""
    print(f"\n{machine()}\n")
    print(f"| task | program | median s | best s | {unit}/s | n | ratio |")
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        base = next(r for r in rows if r.task == row.task and r.name == baselines[row.task])
        print(
            f"| {row.task} | {row.name} | {row.median:.3f} | {min(row.seconds):.3f} "
            f"| {_rate(row.units / row.median)} | {len(row.seconds)} "
            f"| {base.median / row.median:.2f} |"
        )


def _rate(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def machine() -> str:
    """Describe processor, threads and version of the measurement."""
    flags = [name for name in ("amx_bf16", "avx512_bf16") if name in _cpu_flags()]
    return (
        f"{platform.machine()}, {torch.get_num_threads()} threads, "
        f"{'+'.join(flags) or 'no bf16 instructions'}, torch {torch.__version__}"
    )


def _cpu_flags() -> set[str]:
    try:
        with open("/proc/cpuinfo", encoding="ascii") as file:
            return {word for line in file if line.startswith("flags") for word in line.split()}
    except OSError:
        return set()
