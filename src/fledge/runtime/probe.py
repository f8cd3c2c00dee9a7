"""Short measurements of this machine: seconds of some work, and speeds of numbers of threads."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch

from fledge.runtime.random import random, random_state, set_random_state

PROBE_SECONDS = 0.3
"""Seconds that the speeds of all numbers of threads take, on a machine that is not busy."""
ROUNDS = 2
"""Turns of each number of threads. Few and long ones: a thread that has slept goes before other
programs for some 20 ms, in which a busy machine looks free."""
CHAIN = 2
"""Products of a piece of work, whose threads meet after each as in a model."""
CHAIN_ROWS = 256
WIDTHS = (64, 512)
"""Narrowest and widest matrices of the chain: a piece stays much shorter than a turn."""


def seconds_of(
    work: Callable[[], object],
    *,
    device: torch.device | None = None,
    budget: float = 1.0,
    most: int = 9,
) -> float:
    """Return the median seconds of `work`, run for about `budget` seconds, at most `most` times.

    The caller warms it up. It runs at least once.
    """
    measured: list[float] = []
    while not measured or (len(measured) < most and sum(measured) + measured[-1] <= budget):
        start = time.perf_counter()
        work()
        synchronise(device)
        measured.append(time.perf_counter() - start)
    return statistics.median(measured)


def product_seconds(
    rows: int,
    inner: int,
    columns: int,
    *,
    dtype: torch.dtype,
    device: torch.device | None = None,
    budget: float = 0.2,
) -> float:
    """Return the seconds of one product of `rows` x `inner` and `inner` x `columns` numbers here.

    The threads are those that torch has. No global random number is drawn.
    """
    generator = random(0, "probe", rows, inner, columns)
    left = torch.randn(rows, inner, generator=generator).to(device, dtype)
    right = torch.randn(columns, inner, generator=generator).to(device, dtype)
    with torch.inference_mode():
        torch.nn.functional.linear(left, right)  # warms up: kernels are made at the first call
        return seconds_of(
            lambda: torch.nn.functional.linear(left, right), device=device, budget=budget, most=99
        )


def thread_speeds(
    numbers: Sequence[int],
    width: int,
    *,
    dtype: torch.dtype,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[int, float]:
    """Return how many pieces of work a second each number of threads does here.

    A piece is a chain of small products as in a model of this width. The numbers take turns, so
    that whatever else the machine does meets all of them. torch keeps the number that it had.
    """
    width = min(max(width, WIDTHS[0]), WIDTHS[1])
    generator = random(0, "threads", width)
    rows = torch.randn(CHAIN_ROWS, width, generator=generator).to(dtype)
    matrix = (torch.randn(width, width, generator=generator) / width**0.5).to(dtype)

    @torch.inference_mode()
    def work() -> None:
        result = rows
        for _ in range(CHAIN):
            result = torch.nn.functional.linear(result, matrix).tanh()

    before = torch.get_num_threads()
    seconds = PROBE_SECONDS / (ROUNDS * len(numbers))
    speeds: dict[int, list[float]] = {number: [] for number in numbers}
    try:
        for _ in range(ROUNDS):
            for number in numbers:
                torch.set_num_threads(number)
                speeds[number].append(speed_of(work, seconds, clock))
    finally:
        torch.set_num_threads(before)
    return {number: statistics.fmean(measured) for number, measured in speeds.items()}


def speed_of(work: Callable[[], None], seconds: float, clock: Callable[[], float]) -> float:
    """Return how often a second `work` is done, in the second half of this time.

    It is done at least once in each half.
    """
    done_in(work, seconds / 2, clock)
    times, passed = done_in(work, seconds / 2, clock)
    return times / passed


def done_in(
    work: Callable[[], None], seconds: float, clock: Callable[[], float]
) -> tuple[int, float]:
    """Work for these seconds; return how often that was done, and the seconds that it took."""
    start, passed, times = clock(), 0.0, 0
    while passed < seconds:
        work()
        times, passed = times + 1, clock() - start
    return times, passed


def synchronise(device: torch.device | None) -> None:
    """Wait for work that a device has been given but may not have done yet."""
    if device is not None and device.type == "cuda":
        torch.cuda.synchronize(device)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Give the global generators of random numbers back the states they had before."""
    state = random_state()
    try:
        yield
    finally:
        set_random_state(state)
