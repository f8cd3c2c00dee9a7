import builtins
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from fledge.runtime import memory
from fledge.runtime.memory import (
    Trimming,
    machine_memory,
    make_room,
    peak_memory_bytes,
    resident_bytes,
    return_freed_memory,
)


def test_memory_is_what_a_container_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = (tmp_path / "memory.max", tmp_path / "missing")
    monkeypatch.setattr(memory, "CONTAINER_LIMITS", limits)
    limits[0].write_text("4000\n")
    assert machine_memory() == 3000
    limits[0].write_text("max\n")
    assert machine_memory() > 2**28


def test_resident_memory_grows_with_what_is_written_and_is_given_back():
    return_freed_memory()  # else the block could lie in memory that other tests freed
    before = resident_bytes()
    block = bytearray(64 * 2**20)
    block[:: 2**12] = b"1" * len(block[:: 2**12])
    assert resident_bytes() - before > 48 * 2**20
    del block
    return_freed_memory()
    assert resident_bytes() - before < 32 * 2**20
    assert resident_bytes() <= peak_memory_bytes()


def test_resident_memory_is_the_peak_where_nothing_else_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "_PAGES", tmp_path / "missing")
    assert resident_bytes() == peak_memory_bytes()


def test_the_peak_covers_what_was_allocated():
    before = peak_memory_bytes()
    block = bytearray(before + 64 * 2**20)  # more than was ever in use
    assert peak_memory_bytes() >= len(block)


@pytest.mark.parametrize(("system", "expected"), [("linux", 3 * 1024), ("darwin", 3)])
def test_linux_counts_in_kibibytes_and_macos_in_bytes(system, expected, monkeypatch):
    fake = SimpleNamespace(
        RUSAGE_SELF=0, getrusage=lambda who: SimpleNamespace(ru_maxrss=3 if who == 0 else 9)
    )
    monkeypatch.setitem(sys.modules, "resource", fake)
    monkeypatch.setattr(sys, "platform", system)
    assert peak_memory_bytes() == expected


def test_a_system_without_resource_tells_no_peak(monkeypatch):
    real = builtins.__import__

    def without_resource(name, *rest):
        if name == "resource":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_resource)
    assert peak_memory_bytes() is None


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_freed_memory_goes_back_to_the_kernel():
    blocks = [bytes(100_000) for _ in range(600)]  # below 128 KiB: kept by glibc once freed
    barrier = bytes(100_000)
    del blocks
    before = resident()
    assert return_freed_memory()
    assert resident() <= before
    assert len(barrier) == 100_000


def test_other_systems_keep_what_was_freed(monkeypatch):
    monkeypatch.setattr(memory.platform, "system", lambda: "Darwin")
    assert return_freed_memory() is False


@pytest.mark.parametrize("held, makes_room", [(2**29, False), (2**31, True)])
def test_only_large_processes_make_room(held, makes_room, monkeypatch):
    monkeypatch.setattr(memory, "resident_bytes", lambda: held)
    handed_back: list[bool] = []
    monkeypatch.setattr(memory, "return_freed_memory", lambda: handed_back.append(True) or True)
    assert make_room() is makes_room
    assert handed_back == [True] * makes_room


def test_a_process_that_grew_since_its_first_steps_is_trimmed(monkeypatch):
    # The two sizes after a trimming are what it leaves: at first freed blocks, then more in use.
    held = iter((80, 100, 90, 95, 125, 126, 70, 110, 130, 120, 149, 151, 100))
    monkeypatch.setattr(memory, "resident_bytes", lambda: next(held))
    monkeypatch.setattr(memory, "return_freed_memory", lambda: True)
    trimming = Trimming()
    assert [trimming.after_step() for _ in range(6)] == [False] * 5 + [True]
    assert [trimming.after_step() for _ in range(2)] == [False, True]
    assert [trimming.after_step() for _ in range(2)] == [False, True]
