"""Short measurements of this machine: seconds of a piece of work, and of a matrix product."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from fledge.runtime.random import random, random_state, set_random_state


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
