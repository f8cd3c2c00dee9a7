"""The device that `gpu` measures: what it is, and its ceilings, by torch's own kernels."""

import time
from collections.abc import Callable

import torch
from _gpu_setting import Setting
from _machine import Ceiling, Ceilings, Machine, measure_ceilings

SHAPES = ((8192, 8192, 8192), (16384, 4096, 8192))
"""Rows, inner width and columns; the fastest is the ceiling."""
AT_ONCE = 20
"""Products or reads in a row: a single one hides the clock that a chip keeps up under load."""
SECONDS = 1.0
CAPABILITY = "sm_"
"""Begins the name of the instructions that a CUDA device has."""
MOST_BYTES = 4 * 2**30
DATA_SHEETS = {
    "NVIDIA A100-SXM4-40GB": 312e12,
    "NVIDIA A100-SXM4-80GB": 312e12,
    "NVIDIA H100 80GB HBM3": 989e12,
    "NVIDIA H100 PCIe": 756e12,
    "NVIDIA H200": 989e12,
}
"""Dense bfloat16 operations a second as the maker states them: others give shares of these."""


def machine(setting: Setting) -> Machine:
    """Name the device as a baseline does; its cores are multiprocessors."""
    if setting.device.type != "cuda":
        return Machine.here()
    facts = torch.cuda.get_device_properties(setting.device)
    capability = f"{CAPABILITY}{facts.major}{facts.minor}"
    return Machine(facts.name, facts.multi_processor_count, 1, (capability,))


def describe(device: Machine, limits: Ceilings) -> str:
    """Name the device in a line, and its ceilings in a table."""
    if not device.instructions or not device.instructions[0].startswith(CAPABILITY):
        return f"{device.describe()}\n\n{limits.table()}"
    rates = "\n".join(f"| {one.kind}, {one.library} | {one.describe()} |" for one in limits.each)
    name = f"{device.processor} ({device.instructions[0]}), {device.cores} multiprocessors"
    return f"{name}\n\n| ceiling | measured |\n|---|---|\n{rates}"


def others_bytes(setting: Setting) -> int:
    """Return the bytes of the device that neither torch nor its context holds."""
    if setting.device.type != "cuda":
        return 0
    free, whole = torch.cuda.mem_get_info(setting.device)
    return whole - free - torch.cuda.memory_reserved(setting.device)


def ceilings(setting: Setting) -> Ceilings:
    """Measure products in both formats, and memory read by a sum or moved by a copy."""
    if setting.device.type != "cuda":
        return measure_ceilings(torch.get_num_threads(), quick=True)
    found = [Ceiling("read", "memory", 1, bandwidth(setting))]
    for kind, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        found.append(Ceiling(kind, "cuBLAS", 1, products(setting, dtype)))
    return Ceilings(tuple(found))


def products(setting: Setting, dtype: torch.dtype) -> float:
    """Return operations a second of the fastest of large products of random numbers."""
    rates = []
    for rows, inner, columns in SHAPES:
        left = torch.randn(rows, inner, device=setting.device, dtype=dtype)
        right = torch.randn(columns, inner, device=setting.device, dtype=dtype)
        target = torch.empty(rows, columns, device=setting.device, dtype=dtype)
        seconds = best_seconds(lambda a=left, b=right, c=target: torch.mm(a, b.T, out=c), setting)
        rates.append(2.0 * rows * inner * columns / seconds)
    return max(rates)


def bandwidth(setting: Setting) -> float:
    """Return the bytes a second of a sum or a copy, whichever moves more."""
    free, _ = torch.cuda.mem_get_info(setting.device)
    source = torch.ones(min(MOST_BYTES, free // 4) // 4, device=setting.device)
    target = torch.empty_like(source)
    read = source.nbytes / best_seconds(source.sum, setting)
    moved = 2 * source.nbytes / best_seconds(lambda: target.copy_(source), setting)
    return max(read, moved)


def best_seconds(work: Callable[[], object], setting: Setting) -> float:
    """Return the least seconds of one piece of work among several series of it."""
    measured: list[float] = []
    work()
    while len(measured) < 3 or sum(measured) * AT_ONCE < SECONDS:
        setting.wait()
        start = time.perf_counter()
        for _ in range(AT_ONCE):
            work()
        setting.wait()
        measured.append((time.perf_counter() - start) / AT_ONCE)
    return min(measured)
