"""Compile the C++ beside this file for the processor at hand, once, and load it."""

import ctypes
import hashlib
import logging
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

from fledge.cache_directory import cache_directory
from fledge.native.structures import Attention, Layer, Model, Step

logger = logging.getLogger(__name__)

SOURCES = [Path(__file__).with_name(name) for name in ("decode.cpp", "attend.cpp")]
HEADERS = [Path(__file__).with_name(name) for name in ("attention.h", "products.h")]
FLAGS = ("-O3", "-march=native", "-std=c++17", "-fno-math-errno", "-shared", "-fPIC")
THREADS = "-fopenmp"
"""Flag for torch's own threads; without it, where the compiler has none, one thread decodes."""
LONGEST_BUILD = 120
"""Seconds after which a compiler counts as broken."""


@cache
def library() -> ctypes.CDLL | None:
    """Return the library of this processor; None, said once in the log, where none can be made."""
    return compiled(find_compiler(), cache_directory(os.environ, Path.home()))


def find_compiler() -> str | None:
    """Return the path of a C++ compiler; None where none is installed."""
    return next((path for name in ("g++", "clang++", "c++") if (path := shutil.which(name))), None)


def compiled(
    compiler: str | None, folder: Path, flags: tuple[str, ...] = FLAGS
) -> ctypes.CDLL | None:
    """Load the library from `folder`, where it is compiled unless it is there already."""
    if compiler is None or sys.platform == "win32":
        logger.info("no C++ compiler found: torch attends and decodes, slower, otherwise the same")
        return None
    path = folder / f"native-{fingerprint(compiler, flags)}.so"
    try:
        if not path.is_file():
            logger.info("compiling attention and decoder for this processor, once: a few seconds")
            build(compiler, flags, path)
        return checked(ctypes.CDLL(str(path)))
    except (OSError, subprocess.SubprocessError) as error:
        reason = _said(error) if isinstance(error, subprocess.CalledProcessError) else error
        logger.warning("fledge's C++ cannot be used, so torch attends and decodes: %s", reason)
        return None


def checked(loaded: ctypes.CDLL) -> ctypes.CDLL:
    """Return a library whose structures are ours, byte for byte as far as sizes tell.

    Raises:
        OSError: they are not, as where fledge was updated while it ran.
    """
    try:
        size, attention_size = loaded.fledge_size, loaded.fledge_attention_size
    except AttributeError as error:
        raise OSError(f"{loaded._name} is not fledge's library; delete it") from error
    size.restype, size.argtypes = ctypes.c_int64, (ctypes.c_int64,)
    attention_size.restype = ctypes.c_int64
    ours = [ctypes.sizeof(each) for each in (Model, Layer, Step)]
    theirs = [size(number) for number in range(len(ours))]
    if ours != theirs or attention_size() not in (0, ctypes.sizeof(Attention)):
        raise OSError("it was compiled for another version of fledge; start the program again")
    return loaded


def build(compiler: str, flags: tuple[str, ...], path: Path) -> None:
    """Compile into a file that appears whole; of processes that do it at once, the last one wins.

    Raises:
        OSError, SubprocessError: the folder is not writable, or the compiler failed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".build-") as folder:
        unfinished = Path(folder) / path.name
        command = [compiler, *flags, "-o", str(unfinished), *map(str, SOURCES)]
        try:
            _run([*command, THREADS])
        except subprocess.CalledProcessError:
            _run(command)
        unfinished.replace(path)


def fingerprint(compiler: str, flags: tuple[str, ...]) -> str:
    """Return a name for what the library depends on: source, compiler, flags and processor."""
    known = hashlib.sha256(b"".join(path.read_bytes() for path in (*SOURCES, *HEADERS)))
    changed = Path(compiler).stat()
    known.update(repr((compiler, changed.st_size, changed.st_mtime_ns, flags, THREADS)).encode())
    known.update(processor().encode())
    return known.hexdigest()[:16]


def processor() -> str:
    """Describe the processor by its instructions where the system lists them, else by its name."""
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        listed = {line for line in lines if line.startswith(("model name", "flags", "Features"))}
        if listed:
            return "\n".join(sorted(listed))
    return f"{platform.machine()} {platform.processor()}"


def _said(error: subprocess.CalledProcessError) -> str:
    """Return the first error that the compiler printed, else how it ended."""
    lines: list[str] = error.stderr.decode(errors="replace").splitlines()
    return next((line for line in lines if "error" in line.lower()), str(error))


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=LONGEST_BUILD)
