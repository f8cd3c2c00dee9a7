"""Memory of the machine and of this process, and an allocator that keeps what training reuses."""

import ctypes
import os
import platform
import sys
from pathlib import Path
from typing import final

WINDOWS_BYTES = 6 * 2**30
"""Memory budget where the standard library cannot tell the machine's memory."""
CONTAINER_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
GROWTH = 1.25
"""Size of the process, in times of its usual one, from which freed blocks are handed back."""
FIRST_STEPS = 4
"""Steps whose largest size is the usual one."""
LARGE = 2**30
"""Bytes of a process from which it makes room."""
_PAGES = Path("/proc/self/statm")
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3


def machine_memory() -> int:
    """Return three quarters of the machine's memory in bytes, or of a container's limit."""
    if sys.platform == "win32":
        return WINDOWS_BYTES
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    limits += [int(text) for path in CONTAINER_LIMITS if (text := _first_line(path)).isdigit()]
    return min(limits) * 3 // 4


def resident_bytes() -> int:
    """Return the memory that this process holds now; its peak where the system tells only that."""
    fields = _first_line(_PAGES).split()
    if sys.platform == "win32" or len(fields) < 2:
        return peak_memory_bytes() or 0
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")


def peak_memory_bytes() -> int | None:
    """Return the largest resident memory so far; None on Windows, which has no `resource`."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # Linux counts in KiB


def return_freed_memory() -> bool:
    """Hand blocks that were freed back to the kernel; glibc keeps them for later.

    Reading a tokenizer of 49,000 tokens leaves 28 MiB of them. Return whether any went back, False
    where the C library cannot.
    """
    if not _has_glibc():
        return False
    return bool(ctypes.CDLL(None).malloc_trim(0))


def make_room() -> bool:
    """Hand freed blocks back before work of other sizes begins, if this process is large.

    Blocks that a step freed seldom fit a rollout or a measurement, whose own would come on top. A
    small process keeps them, and does not wait for the kernel. Return whether any went back.
    """
    return resident_bytes() > LARGE and return_freed_memory()


@final
class Trimming:
    """Hands freed blocks back to the kernel once the process has grown by `GROWTH`.

    Where sizes differ from step to step, the blocks that one step freed fit the next step's ever
    less, and a heap that is never trimmed grows with every step.
    """

    def __init__(self) -> None:
        self._steps = 0
        self._usual = 0

    def after_step(self) -> bool:
        """Look at the process; return whether freed blocks were handed back."""
        held = resident_bytes()
        self._steps += 1
        if self._steps <= FIRST_STEPS:
            self._usual = max(self._usual, held)
        if held <= GROWTH * self._usual:
            return False
        return_freed_memory()
        self._usual = max(self._usual, resident_bytes())
        return True


def tune_allocator() -> bool:
    """Tell glibc to keep and reuse large blocks instead of returning them to the kernel.

    A training step allocates and frees the same activations again and again; by default each one
    above 32 MiB is a new mmap, and the kernel zeroes every page anew. A whole training step on two
    cores becomes 1.4 to 1.5 times as fast. Return False where the C library has no such knobs.
    """
    if not _has_glibc():
        return False
    mallopt = ctypes.CDLL(None).mallopt
    accepted = [mallopt(_M_MMAP_THRESHOLD, 1 << 30), mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1)]
    return all(accepted)


def _has_glibc() -> bool:
    return platform.system() == "Linux" and platform.libc_ver()[0] == "glibc"


def _first_line(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""
