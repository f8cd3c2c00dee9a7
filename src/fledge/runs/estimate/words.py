"""Estimates in words: one line for a log, a table for `fledge plan`."""

from collections.abc import Iterator, Sequence

from fledge.runs.estimate.report import Estimate
from fledge.train.progress import in_words


def line(estimate: Estimate) -> str:
    """Write an estimate in one line, for the log of a run."""
    return (
        f"{estimate.stage}: about {in_words(estimate.total_seconds)}, "
        f"{size(estimate.peak_bytes)} of memory at most, {size(estimate.disk_bytes)} on disk; "
        f"{estimate.steps:,} steps of {estimate.tokens_per_step:,} tokens, "
        f"{each(estimate.seconds_per_step)} each"
    )


def table(estimate: Estimate) -> Iterator[str]:
    """Write an estimate as indented lines: parameters, time, memory by part, disk."""
    shown = f"{estimate.name}: " if estimate.name != estimate.stage else ""
    yield f"{shown}{estimate.stage}"
    yield f"  {'parameters':<12} {estimate.parameters:,}, of which {estimate.trained:,} are trained"
    yield (
        f"  {'time':<12} {in_words(estimate.total_seconds)}: {estimate.steps:,} steps of "
        f"{estimate.tokens_per_step:,} tokens, {each(estimate.seconds_per_step)} each"
    )
    for part, seconds in estimate.seconds.items():
        if seconds >= 0.5:
            yield f"    {part:<26} {in_words(seconds):>10}"
    yield f"  {'memory':<12} {size(estimate.peak_bytes)} at most, in: {estimate.peak_phase}"
    for part, number in estimate.memory[estimate.peak_phase].items():
        if number:
            yield f"    {part:<26} {size(number):>10}"
    others = [
        f"{phase} {size(sum(parts.values()))}"
        for phase, parts in estimate.memory.items()
        if phase != estimate.peak_phase
    ]
    yield f"    less in: {', '.join(others)}"
    yield f"  {'disk':<12} {size(estimate.disk_bytes)}"
    for part, number in estimate.disk.items():
        if number:
            yield f"    {part:<26} {size(number):>10}"
    for note in estimate.notes:
        yield f"  {note}"


def total(estimates: Sequence[Estimate]) -> str:
    """Write the sums of a pipeline's runs, which come one after another."""
    seconds = sum(one.total_seconds for one in estimates)
    peak = max(one.peak_bytes for one in estimates)
    disk = sum(one.disk_bytes for one in estimates)
    return f"all: about {in_words(seconds)}, {size(peak)} of memory at most, {size(disk)} on disk"


def size(number: int | float) -> str:
    """Write bytes with three digits: "512 KiB", "31.4 MiB", "1.41 GiB"."""
    for unit, factor in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if number >= 0.9995 * factor:
            return (
                f"{number / factor:.3g} {unit}"
                if number < 999.5 * factor
                else (f"{number / factor:,.0f} {unit}")
            )
    return f"{number:.0f} B"


def each(seconds: float) -> str:
    """Write the time of a step: "15 ms", "2.4 s"."""
    return f"{1000 * seconds:.3g} ms" if seconds < 0.9995 else f"{seconds:.3g} s"
