"""Measure programs side by side: interleaved rounds, in processes of their own, and one table."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

from _work import Work

MiB = 2**20


@dataclass(frozen=True)
class Row:
    """One program at one task; `seconds` has one entry per round, `units` the work of each.

    `work` counts what a round cannot avoid, `memory` the largest resident bytes of the program's
    own process; None where either is unknown.
    """

    task: str
    name: str
    seconds: list[float]
    units: float
    work: Work | None = None
    memory: int | None = None

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def interleaved(
    task: str,
    programs: Mapping[str, Callable[[], object]],
    units: float,
    rounds: int,
    look: Callable[[], None] = lambda: None,
) -> list[Row]:
    """Run all once to warm up, then in turns, so that a busy minute slows all of them.

    `look` is called before every round, while all of them rest.
    """
    for program in programs.values():
        program()
    rows = [Row(task, name, [], units) for name in programs]
    for _ in range(rounds):
        look()
        for row, program in zip(rows, programs.values(), strict=True):
            start = time.perf_counter()
            program()
            row.seconds.append(time.perf_counter() - start)
    return rows


@final
class Worker:
    """A program in a process of its own; a call makes it take one step."""

    def __init__(self, process: subprocess.Popen[str], command: Sequence[str]) -> None:
        self._process = process
        self._command = command

    def __call__(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        print("go", file=self._process.stdin, flush=True)
        for line in self._process.stdout:
            if line == "done\n":
                return
        raise RuntimeError(f"{' '.join(self._command)}: ended early")

    def memory(self) -> int | None:
        """Return the largest resident bytes so far; see `peak_resident`."""
        return peak_resident(self._process.pid)


@contextmanager
def worker(script: str, *arguments: str) -> Iterator[Worker]:
    """Run a program in a process of its own, so that its allocator settings help no other.

    The process calls `serve` with its step.
    """
    command = [sys.executable, script, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as it:
        try:
            yield Worker(it, command)
        finally:
            it.kill()


def peak_resident(process_id: int) -> int | None:
    """Return the largest resident memory of a running process in bytes; None outside Linux."""
    try:
        lines = Path(f"/proc/{process_id}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    sizes = [int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")]
    return sizes[0] if sizes else None


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
    task: str,
    script: str,
    programs: Sequence[str],
    options: Sequence[str],
    units: float,
    rounds: int,
    look: Callable[[], None] = lambda: None,
) -> list[Row]:
    """Measure as `interleaved`; each program is `script --worker PROGRAM` with these options."""
    with ExitStack() as stack:
        workers = {
            name: stack.enter_context(worker(script, "--worker", name, *options))
            for name in programs
        }
        rows = interleaved(task, workers, units, rounds, look)
        return [replace(row, memory=workers[row.name].memory()) for row in rows]


def nothing_more(row: Row) -> dict[str, str]:
    """Add no column."""
    return {}


def print_table(
    rows: Sequence[Row],
    unit: str,
    peers: Mapping[str, str],
    more: Callable[[Row], Mapping[str, str]] = nothing_more,
    head: str = "task",
) -> None:
    """Print a Markdown table; `peers` names for each task the program that counts as 1.

    `more` returns further cells of a row by their heads, the same heads for every row.
    """
    heads = [head, "program", "median s", "best s", f"{unit}/s", "n", "ratio", "MiB"]
    heads += more(rows[0])
    print(f"\n{in_row(heads)}\n{'|---' * len(heads)}|")
    medians = {(row.task, row.name): row.median for row in rows}
    for row in rows:
        peer = medians.get((row.task, peers.get(row.task, "")))
        cells = [row.task, row.name, f"{row.median:.3f}", f"{min(row.seconds):.3f}"]
        cells += [rate(row.units / row.median), str(len(row.seconds))]
        cells += ["–" if peer is None else f"{peer / row.median:.2f}", in_mebibytes(row.memory)]
        print(in_row([*cells, *more(row).values()]))


def in_row(cells: Sequence[str]) -> str:
    """Write a row of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def in_mebibytes(memory: int | None) -> str:
    return "–" if memory is None else f"{memory / MiB:,.0f}"


def rate(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
