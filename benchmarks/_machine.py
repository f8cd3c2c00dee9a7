"""The machine that a benchmark runs on: what it is, the most it can do, and who else is busy."""

import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import linear

BUSY = 0.1
"""Cores that others may keep busy while a benchmark still counts; an idle machine shows 0.01."""
LOOK_SECONDS = 2.0
"""Seconds of one look at the processor's times, which count in hundredths of a second."""
UNSTEADY = 0.2
"""Share by which a ceiling may change during a run; it changes where a neighbour is invisible."""
READ_NUMBERS = 2**27
"""Numbers of 4 bytes that are read for the bandwidth, more than caches hold."""
SHAPES = ((1024, 1024, 1024), (2048, 2048, 2048), (8192, 384, 1024))
"""Rows, inner width and columns of the products; the fastest of them is the ceiling."""
QUICK_READ, QUICK_SHAPES = 2**20, ((256, 256, 256),)
PROCESSOR_TIMES = Path("/proc/stat")
PROCESSOR_FACTS = Path("/proc/cpuinfo")

Linear = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class Machine:
    """A processor as a baseline names it; `threads` are those that torch computes with."""

    processor: str
    cores: int
    threads: int
    instructions: tuple[str, ...]

    @classmethod
    def here(cls) -> "Machine":
        """Look at this machine."""
        facts = _facts()
        name = facts.get("model name") or platform.processor() or platform.machine()
        if "cpu family" in facts and "model" in facts:
            # Virtual machines name all generations of a maker alike.
            name += f", family {facts['cpu family']} model {facts['model']}"
        known = ("amx_bf16", "avx512_bf16", "avx512f", "avx2")
        flags = facts.get("flags", "").split()
        instructions = tuple(each for each in known if each in flags)
        return cls(name, os.cpu_count() or 1, torch.get_num_threads(), instructions)

    def describe(self) -> str:
        """Name processor, cores and threads in a line."""
        flags = "+".join(self.instructions) or "no known vector instructions"
        return f"{self.processor} ({flags}), {self.cores} cores, {self.threads} threads"


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The most that was seen: operations a second in a number format, or bytes read ("read")."""

    kind: str
    library: str
    threads: int
    per_second: float

    def describe(self) -> str:
        """Write it with its unit."""
        if self.kind == "read":
            return f"{self.per_second / 1e9:,.1f} GB/s"
        if self.per_second >= 1e13:
            return f"{self.per_second / 1e12:,.1f} TFLOP/s"
        return f"{self.per_second / 1e9:,.0f} GFLOP/s"


@dataclass(frozen=True, slots=True)
class Ceilings:
    """All ceilings of one look at the machine."""

    each: tuple[Ceiling, ...]

    def best(self, kind: str, threads: int) -> float:
        """Return the highest rate of a kind with these threads, by whatever library."""
        return max(
            one.per_second for one in self.each if (one.kind, one.threads) == (kind, threads)
        )

    def better(self, other: "Ceilings") -> "Ceilings":
        """Return the higher of each: a ceiling is what the machine can do when nothing disturbs."""
        pairs = zip(self.each, other.each, strict=True)
        return Ceilings(tuple(max(pair, key=lambda one: one.per_second) for pair in pairs))

    def largest_change(self, other: "Ceilings") -> float:
        """Return by which share the ceiling that changed most changed, of the higher value."""
        return max(
            1 - min(a.per_second, b.per_second) / max(a.per_second, b.per_second)
            for a, b in zip(self.each, other.each, strict=True)
        )

    def table(self) -> str:
        """Write a Markdown table with a column for each number of threads."""
        counts = sorted({one.threads for one in self.each})
        names = dict.fromkeys((one.kind, one.library) for one in self.each)
        heads = " | ".join(f"{count} thread{'s' * (count > 1)}" for count in counts)
        lines = [f"| ceiling | {heads} |", "|---" * (1 + len(counts)) + "|"]
        for kind, library in names:
            cells = [
                one.describe()
                for count in counts
                for one in self.each
                if (one.kind, one.library, one.threads) == (kind, library, count)
            ]
            lines.append(f"| {kind}, {library} | {' | '.join(cells)} |")
        return "\n".join(lines)


def measure_ceilings(threads: int, quick: bool = False) -> Ceilings:
    """Measure bandwidth and products by one thread and by `threads`, for about ten seconds."""
    numbers, shapes = (QUICK_READ, QUICK_SHAPES) if quick else (READ_NUMBERS, SHAPES)
    budget = 0.01 if quick else 0.4
    found = []
    for count in sorted({1, threads}):
        with threads_set(count):
            found.append(Ceiling("read", "memory", count, bytes_per_second(numbers, budget)))
            for kind, library, product in products():
                rate = operations_per_second(product, kind, shapes, budget)
                found.append(Ceiling(kind, library, count, rate))
    return Ceilings(tuple(found))


def products() -> list[tuple[str, str, Linear]]:
    """List number format, library and function of each product that this torch has.

    torch itself takes MKL for float32 where oneDNN may be twice as fast, as on AMD's processors.
    The compiler may choose either, so the better one is the ceiling. Only oneDNN has bfloat16.
    """
    found: list[tuple[str, str, Linear]] = []
    found.append(("float32", "MKL" if torch.backends.mkl.is_available() else "BLAS", linear))
    if torch.backends.mkldnn.is_available():
        found.append(("float32", "oneDNN", _one_dnn))
    found.append(("bfloat16", "oneDNN" if torch.backends.mkldnn.is_available() else "BLAS", linear))
    return found


def bytes_per_second(numbers: int, budget: float) -> float:
    """Read `numbers` float32 numbers again and again."""
    memory = torch.ones(numbers)
    return memory.nbytes / best_seconds(memory.sum, budget)


def operations_per_second(
    product: Linear, number_format: str, shapes: Sequence[tuple[int, int, int]], budget: float
) -> float:
    """Return the rate of the fastest shape; multiplying and adding count as two."""
    dtype = {"float32": torch.float32, "bfloat16": torch.bfloat16}[number_format]
    rates = []
    for rows, inner, columns in shapes:
        # Random numbers: some processors multiply zeros and ones with less power, and so faster.
        x = torch.randn(rows, inner).to(dtype)
        weight = torch.randn(columns, inner).to(dtype)
        seconds = best_seconds(lambda x=x, weight=weight: product(x, weight), budget)
        rates.append(2.0 * rows * inner * columns / seconds)
    return max(rates)


def best_seconds(work: Callable[[], object], budget: float) -> float:
    """Return the least seconds of `work`, run for about `budget` seconds after a warm-up."""
    work()
    measured: list[float] = []
    while len(measured) < 2 or sum(measured) < budget:
        start = time.perf_counter()
        work()
        measured.append(time.perf_counter() - start)
    return min(measured)


@contextmanager
def threads_set(count: int) -> Iterator[None]:
    """Compute with `count` threads within the block."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def busy_cores(seconds: float = LOOK_SECONDS) -> float | None:
    """Return how many cores others keep busy while this process sleeps; None if it cannot tell.

    Time that a hypervisor gave to other machines counts as busy. A blip is looked at twice.
    """
    looks = [_look(seconds)]
    if looks[0] is not None and looks[0] > BUSY:
        looks.append(_look(seconds))
    known = [look for look in looks if look is not None]
    return min(known) if known else None


def _look(seconds: float) -> float | None:
    before = processor_times()
    time.sleep(seconds)
    after = processor_times()
    if before is None or after is None or after[0] <= before[0]:
        return None
    whole, idle = (late - early for late, early in zip(after, before, strict=True))
    return max(0.0, (os.cpu_count() or 1) * (1 - idle / whole))


def processor_times() -> tuple[int, int] | None:
    """Return the ticks of all cores so far, and how many of them were idle; None if unknown."""
    try:
        fields = PROCESSOR_TIMES.read_text(encoding="ascii").split("\n")[0].split()[1:9]
    except OSError:
        return None
    # user, nice, system, idle, waiting for disks, two kinds of interrupts, stolen
    ticks = [int(field) for field in fields]
    return sum(ticks), ticks[3] + ticks[4]


def _one_dnn(x: Tensor, weight: Tensor) -> Tensor:
    return torch.ops.mkldnn._linear_pointwise(x, weight, None, "none", [], "")


def _facts() -> dict[str, str]:
    """Return what Linux says of the first core; {} elsewhere."""
    try:
        text = PROCESSOR_FACTS.read_text(encoding="utf-8")
    except OSError:
        return {}
    lines = (line.partition(":") for line in text.split("\n\n")[0].splitlines())
    return {name.strip(): value.strip() for name, _, value in lines}
